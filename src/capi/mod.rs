//! The C ABI: `rados_*` and `rbd_*`.
//!
//! ```text
//!   rados/  rbd/      the functions: pointers to Rust values, one call below, errno
//!   missing.rs        the ones not written yet
//!   types/            structs, enums, constants, callbacks: the headers come from here
//!   guard  handle  buffer  callback  completion  fork   what every function is made of
//! ```
//!
//! Nothing here decides anything: a quirk of the C API that is more than a conversion is named in
//! `ctests/quirks.md`. May use: connect, conf, model, rbd, runtime, errno. Must not: logic. This is
//! one of the two places where `unsafe` is allowed; the contract that makes it sound is in
//! [`guard`](guard#safety).
#![allow(unsafe_code)]
// Functions that C's users should no longer call still have to be there and tested.
#![allow(deprecated)]

pub mod buffer;
pub mod callback;
pub mod completion;
mod fork;
pub mod guard;
pub mod handle;
pub mod memory;
pub mod missing;
pub mod rados;
pub mod rbd;
pub mod types;
