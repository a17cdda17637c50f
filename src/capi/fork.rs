//! Hears of forks of the program.

use std::sync::Once;

use crate::runtime;

/// From now on every child of this process knows that it is one. For the first handle, before the
/// library has threads or connections that a child would not have.
pub(super) fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        // SAFETY: the handler takes and returns nothing, and does only what is allowed in the child
        // of a process with threads. glibc forgets it when the library is unloaded.
        let code = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        if code != 0 {
            log::error!("forks of this process will not be noticed: error {code}");
        }
    });
}

extern "C" fn in_child() {
    runtime::forked();
}
