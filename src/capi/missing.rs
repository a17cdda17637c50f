//! The functions of the C ABI that are not written yet, and nothing else.
//!
//! Clients are linked with BIND_NOW, so every name must be there or QEMU does not even start. A
//! name in the table below answers `-EOPNOTSUPP` (null or zero where its type has no negative
//! numbers), touches nothing and says its name in the log, once per process. To write a function,
//! delete its line here and define it in `rados/` or `rbd/` with the same signature. `make gaps`
//! prints what is left.
//!
//! One line per function, sorted by name, with the parameter names that go into the C headers: the
//! header generator reads the table as if it were an `extern "C"` block. May use: `types`, `guard`.

use super::guard::{Failure, log_missing};
use super::types::*;
use libc::{c_char, c_int, c_void};
use std::sync::atomic::AtomicBool;

/// Defines each function of the table, and [`MISSING`], the list of their names.
macro_rules! missing {
    ($($(#[$attr:meta])* fn $name:ident($($arg:ident: $type:ty),*) $(-> $ret:ty)?;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: not written yet, answers `-EOPNOTSUPP`.")]
            ///
            /// # Safety
            /// None needed: no argument is looked at.
            $(#[$attr])*
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($arg: $type),*) $(-> $ret)? {
                static SAID: AtomicBool = AtomicBool::new(false);
                $(let _ = $arg;)*
                log_missing(stringify!($name), &SAID);
                Failure::failure(crate::errno::Errno::EOPNOTSUPP)
            }
        )*

        /// The names that are not written yet, sorted.
        pub const MISSING: &[&str] = &[$(stringify!($name)),*];
    };
}

missing! {
    fn rbd_aio_mirror_image_create_snapshot(image: rbd_image_t, flags: u32, snap_id: *mut u64, c: rbd_completion_t) -> c_int;
    fn rbd_aio_mirror_image_demote(image: rbd_image_t, c: rbd_completion_t) -> c_int;
    fn rbd_aio_mirror_image_get_global_status(image: rbd_image_t, mirror_global_image_status: *mut rbd_mirror_image_global_status_t, status_size: usize, c: rbd_completion_t) -> c_int;
    #[deprecated] fn rbd_aio_mirror_image_get_status(image: rbd_image_t, mirror_image_status: *mut rbd_mirror_image_status_t, status_size: usize, c: rbd_completion_t) -> c_int;
    fn rbd_aio_mirror_image_promote(image: rbd_image_t, force: bool, c: rbd_completion_t) -> c_int;
    fn rbd_encryption_format(image: rbd_image_t, format: rbd_encryption_format_t, opts: rbd_encryption_options_t, opts_size: usize) -> c_int;
    fn rbd_encryption_load(image: rbd_image_t, format: rbd_encryption_format_t, opts: rbd_encryption_options_t, opts_size: usize) -> c_int;
    fn rbd_encryption_load2(image: rbd_image_t, specs: *const rbd_encryption_spec_t, spec_count: usize) -> c_int;
    fn rbd_get_migration_source_spec(image: rbd_image_t, source_spec: *mut c_char, max_len: *mut usize) -> c_int;
    fn rbd_migration_abort(ioctx: rados_ioctx_t, image_name: *const c_char) -> c_int;
    fn rbd_migration_abort_with_progress(ioctx: rados_ioctx_t, image_name: *const c_char, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_migration_commit(ioctx: rados_ioctx_t, image_name: *const c_char) -> c_int;
    fn rbd_migration_commit_with_progress(ioctx: rados_ioctx_t, image_name: *const c_char, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_migration_execute(ioctx: rados_ioctx_t, image_name: *const c_char) -> c_int;
    fn rbd_migration_execute_with_progress(ioctx: rados_ioctx_t, image_name: *const c_char, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_migration_prepare(ioctx: rados_ioctx_t, image_name: *const c_char, dest_ioctx: rados_ioctx_t, dest_image_name: *const c_char, opts: rbd_image_options_t) -> c_int;
    fn rbd_migration_prepare_import(source_spec: *const c_char, dest_ioctx: rados_ioctx_t, dest_image_name: *const c_char, opts: rbd_image_options_t) -> c_int;
    fn rbd_migration_status(ioctx: rados_ioctx_t, image_name: *const c_char, status: *mut rbd_image_migration_status_t, status_size: usize) -> c_int;
    fn rbd_migration_status_cleanup(status: *mut rbd_image_migration_status_t);
    fn rbd_mirror_image_create_snapshot(image: rbd_image_t, snap_id: *mut u64) -> c_int;
    fn rbd_mirror_image_create_snapshot2(image: rbd_image_t, flags: u32, snap_id: *mut u64) -> c_int;
    fn rbd_mirror_image_demote(image: rbd_image_t) -> c_int;
    fn rbd_mirror_image_disable(image: rbd_image_t, force: bool) -> c_int;
    #[deprecated] fn rbd_mirror_image_enable(image: rbd_image_t) -> c_int;
    fn rbd_mirror_image_enable2(image: rbd_image_t, mode: rbd_mirror_image_mode_t) -> c_int;
    fn rbd_mirror_image_get_global_status(image: rbd_image_t, mirror_image_global_status: *mut rbd_mirror_image_global_status_t, status_size: usize) -> c_int;
    fn rbd_mirror_image_get_instance_id(image: rbd_image_t, instance_id: *mut c_char, id_max_length: *mut usize) -> c_int;
    #[deprecated] fn rbd_mirror_image_get_status(image: rbd_image_t, mirror_image_status: *mut rbd_mirror_image_status_t, status_size: usize) -> c_int;
    fn rbd_mirror_image_global_status_cleanup(mirror_image_global_status: *mut rbd_mirror_image_global_status_t);
    fn rbd_mirror_image_global_status_list(io_ctx: rados_ioctx_t, start_id: *const c_char, max: usize, image_ids: *mut *mut c_char, images: *mut rbd_mirror_image_global_status_t, len: *mut usize) -> c_int;
    fn rbd_mirror_image_global_status_list_cleanup(image_ids: *mut *mut c_char, images: *mut rbd_mirror_image_global_status_t, len: usize);
    fn rbd_mirror_image_instance_id_list(io_ctx: rados_ioctx_t, start_id: *const c_char, max: usize, image_ids: *mut *mut c_char, instance_ids: *mut *mut c_char, len: *mut usize) -> c_int;
    fn rbd_mirror_image_instance_id_list_cleanup(image_ids: *mut *mut c_char, instance_ids: *mut *mut c_char, len: usize);
    fn rbd_mirror_image_promote(image: rbd_image_t, force: bool) -> c_int;
    fn rbd_mirror_image_resync(image: rbd_image_t) -> c_int;
    #[deprecated] fn rbd_mirror_image_status_list(io_ctx: rados_ioctx_t, start_id: *const c_char, max: usize, image_ids: *mut *mut c_char, images: *mut rbd_mirror_image_status_t, len: *mut usize) -> c_int;
    #[deprecated] fn rbd_mirror_image_status_list_cleanup(image_ids: *mut *mut c_char, images: *mut rbd_mirror_image_status_t, len: usize);
    fn rbd_mirror_image_status_summary(io_ctx: rados_ioctx_t, states: *mut rbd_mirror_image_status_state_t, counts: *mut c_int, maxlen: *mut usize) -> c_int;
    fn rbd_mirror_peer_bootstrap_create(io_ctx: rados_ioctx_t, token: *mut c_char, max_len: *mut usize) -> c_int;
    fn rbd_mirror_peer_bootstrap_import(io_ctx: rados_ioctx_t, direction: rbd_mirror_peer_direction_t, token: *const c_char) -> c_int;
    #[deprecated] fn rbd_mirror_peer_get_attributes(p: rados_ioctx_t, uuid: *const c_char, keys: *mut c_char, max_key_len: *mut usize, values: *mut c_char, max_value_len: *mut usize, key_value_count: *mut usize) -> c_int;
    #[deprecated] fn rbd_mirror_peer_set_attributes(p: rados_ioctx_t, uuid: *const c_char, keys: *const c_char, values: *const c_char, key_value_count: usize) -> c_int;
    fn rbd_mirror_peer_site_get_attributes(p: rados_ioctx_t, uuid: *const c_char, keys: *mut c_char, max_key_len: *mut usize, values: *mut c_char, max_value_len: *mut usize, key_value_count: *mut usize) -> c_int;
    fn rbd_mirror_peer_site_set_attributes(p: rados_ioctx_t, uuid: *const c_char, keys: *const c_char, values: *const c_char, key_value_count: usize) -> c_int;
    fn rbd_mirror_remote_namespace_get(io_ctx: rados_ioctx_t, remote_namespace: *mut c_char, max_len: *mut usize) -> c_int;
    fn rbd_mirror_remote_namespace_set(io_ctx: rados_ioctx_t, remote_namespace: *const c_char) -> c_int;
    fn rbd_mirror_site_name_get(cluster: rados_t, name: *mut c_char, max_len: *mut usize) -> c_int;
    fn rbd_mirror_site_name_set(cluster: rados_t, name: *const c_char) -> c_int;
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::MISSING.is_sorted_by(|a, b| a < b), "sorted, each name once");
    }
}
