//! Generates the C headers from the declarations in `src/capi`.
//!
//! ```text
//!   src/capi/types/*.rs    types, constants          \
//!   src/capi/**/*.rs       exported functions         > plain declarations -> cbindgen -> C
//!   src/capi/missing.rs    prototypes in a table     /
//! ```
//!
//! cbindgen does not look into macros, does not know strings or anonymous enums, and takes every
//! public item it meets. So each header gets a list of plain declarations, made here, and a few
//! lines around what cbindgen writes. Headers go to `OUT_DIR`; with `OXIRADOS_HEADERS=<dir>` (`make
//! headers`) they go there too. A test compares `include/` with them.

#[path = "build/collect.rs"]
mod collect;
#[path = "build/headers.rs"]
mod headers;

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=src/capi");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-env-changed=OXIRADOS_HEADERS");
    // A header that cannot be made must not stop the library: the freshness test says it.
    if let Err(error) = generate() {
        println!("cargo::warning=C headers: {error}");
    }
}

fn generate() -> Result<(), String> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(|e| e.to_string())?);
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|e| e.to_string())?);
    let capi = collect::Capi::read(&root.join("src/capi"))?;
    for header in headers::all() {
        let text = header.generate(&capi, &root.join("cbindgen.toml"), &out)?;
        write(&out.join("include").join(header.path), &text)?;
        if let Some(copy) = env::var_os("OXIRADOS_HEADERS") {
            write(&Path::new(&copy).join(header.path), &text)?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}
