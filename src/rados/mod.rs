//! The Rust API of RADOS: a [`Cluster`] and its [`IoCtx`]s, over any engine.
//!
//! ```text
//!   Cluster (config, engine once connected)
//!      |  ioctx()
//!   IoCtx (pool, namespace, locator, snapshots)
//!      |  read(), write(), ...: one ObjectOp each
//!   model::Engine
//! ```
//!
//! May use: cls, conf, connect, model, runtime, errno. Must not use: engines, capi, rbd.

mod cluster;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
mod ioctx;
mod lock;
pub mod notify;
mod omap;

pub use cluster::Cluster;
pub use ioctx::IoCtx;
pub use lock::{LockKind, Locker, Lockers};

#[cfg(test)]
mod tests;
