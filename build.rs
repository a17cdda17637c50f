//! Build script: see `Makefile` for what is linked from the result.
fn main() {}
