//! Hears of forks of the program.

use std::sync::Once;

use crate::{connect, runtime};

/// From now on every child of this process knows that it is one, and finds nothing half done. For
/// the first handle, before the library has threads or connections that a child would not have.
pub(super) fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        // SAFETY: the handlers take and return nothing, and what runs in the child needs only what
        // the first of them made sure of. glibc forgets them when the library is unloaded.
        let code = unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
        if code != 0 {
            log::error!("forks of this process will not be noticed: error {code}");
        }
    });
}

extern "C" fn before() {
    connect::before_fork();
}

extern "C" fn in_parent() {
    connect::after_fork();
}

extern "C" fn in_child() {
    runtime::forked();
    connect::after_fork();
}
