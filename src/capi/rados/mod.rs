//! `librados.h`: the functions whose names begin with `rados_`.
//!
//! ```text
//!   cluster  pool  command  log          rados_t
//!   context  snap  list              rados_ioctx_t: settings, snapshots, listing
//!   io  xattr  exec  lock  watch     one object
//!   read_op  write_op  steps  omap   several steps on one object
//!   completion                       rados_completion_t
//! ```

mod buffers;
mod cluster;
mod command;
mod compat;
mod completion;
mod context;
mod exec;
mod io;
mod list;
mod lock;
mod log;
mod omap;
mod pool;
mod read_op;
mod snap;
mod steps;
mod tmap;
mod version;
mod watch;
mod write_op;
mod xattr;

pub use buffers::*;
pub use cluster::*;
pub use command::*;
pub use completion::*;
pub use context::*;
pub use exec::*;
pub use io::*;
pub use list::*;
pub use lock::*;
pub use log::*;
pub use omap::*;
pub use pool::*;
pub use read_op::*;
pub use snap::*;
pub use tmap::*;
pub use version::*;
pub use watch::*;
pub use write_op::*;
pub use xattr::*;
