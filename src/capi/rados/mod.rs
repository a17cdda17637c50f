//! `librados.h`: the functions whose names begin with `rados_`.

mod buffers;
mod compat;
mod tmap;
mod version;

pub use buffers::*;
pub use tmap::*;
pub use version::*;
