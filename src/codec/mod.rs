//! Ceph's encoding: little-endian integers, length-prefixed strings, and structs with a version.
//!
//! [`Reader`] takes from a slice and never panics: every length is checked against what is left
//! before anything is allocated, and an error names the field. [`Writer`] appends to a buffer.
//! A versioned struct is `u8 version, u8 oldest reader, u32 length, fields`; a reader that is older
//! than the writer skips what it does not know (`doc/dev/encoding.rst`).
//! May use: std, bytes, errno. Must not use: anything else of ours.

#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
mod reader;
mod writer;

pub use reader::{Decode, Reader};
pub use writer::{Encode, Writer};

#[cfg(test)]
mod tests;
