//! `librbd.h`: the functions whose names begin with `rbd_`.
//!
//! ```text
//!   pool  manage  trash  group  mirror     a rados_ioctx_t, and what is in the pool
//!   image  info  snap  family  meta  lock  watch   an rbd_image_t
//!   copy  io  aio  completion              its data
//!   options  common                        what they share
//! ```
//!
//! Functions that manage run an `async fn` of `crate::rbd` to its end on the calling thread; reads
//! and writes are submitted from it.

mod aio;
mod common;
mod completion;
mod copy;
mod family;
mod features;
mod group;
mod image;
mod info;
mod io;
mod lock;
mod manage;
mod meta;
mod mirror;
mod options;
mod pool;
mod snap;
mod trash;
mod version;
mod watch;

pub use aio::*;
pub use completion::*;
pub use copy::*;
pub use family::*;
pub use features::*;
pub use group::*;
pub use image::*;
pub use info::*;
pub use io::*;
pub use lock::*;
pub use manage::*;
pub use meta::*;
pub use mirror::*;
pub use options::*;
pub use pool::*;
pub use snap::*;
pub use trash::*;
pub use version::*;
pub use watch::*;
