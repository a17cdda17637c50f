//! Tests of the crate as a whole. What belongs to one module is tested beside it.

mod dencoder;
mod differential;
mod headers;
pub(crate) mod memory;
mod tidy;
