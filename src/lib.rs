//! Ceph's `librados.so.2` and `librbd.so.1` rebuilt in Rust.
//!
//! ```text
//!    C programs (QEMU, fio, libvirt, python3-rbd, ...)          Rust programs
//!                     |                                              |
//!    capi/     rados_* and rbd_*: pointers, handles, errno           |
//!                     |                                              |
//!    rbd/      images: layout, header, I/O, locks, snapshots, clones +
//!                     |
//!    model/    RADOS vocabulary, one operation = a list of typed ops, `trait Engine`
//!              /                                   \
//!    ceph/   over msgr2, to a cluster            local/   in a directory
//! ```
//!
//! [`connect`] chooses the engine by `mon_host`; nothing else names both.

pub mod capi;
pub mod ceph;
pub mod cls;
pub mod codec;
pub mod conf;
pub mod connect;
pub mod errno;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
pub mod local;
pub mod model;
pub mod rados;
pub mod rbd;
pub mod runtime;

#[cfg(test)]
mod tests;
