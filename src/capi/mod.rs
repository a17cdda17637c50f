//! The C ABI: pointers, handles, errno and callbacks. No logic of its own.
#![allow(unsafe_code)]

pub mod rados;
pub mod rbd;
