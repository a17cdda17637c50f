//! The four headers: what is in each, and the lines around what cbindgen writes.

use crate::collect::{ANONYMOUS, Capi};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// One header.
pub(crate) struct Header {
    /// Its place under `include/`.
    pub(crate) path: &'static str,
    guard: &'static str,
    /// The file of `types/` it is made from.
    types: &'static str,
    /// What the names of its functions begin with.
    functions: Option<&'static str>,
    /// The macro before each function.
    prefix: &'static str,
    /// The macro after a deprecated one.
    deprecated: &'static str,
    /// Lines before the declarations.
    before: &'static str,
    /// Lines after them.
    after: &'static str,
}

/// The headers, as Ceph's: the same include guards, the same includes, the same macros.
pub(crate) fn all() -> [Header; 4] {
    [
        Header {
            path: "rados/rados_types.h",
            guard: "CEPH_RADOS_TYPES_H",
            types: "rados_types",
            functions: None,
            prefix: "",
            deprecated: "",
            before: "#include <stdint.h>\n",
            after: "",
        },
        Header {
            path: "rados/librados.h",
            guard: "CEPH_LIBRADOS_H",
            types: "rados",
            functions: Some("rados_"),
            prefix: "CEPH_RADOS_API",
            deprecated: "__attribute__((deprecated))",
            before: RADOS_BEFORE,
            after: "",
        },
        Header {
            path: "rbd/features.h",
            guard: "CEPH_RBD_FEATURES_H",
            types: "features",
            functions: None,
            prefix: "",
            deprecated: "",
            before: "",
            after: "",
        },
        Header {
            path: "rbd/librbd.h",
            guard: "CEPH_LIBRBD_H",
            types: "rbd",
            functions: Some("rbd_"),
            prefix: "CEPH_RBD_API",
            deprecated: "CEPH_RBD_DEPRECATED",
            before: RBD_BEFORE,
            after: RBD_AFTER,
        },
    ]
}

const RADOS_BEFORE: &str = r#"
#include <netinet/in.h>
#if defined(__linux__)
#include <linux/types.h>
#elif defined(__FreeBSD__)
#include <sys/types.h>
#endif
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "rados_types.h"

/** One number for a version, to compare with. */
#define LIBRADOS_VERSION(maj, min, extra) ((maj << 16) + (min << 8) + extra)
/** The version of this interface. */
#define LIBRADOS_VERSION_CODE \
    LIBRADOS_VERSION(LIBRADOS_VER_MAJOR, LIBRADOS_VER_MINOR, LIBRADOS_VER_EXTRA)

#define CEPH_RADOS_API

#ifndef CEPH_OSD_TMAP_SET
/* Commands of the retired rados_tmap_update(). Other headers of Ceph's have them too. */
#define CEPH_OSD_TMAP_HDR 'h'
#define CEPH_OSD_TMAP_SET 's'
#define CEPH_OSD_TMAP_CREATE 'c'
#define CEPH_OSD_TMAP_RM 'r'
#endif

struct timespec;
"#;

const RBD_BEFORE: &str = r#"
#include <netinet/in.h>
#if defined(__linux__)
#include <linux/types.h>
#elif defined(__FreeBSD__)
#include <sys/types.h>
#endif
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include "../rados/librados.h"
#include "features.h"

/** One number for a version, to compare with. */
#define LIBRBD_VERSION(maj, min, extra) ((maj << 16) + (min << 8) + extra)
/** The version of this interface. */
#define LIBRBD_VERSION_CODE LIBRBD_VERSION(LIBRBD_VER_MAJOR, LIBRBD_VER_MINOR, LIBRBD_VER_EXTRA)

#if __GNUC__ >= 4
#define CEPH_RBD_API __attribute__ ((visibility ("default")))
#define CEPH_RBD_DEPRECATED __attribute__((deprecated))
/* Deprecated types appear in deprecated functions. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#else
#define CEPH_RBD_API
#define CEPH_RBD_DEPRECATED
#endif
"#;

const RBD_AFTER: &str = "
#if __GNUC__ >= 4
#pragma GCC diagnostic pop
#endif
";

impl Header {
    /// The text of the header.
    pub(crate) fn generate(
        &self,
        capi: &Capi,
        config: &Path,
        out: &Path,
    ) -> Result<String, String> {
        let types = capi.types.get(self.types).ok_or(format!("no types/{}.rs", self.types))?;
        let mut source = types.items.clone();
        let prefix = self.functions.unwrap_or("-");
        for (name, line) in &capi.functions {
            // Exported but in no header of Ceph's either.
            if name.starts_with(prefix) && !name.starts_with("rados_tmap_") {
                source.push_str(line);
                source.push('\n');
            }
        }
        let plain = out.join(format!("{}.rs", self.guard.to_lowercase()));
        fs::write(&plain, source).map_err(|e| format!("{}: {e}", plain.display()))?;

        let mut settings = cbindgen::Config::from_file(config)?;
        settings.include_guard = Some(self.guard.to_owned());
        settings.export.include = types.names.clone();
        settings.function.prefix = Some(self.prefix.to_owned()).filter(|p| !p.is_empty());
        settings.function.deprecated = Some(self.deprecated.to_owned()).filter(|d| !d.is_empty());
        settings.structure.deprecated = settings.function.deprecated.clone();
        let mut before = self.before.to_owned();
        for (name, value, doc) in &types.strings {
            let value: String = value.chars().map(c_character).collect();
            write!(before, "\n/**{doc} */\n#define {name} \"{value}\"\n")
                .map_err(|e| e.to_string())?;
        }
        settings.after_includes = Some(before);
        settings.trailer = Some(self.after.to_owned()).filter(|a| !a.is_empty());

        let bindings = cbindgen::Builder::new()
            .with_config(settings)
            .with_src(&plain)
            .generate()
            .map_err(|e| format!("{}: {e}", self.path))?;
        let mut text = Vec::new();
        bindings.write(&mut text);
        let text = String::from_utf8(text).map_err(|e| e.to_string())?;
        Ok(finish(&text))
    }
}

fn c_character(c: char) -> String {
    if c.is_ascii_graphic() && c != '"' && c != '\\' {
        c.to_string()
    } else {
        format!("\\{:03o}", c as u32)
    }
}

/// What cbindgen cannot say, and comments of one line on one line.
fn finish(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        let last = lines.len().saturating_sub(1);
        if line.starts_with(&format!("typedef enum {ANONYMOUS}")) {
            lines.push("enum {".to_owned());
        } else if line.starts_with(&format!("}} {ANONYMOUS}")) {
            lines.push("};".to_owned());
        } else if line == "typedef void *rados_t;" {
            // Another header of Ceph's may have declared it.
            lines.extend(
                ["#ifndef VOIDPTR_RADOS_T", "#define VOIDPTR_RADOS_T", line, "#endif"]
                    .map(String::from),
            );
        } else if line.trim() == "*/" && last > 0 && lines[last - 1].trim() == "/**" {
            let said = lines.pop().unwrap_or_default();
            let said = said.trim().trim_start_matches("* ");
            lines[last - 1].push_str(&format!(" {said} */"));
        } else if !line.is_empty() || lines.last().is_some_and(|l| !l.is_empty()) {
            lines.push(line.to_owned());
        }
    }
    lines.push(String::new());
    lines.join("\n")
}
