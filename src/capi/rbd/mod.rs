//! `librbd.h`: the functions whose names begin with `rbd_`.

mod version;

pub use version::*;
