//! Configuration as Ceph's clients know it: options, ceph.conf, arguments, environment.
//!
//! ```text
//!   options.tsv   every option of Ceph 16.2.15: name, type, default, bounds
//!       |
//!   options ----- value, addr      text <-> typed value, as Ceph parses and prints it
//!       |
//!   Config        what differs from the defaults, by level:
//!       |         default < monitors < file < environment < command line < set
//!       |         file: ceph.conf   args: --options, CEPH_ARGS   expand: $cluster, $name, ...
//!       |
//!   rbd::Overlay  a Config seen through the overrides of a pool and an image
//!   logging       the sink of the `log` facade, driven by log_file, debug_ms, ...
//! ```
//!
//! May use: std, `errno`. Must not use: anything else of ours, sockets, threads.
//!
//! What was measured on the original (16.2.15), and is easily believed to be otherwise:
//!
//! * A cluster handle has **no** cluster name until a file is read or a name is given, so until
//!   then `$cluster` is empty: `keyring` reads `/etc/ceph/.client.admin.keyring,...`.
//! * A file's unknown keys and unparsable values are ignored; a file's bad *syntax* is `EINVAL`.
//! * A line that does not end in a newline is bad syntax. So is an unescaped `#` inside quotes.
//! * `-m`, `-k` and the other short options set at the strongest level, even from `CEPH_ARGS`.
//! * Once a handle is connected, files and arguments are refused with `ENOSYS`, the environment is
//!   ignored, and an option that only counts at start-up is refused with `EPERM`.

mod addr;
mod args;
mod config;
mod expand;
mod file;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
pub mod logging;
mod monitors;
mod name;
mod number;
pub mod options;
pub mod rbd;
mod settings;
#[cfg(test)]
mod tests;
mod validate;
mod value;

pub use addr::Address;
pub use config::{Config, Level, Observer, Setting};
pub use file::ConfFile;
pub use monitors::MonitorSection;
pub use name::EntityName;
pub use settings::Settings;
pub use value::Value;
