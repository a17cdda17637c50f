//! The types, constants and callbacks of the C API, under their C names.
//!
//! ```text
//!   rados_types.rs -> include/rados/rados_types.h     features.rs -> include/rbd/features.h
//!   rados.rs       -> include/rados/librados.h        rbd.rs      -> include/rbd/librbd.h
//! ```
//!
//! The public headers are generated from these files and from the prototypes of the exported
//! functions (see `build.rs`), so a doc comment here is documentation for C programmers too.
//! Layouts are fixed by twenty years of compiled clients: every struct is `repr(C)`, and `tests.rs`
//! pins size and offsets.
//!
//! A C enum is an integer type with constants, never a Rust enum: a client may pass any number, and
//! a Rust enum with a number it does not have is undefined behaviour. `c_enum!` keeps the two
//! forms of one declaration together.
//!
//! May use: libc. Must not: anything of ours.
#![allow(non_camel_case_types)]

/// Declares a C enum as an integer type and one constant for each enumerator.
///
/// `pub enum _: c_int { ... }` is an anonymous one: constants only. The header generator reads the
/// same text as an enum.
macro_rules! c_enum {
    ($(#[$about:meta])* pub enum _: $repr:ty {
        $($(#[$doc:meta])* $member:ident = $value:expr,)*
    }) => {
        $($(#[$doc])* pub const $member: $repr = $value;)*
    };
    ($(#[$about:meta])* pub enum $name:ident: $repr:ty {
        $($(#[$doc:meta])* $member:ident = $value:expr,)*
    }) => {
        $(#[$about])*
        pub type $name = $repr;
        $($(#[$doc])* pub const $member: $name = $value;)*
    };
}

mod features;
mod rados;
mod rados_types;
mod rbd;
#[cfg(test)]
mod tests;

pub use features::*;
pub use rados::*;
pub use rados_types::*;
pub use rbd::*;
