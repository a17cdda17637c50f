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
use libc::{c_char, c_int, c_void, iovec, ssize_t, time_t, timespec};
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
    fn rados_inconsistent_pg_list(cluster: rados_t, pool: i64, buf: *mut c_char, len: usize) -> c_int;
    fn rados_monitor_log(cluster: rados_t, level: *const c_char, cb: rados_log_callback_t, arg: *mut c_void) -> c_int;
    fn rados_monitor_log2(cluster: rados_t, level: *const c_char, cb: rados_log_callback2_t, arg: *mut c_void) -> c_int;
    fn rbd_aio_close(image: rbd_image_t, c: rbd_completion_t) -> c_int;
    fn rbd_aio_compare_and_write(image: rbd_image_t, off: u64, len: usize, cmp_buf: *const c_char, buf: *const c_char, c: rbd_completion_t, mismatch_off: *mut u64, op_flags: c_int) -> ssize_t;
    fn rbd_aio_compare_and_writev(image: rbd_image_t, off: u64, cmp_iov: *const iovec, cmp_iovcnt: c_int, iov: *const iovec, iovcnt: c_int, c: rbd_completion_t, mismatch_off: *mut u64, op_flags: c_int) -> ssize_t;
    fn rbd_aio_create_completion(cb_arg: *mut c_void, complete_cb: rbd_callback_t, c: *mut rbd_completion_t) -> c_int;
    fn rbd_aio_discard(image: rbd_image_t, off: u64, len: u64, c: rbd_completion_t) -> c_int;
    fn rbd_aio_flush(image: rbd_image_t, c: rbd_completion_t) -> c_int;
    fn rbd_aio_get_arg(c: rbd_completion_t) -> *mut c_void;
    fn rbd_aio_get_return_value(c: rbd_completion_t) -> ssize_t;
    fn rbd_aio_is_complete(c: rbd_completion_t) -> c_int;
    fn rbd_aio_mirror_image_create_snapshot(image: rbd_image_t, flags: u32, snap_id: *mut u64, c: rbd_completion_t) -> c_int;
    fn rbd_aio_mirror_image_demote(image: rbd_image_t, c: rbd_completion_t) -> c_int;
    fn rbd_aio_mirror_image_get_global_status(image: rbd_image_t, mirror_global_image_status: *mut rbd_mirror_image_global_status_t, status_size: usize, c: rbd_completion_t) -> c_int;
    fn rbd_aio_mirror_image_get_info(image: rbd_image_t, mirror_image_info: *mut rbd_mirror_image_info_t, info_size: usize, c: rbd_completion_t) -> c_int;
    fn rbd_aio_mirror_image_get_mode(image: rbd_image_t, mode: *mut rbd_mirror_image_mode_t, c: rbd_completion_t) -> c_int;
    #[deprecated] fn rbd_aio_mirror_image_get_status(image: rbd_image_t, mirror_image_status: *mut rbd_mirror_image_status_t, status_size: usize, c: rbd_completion_t) -> c_int;
    fn rbd_aio_mirror_image_promote(image: rbd_image_t, force: bool, c: rbd_completion_t) -> c_int;
    fn rbd_aio_open(io: rados_ioctx_t, name: *const c_char, image: *mut rbd_image_t, snap_name: *const c_char, c: rbd_completion_t) -> c_int;
    fn rbd_aio_open_by_id(io: rados_ioctx_t, id: *const c_char, image: *mut rbd_image_t, snap_name: *const c_char, c: rbd_completion_t) -> c_int;
    fn rbd_aio_open_by_id_read_only(io: rados_ioctx_t, id: *const c_char, image: *mut rbd_image_t, snap_name: *const c_char, c: rbd_completion_t) -> c_int;
    fn rbd_aio_open_read_only(io: rados_ioctx_t, name: *const c_char, image: *mut rbd_image_t, snap_name: *const c_char, c: rbd_completion_t) -> c_int;
    fn rbd_aio_read(image: rbd_image_t, off: u64, len: usize, buf: *mut c_char, c: rbd_completion_t) -> c_int;
    fn rbd_aio_read2(image: rbd_image_t, off: u64, len: usize, buf: *mut c_char, c: rbd_completion_t, op_flags: c_int) -> c_int;
    fn rbd_aio_readv(image: rbd_image_t, iov: *const iovec, iovcnt: c_int, off: u64, c: rbd_completion_t) -> c_int;
    fn rbd_aio_release(c: rbd_completion_t);
    fn rbd_aio_wait_for_complete(c: rbd_completion_t) -> c_int;
    fn rbd_aio_write(image: rbd_image_t, off: u64, len: usize, buf: *const c_char, c: rbd_completion_t) -> c_int;
    fn rbd_aio_write2(image: rbd_image_t, off: u64, len: usize, buf: *const c_char, c: rbd_completion_t, op_flags: c_int) -> c_int;
    fn rbd_aio_write_with_crc32c(image: rbd_image_t, off: u64, len: usize, buf: *const c_char, precomputed_crc32c: u32, c: rbd_completion_t, op_flags: c_int) -> c_int;
    fn rbd_aio_write_zeroes(image: rbd_image_t, off: u64, len: usize, c: rbd_completion_t, zero_flags: c_int, op_flags: c_int) -> c_int;
    fn rbd_aio_writesame(image: rbd_image_t, off: u64, len: usize, buf: *const c_char, data_len: usize, c: rbd_completion_t, op_flags: c_int) -> c_int;
    fn rbd_aio_writev(image: rbd_image_t, iov: *const iovec, iovcnt: c_int, off: u64, c: rbd_completion_t) -> c_int;
    fn rbd_break_lock(image: rbd_image_t, client: *const c_char, cookie: *const c_char) -> c_int;
    fn rbd_clone(p_ioctx: rados_ioctx_t, p_name: *const c_char, p_snapname: *const c_char, c_ioctx: rados_ioctx_t, c_name: *const c_char, features: u64, c_order: *mut c_int) -> c_int;
    fn rbd_clone2(p_ioctx: rados_ioctx_t, p_name: *const c_char, p_snapname: *const c_char, c_ioctx: rados_ioctx_t, c_name: *const c_char, features: u64, c_order: *mut c_int, stripe_unit: u64, stripe_count: c_int) -> c_int;
    fn rbd_clone3(p_ioctx: rados_ioctx_t, p_name: *const c_char, p_snapname: *const c_char, c_ioctx: rados_ioctx_t, c_name: *const c_char, c_opts: rbd_image_options_t) -> c_int;
    fn rbd_clone4(p_ioctx: rados_ioctx_t, p_name: *const c_char, p_snap_id: u64, c_ioctx: rados_ioctx_t, c_name: *const c_char, c_opts: rbd_image_options_t) -> c_int;
    fn rbd_close(image: rbd_image_t) -> c_int;
    fn rbd_compare_and_write(image: rbd_image_t, ofs: u64, len: usize, cmp_buf: *const c_char, buf: *const c_char, mismatch_off: *mut u64, op_flags: c_int) -> ssize_t;
    fn rbd_config_image_list(image: rbd_image_t, options: *mut rbd_config_option_t, max_options: *mut c_int) -> c_int;
    fn rbd_config_image_list_cleanup(options: *mut rbd_config_option_t, max_options: c_int);
    fn rbd_config_pool_list(io_ctx: rados_ioctx_t, options: *mut rbd_config_option_t, max_options: *mut c_int) -> c_int;
    fn rbd_config_pool_list_cleanup(options: *mut rbd_config_option_t, max_options: c_int);
    fn rbd_copy(image: rbd_image_t, dest_io_ctx: rados_ioctx_t, destname: *const c_char) -> c_int;
    fn rbd_copy2(src: rbd_image_t, dest: rbd_image_t) -> c_int;
    fn rbd_copy3(src: rbd_image_t, dest_io_ctx: rados_ioctx_t, destname: *const c_char, dest_opts: rbd_image_options_t) -> c_int;
    fn rbd_copy4(src: rbd_image_t, dest_io_ctx: rados_ioctx_t, destname: *const c_char, dest_opts: rbd_image_options_t, sparse_size: usize) -> c_int;
    fn rbd_copy_with_progress(image: rbd_image_t, dest_p: rados_ioctx_t, destname: *const c_char, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_copy_with_progress2(src: rbd_image_t, dest: rbd_image_t, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_copy_with_progress3(image: rbd_image_t, dest_p: rados_ioctx_t, destname: *const c_char, dest_opts: rbd_image_options_t, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_copy_with_progress4(image: rbd_image_t, dest_p: rados_ioctx_t, destname: *const c_char, dest_opts: rbd_image_options_t, cb: librbd_progress_fn_t, cbdata: *mut c_void, sparse_size: usize) -> c_int;
    fn rbd_create(io: rados_ioctx_t, name: *const c_char, size: u64, order: *mut c_int) -> c_int;
    fn rbd_create2(io: rados_ioctx_t, name: *const c_char, size: u64, features: u64, order: *mut c_int) -> c_int;
    fn rbd_create3(io: rados_ioctx_t, name: *const c_char, size: u64, features: u64, order: *mut c_int, stripe_unit: u64, stripe_count: u64) -> c_int;
    fn rbd_create4(io: rados_ioctx_t, name: *const c_char, size: u64, opts: rbd_image_options_t) -> c_int;
    fn rbd_deep_copy(src: rbd_image_t, dest_io_ctx: rados_ioctx_t, destname: *const c_char, dest_opts: rbd_image_options_t) -> c_int;
    fn rbd_deep_copy_with_progress(image: rbd_image_t, dest_io_ctx: rados_ioctx_t, destname: *const c_char, dest_opts: rbd_image_options_t, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_diff_iterate(image: rbd_image_t, fromsnapname: *const c_char, ofs: u64, len: u64, cb: Option<unsafe extern "C" fn(u64, usize, c_int, *mut c_void) -> c_int>, arg: *mut c_void) -> c_int;
    fn rbd_diff_iterate2(image: rbd_image_t, fromsnapname: *const c_char, ofs: u64, len: u64, include_parent: u8, whole_object: u8, cb: Option<unsafe extern "C" fn(u64, usize, c_int, *mut c_void) -> c_int>, arg: *mut c_void) -> c_int;
    fn rbd_diff_iterate3(image: rbd_image_t, from_snap_id: u64, ofs: u64, len: u64, flags: u32, cb: Option<unsafe extern "C" fn(u64, usize, c_int, *mut c_void) -> c_int>, arg: *mut c_void) -> c_int;
    fn rbd_discard(image: rbd_image_t, ofs: u64, len: u64) -> c_int;
    fn rbd_encryption_format(image: rbd_image_t, format: rbd_encryption_format_t, opts: rbd_encryption_options_t, opts_size: usize) -> c_int;
    fn rbd_encryption_load(image: rbd_image_t, format: rbd_encryption_format_t, opts: rbd_encryption_options_t, opts_size: usize) -> c_int;
    fn rbd_encryption_load2(image: rbd_image_t, specs: *const rbd_encryption_spec_t, spec_count: usize) -> c_int;
    fn rbd_features_from_string(str_features: *const c_char, features: *mut u64) -> c_int;
    fn rbd_features_to_string(features: u64, str_features: *mut c_char, size: *mut usize) -> c_int;
    fn rbd_flatten(image: rbd_image_t) -> c_int;
    fn rbd_flatten_with_progress(image: rbd_image_t, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_flush(image: rbd_image_t) -> c_int;
    fn rbd_get_access_timestamp(image: rbd_image_t, timestamp: *mut timespec) -> c_int;
    fn rbd_get_block_name_prefix(image: rbd_image_t, prefix: *mut c_char, prefix_len: usize) -> c_int;
    fn rbd_get_create_timestamp(image: rbd_image_t, timestamp: *mut timespec) -> c_int;
    fn rbd_get_data_pool_id(image: rbd_image_t) -> i64;
    fn rbd_get_features(image: rbd_image_t, features: *mut u64) -> c_int;
    fn rbd_get_flags(image: rbd_image_t, flags: *mut u64) -> c_int;
    fn rbd_get_group(image: rbd_image_t, group_info: *mut rbd_group_info_t, group_info_size: usize) -> c_int;
    fn rbd_get_id(image: rbd_image_t, id: *mut c_char, id_len: usize) -> c_int;
    fn rbd_get_migration_source_spec(image: rbd_image_t, source_spec: *mut c_char, max_len: *mut usize) -> c_int;
    fn rbd_get_modify_timestamp(image: rbd_image_t, timestamp: *mut timespec) -> c_int;
    fn rbd_get_name(image: rbd_image_t, name: *mut c_char, name_len: *mut usize) -> c_int;
    fn rbd_get_old_format(image: rbd_image_t, old: *mut u8) -> c_int;
    fn rbd_get_op_features(image: rbd_image_t, op_features: *mut u64) -> c_int;
    fn rbd_get_overlap(image: rbd_image_t, overlap: *mut u64) -> c_int;
    fn rbd_get_parent(image: rbd_image_t, parent_image: *mut rbd_linked_image_spec_t, parent_snap: *mut rbd_snap_spec_t) -> c_int;
    #[deprecated] fn rbd_get_parent_info(image: rbd_image_t, parent_poolname: *mut c_char, ppoolnamelen: usize, parent_name: *mut c_char, pnamelen: usize, parent_snapname: *mut c_char, psnapnamelen: usize) -> c_int;
    #[deprecated] fn rbd_get_parent_info2(image: rbd_image_t, parent_poolname: *mut c_char, ppoolnamelen: usize, parent_name: *mut c_char, pnamelen: usize, parent_id: *mut c_char, pidlen: usize, parent_snapname: *mut c_char, psnapnamelen: usize) -> c_int;
    fn rbd_get_size(image: rbd_image_t, size: *mut u64) -> c_int;
    fn rbd_get_stripe_count(image: rbd_image_t, stripe_count: *mut u64) -> c_int;
    fn rbd_get_stripe_unit(image: rbd_image_t, stripe_unit: *mut u64) -> c_int;
    fn rbd_group_create(p: rados_ioctx_t, name: *const c_char) -> c_int;
    fn rbd_group_get_id(p: rados_ioctx_t, group_name: *const c_char, group_id: *mut c_char, size: *mut usize) -> c_int;
    fn rbd_group_image_add(group_p: rados_ioctx_t, group_name: *const c_char, image_p: rados_ioctx_t, image_name: *const c_char) -> c_int;
    fn rbd_group_image_list(group_p: rados_ioctx_t, group_name: *const c_char, images: *mut rbd_group_image_info_t, group_image_info_size: usize, num_entries: *mut usize) -> c_int;
    fn rbd_group_image_list_cleanup(images: *mut rbd_group_image_info_t, group_image_info_size: usize, num_entries: usize) -> c_int;
    fn rbd_group_image_remove(group_p: rados_ioctx_t, group_name: *const c_char, image_p: rados_ioctx_t, image_name: *const c_char) -> c_int;
    fn rbd_group_image_remove_by_id(group_p: rados_ioctx_t, group_name: *const c_char, image_p: rados_ioctx_t, image_id: *const c_char) -> c_int;
    fn rbd_group_info_cleanup(group_info: *mut rbd_group_info_t, group_info_size: usize) -> c_int;
    fn rbd_group_list(p: rados_ioctx_t, names: *mut c_char, size: *mut usize) -> c_int;
    fn rbd_group_remove(p: rados_ioctx_t, name: *const c_char) -> c_int;
    fn rbd_group_rename(p: rados_ioctx_t, src_name: *const c_char, dest_name: *const c_char) -> c_int;
    fn rbd_group_snap_create(group_p: rados_ioctx_t, group_name: *const c_char, snap_name: *const c_char) -> c_int;
    fn rbd_group_snap_create2(group_p: rados_ioctx_t, group_name: *const c_char, snap_name: *const c_char, flags: u32) -> c_int;
    fn rbd_group_snap_get_info(group_p: rados_ioctx_t, group_name: *const c_char, snap_name: *const c_char, group_snap: *mut rbd_group_snap_info2_t) -> c_int;
    fn rbd_group_snap_get_info_cleanup(group_snap: *mut rbd_group_snap_info2_t);
    fn rbd_group_snap_list(group_p: rados_ioctx_t, group_name: *const c_char, snaps: *mut rbd_group_snap_info_t, group_snap_info_size: usize, num_entries: *mut usize) -> c_int;
    fn rbd_group_snap_list2(group_p: rados_ioctx_t, group_name: *const c_char, snaps: *mut rbd_group_snap_info2_t, num_entries: *mut usize) -> c_int;
    fn rbd_group_snap_list2_cleanup(snaps: *mut rbd_group_snap_info2_t, num_entries: usize);
    fn rbd_group_snap_list_cleanup(snaps: *mut rbd_group_snap_info_t, group_snap_info_size: usize, num_entries: usize) -> c_int;
    fn rbd_group_snap_remove(group_p: rados_ioctx_t, group_name: *const c_char, snap_name: *const c_char) -> c_int;
    fn rbd_group_snap_rename(group_p: rados_ioctx_t, group_name: *const c_char, old_snap_name: *const c_char, new_snap_name: *const c_char) -> c_int;
    fn rbd_group_snap_rollback(group_p: rados_ioctx_t, group_name: *const c_char, snap_name: *const c_char) -> c_int;
    fn rbd_group_snap_rollback_with_progress(group_p: rados_ioctx_t, group_name: *const c_char, snap_name: *const c_char, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_image_options_clear(opts: rbd_image_options_t);
    fn rbd_image_options_create(opts: *mut rbd_image_options_t);
    fn rbd_image_options_destroy(opts: rbd_image_options_t);
    fn rbd_image_options_get_string(opts: rbd_image_options_t, optname: c_int, optval: *mut c_char, maxlen: usize) -> c_int;
    fn rbd_image_options_get_uint64(opts: rbd_image_options_t, optname: c_int, optval: *mut u64) -> c_int;
    fn rbd_image_options_is_empty(opts: rbd_image_options_t) -> c_int;
    fn rbd_image_options_is_set(opts: rbd_image_options_t, optname: c_int, is_set: *mut bool) -> c_int;
    fn rbd_image_options_set_string(opts: rbd_image_options_t, optname: c_int, optval: *const c_char) -> c_int;
    fn rbd_image_options_set_uint64(opts: rbd_image_options_t, optname: c_int, optval: u64) -> c_int;
    fn rbd_image_options_unset(opts: rbd_image_options_t, optname: c_int) -> c_int;
    fn rbd_image_spec_cleanup(image: *mut rbd_image_spec_t);
    fn rbd_image_spec_list_cleanup(images: *mut rbd_image_spec_t, num_images: usize);
    fn rbd_invalidate_cache(image: rbd_image_t) -> c_int;
    fn rbd_is_exclusive_lock_owner(image: rbd_image_t, is_owner: *mut c_int) -> c_int;
    fn rbd_linked_image_spec_cleanup(image: *mut rbd_linked_image_spec_t);
    fn rbd_linked_image_spec_list_cleanup(images: *mut rbd_linked_image_spec_t, num_images: usize);
    #[deprecated] fn rbd_list(io: rados_ioctx_t, names: *mut c_char, size: *mut usize) -> c_int;
    fn rbd_list2(io: rados_ioctx_t, images: *mut rbd_image_spec_t, max_images: *mut usize) -> c_int;
    #[deprecated] fn rbd_list_child_cleanup(child: *mut rbd_child_info_t);
    #[deprecated] fn rbd_list_children(image: rbd_image_t, pools: *mut c_char, pools_len: *mut usize, images: *mut c_char, images_len: *mut usize) -> ssize_t;
    #[deprecated] fn rbd_list_children2(image: rbd_image_t, children: *mut rbd_child_info_t, max_children: *mut c_int) -> c_int;
    fn rbd_list_children3(image: rbd_image_t, images: *mut rbd_linked_image_spec_t, max_images: *mut usize) -> c_int;
    #[deprecated] fn rbd_list_children_cleanup(children: *mut rbd_child_info_t, num_children: usize);
    fn rbd_list_descendants(image: rbd_image_t, images: *mut rbd_linked_image_spec_t, max_images: *mut usize) -> c_int;
    fn rbd_list_lockers(image: rbd_image_t, exclusive: *mut c_int, tag: *mut c_char, tag_len: *mut usize, clients: *mut c_char, clients_len: *mut usize, cookies: *mut c_char, cookies_len: *mut usize, addrs: *mut c_char, addrs_len: *mut usize) -> ssize_t;
    fn rbd_lock_acquire(image: rbd_image_t, lock_mode: rbd_lock_mode_t) -> c_int;
    fn rbd_lock_break(image: rbd_image_t, lock_mode: rbd_lock_mode_t, lock_owner: *const c_char) -> c_int;
    fn rbd_lock_exclusive(image: rbd_image_t, cookie: *const c_char) -> c_int;
    fn rbd_lock_get_owners(image: rbd_image_t, lock_mode: *mut rbd_lock_mode_t, lock_owners: *mut *mut c_char, max_lock_owners: *mut usize) -> c_int;
    fn rbd_lock_get_owners_cleanup(lock_owners: *mut *mut c_char, lock_owner_count: usize);
    fn rbd_lock_release(image: rbd_image_t) -> c_int;
    fn rbd_lock_shared(image: rbd_image_t, cookie: *const c_char, tag: *const c_char) -> c_int;
    fn rbd_metadata_get(image: rbd_image_t, key: *const c_char, value: *mut c_char, val_len: *mut usize) -> c_int;
    fn rbd_metadata_list(image: rbd_image_t, start: *const c_char, max: u64, keys: *mut c_char, key_len: *mut usize, values: *mut c_char, vals_len: *mut usize) -> c_int;
    fn rbd_metadata_remove(image: rbd_image_t, key: *const c_char) -> c_int;
    fn rbd_metadata_set(image: rbd_image_t, key: *const c_char, value: *const c_char) -> c_int;
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
    fn rbd_mirror_image_get_info(image: rbd_image_t, mirror_image_info: *mut rbd_mirror_image_info_t, info_size: usize) -> c_int;
    fn rbd_mirror_image_get_info_cleanup(mirror_image_info: *mut rbd_mirror_image_info_t);
    fn rbd_mirror_image_get_instance_id(image: rbd_image_t, instance_id: *mut c_char, id_max_length: *mut usize) -> c_int;
    fn rbd_mirror_image_get_mode(image: rbd_image_t, mode: *mut rbd_mirror_image_mode_t) -> c_int;
    #[deprecated] fn rbd_mirror_image_get_status(image: rbd_image_t, mirror_image_status: *mut rbd_mirror_image_status_t, status_size: usize) -> c_int;
    fn rbd_mirror_image_global_status_cleanup(mirror_image_global_status: *mut rbd_mirror_image_global_status_t);
    fn rbd_mirror_image_global_status_list(io_ctx: rados_ioctx_t, start_id: *const c_char, max: usize, image_ids: *mut *mut c_char, images: *mut rbd_mirror_image_global_status_t, len: *mut usize) -> c_int;
    fn rbd_mirror_image_global_status_list_cleanup(image_ids: *mut *mut c_char, images: *mut rbd_mirror_image_global_status_t, len: usize);
    fn rbd_mirror_image_info_list(io_ctx: rados_ioctx_t, mode_filter: *mut rbd_mirror_image_mode_t, start_id: *const c_char, max: usize, image_ids: *mut *mut c_char, mode_entries: *mut rbd_mirror_image_mode_t, info_entries: *mut rbd_mirror_image_info_t, num_entries: *mut usize) -> c_int;
    fn rbd_mirror_image_info_list_cleanup(image_ids: *mut *mut c_char, info_entries: *mut rbd_mirror_image_info_t, num_entries: usize);
    fn rbd_mirror_image_instance_id_list(io_ctx: rados_ioctx_t, start_id: *const c_char, max: usize, image_ids: *mut *mut c_char, instance_ids: *mut *mut c_char, len: *mut usize) -> c_int;
    fn rbd_mirror_image_instance_id_list_cleanup(image_ids: *mut *mut c_char, instance_ids: *mut *mut c_char, len: usize);
    fn rbd_mirror_image_promote(image: rbd_image_t, force: bool) -> c_int;
    fn rbd_mirror_image_resync(image: rbd_image_t) -> c_int;
    #[deprecated] fn rbd_mirror_image_status_list(io_ctx: rados_ioctx_t, start_id: *const c_char, max: usize, image_ids: *mut *mut c_char, images: *mut rbd_mirror_image_status_t, len: *mut usize) -> c_int;
    #[deprecated] fn rbd_mirror_image_status_list_cleanup(image_ids: *mut *mut c_char, images: *mut rbd_mirror_image_status_t, len: usize);
    fn rbd_mirror_image_status_summary(io_ctx: rados_ioctx_t, states: *mut rbd_mirror_image_status_state_t, counts: *mut c_int, maxlen: *mut usize) -> c_int;
    fn rbd_mirror_mode_get(io_ctx: rados_ioctx_t, mirror_mode: *mut rbd_mirror_mode_t) -> c_int;
    fn rbd_mirror_mode_set(io_ctx: rados_ioctx_t, mirror_mode: rbd_mirror_mode_t) -> c_int;
    #[deprecated] fn rbd_mirror_peer_add(io_ctx: rados_ioctx_t, uuid: *mut c_char, uuid_max_length: usize, cluster_name: *const c_char, client_name: *const c_char) -> c_int;
    fn rbd_mirror_peer_bootstrap_create(io_ctx: rados_ioctx_t, token: *mut c_char, max_len: *mut usize) -> c_int;
    fn rbd_mirror_peer_bootstrap_import(io_ctx: rados_ioctx_t, direction: rbd_mirror_peer_direction_t, token: *const c_char) -> c_int;
    #[deprecated] fn rbd_mirror_peer_get_attributes(p: rados_ioctx_t, uuid: *const c_char, keys: *mut c_char, max_key_len: *mut usize, values: *mut c_char, max_value_len: *mut usize, key_value_count: *mut usize) -> c_int;
    #[deprecated] fn rbd_mirror_peer_list(io_ctx: rados_ioctx_t, peers: *mut rbd_mirror_peer_t, max_peers: *mut c_int) -> c_int;
    #[deprecated] fn rbd_mirror_peer_list_cleanup(peers: *mut rbd_mirror_peer_t, max_peers: c_int);
    #[deprecated] fn rbd_mirror_peer_remove(io_ctx: rados_ioctx_t, uuid: *const c_char) -> c_int;
    #[deprecated] fn rbd_mirror_peer_set_attributes(p: rados_ioctx_t, uuid: *const c_char, keys: *const c_char, values: *const c_char, key_value_count: usize) -> c_int;
    #[deprecated] fn rbd_mirror_peer_set_client(io_ctx: rados_ioctx_t, uuid: *const c_char, client_name: *const c_char) -> c_int;
    #[deprecated] fn rbd_mirror_peer_set_cluster(io_ctx: rados_ioctx_t, uuid: *const c_char, cluster_name: *const c_char) -> c_int;
    fn rbd_mirror_peer_site_add(io_ctx: rados_ioctx_t, uuid: *mut c_char, uuid_max_length: usize, direction: rbd_mirror_peer_direction_t, site_name: *const c_char, client_name: *const c_char) -> c_int;
    fn rbd_mirror_peer_site_get_attributes(p: rados_ioctx_t, uuid: *const c_char, keys: *mut c_char, max_key_len: *mut usize, values: *mut c_char, max_value_len: *mut usize, key_value_count: *mut usize) -> c_int;
    fn rbd_mirror_peer_site_list(io_ctx: rados_ioctx_t, peers: *mut rbd_mirror_peer_site_t, max_peers: *mut c_int) -> c_int;
    fn rbd_mirror_peer_site_list_cleanup(peers: *mut rbd_mirror_peer_site_t, max_peers: c_int);
    fn rbd_mirror_peer_site_remove(io_ctx: rados_ioctx_t, uuid: *const c_char) -> c_int;
    fn rbd_mirror_peer_site_set_attributes(p: rados_ioctx_t, uuid: *const c_char, keys: *const c_char, values: *const c_char, key_value_count: usize) -> c_int;
    fn rbd_mirror_peer_site_set_client_name(io_ctx: rados_ioctx_t, uuid: *const c_char, client_name: *const c_char) -> c_int;
    fn rbd_mirror_peer_site_set_direction(io_ctx: rados_ioctx_t, uuid: *const c_char, direction: rbd_mirror_peer_direction_t) -> c_int;
    fn rbd_mirror_peer_site_set_name(io_ctx: rados_ioctx_t, uuid: *const c_char, site_name: *const c_char) -> c_int;
    fn rbd_mirror_remote_namespace_get(io_ctx: rados_ioctx_t, remote_namespace: *mut c_char, max_len: *mut usize) -> c_int;
    fn rbd_mirror_remote_namespace_set(io_ctx: rados_ioctx_t, remote_namespace: *const c_char) -> c_int;
    fn rbd_mirror_site_name_get(cluster: rados_t, name: *mut c_char, max_len: *mut usize) -> c_int;
    fn rbd_mirror_site_name_set(cluster: rados_t, name: *const c_char) -> c_int;
    fn rbd_mirror_uuid_get(io_ctx: rados_ioctx_t, uuid: *mut c_char, max_len: *mut usize) -> c_int;
    fn rbd_namespace_create(io: rados_ioctx_t, namespace_name: *const c_char) -> c_int;
    fn rbd_namespace_exists(io: rados_ioctx_t, namespace_name: *const c_char, exists: *mut bool) -> c_int;
    fn rbd_namespace_list(io: rados_ioctx_t, namespace_names: *mut c_char, size: *mut usize) -> c_int;
    fn rbd_namespace_remove(io: rados_ioctx_t, namespace_name: *const c_char) -> c_int;
    fn rbd_open(io: rados_ioctx_t, name: *const c_char, image: *mut rbd_image_t, snap_name: *const c_char) -> c_int;
    fn rbd_open_by_id(io: rados_ioctx_t, id: *const c_char, image: *mut rbd_image_t, snap_name: *const c_char) -> c_int;
    fn rbd_open_by_id_read_only(io: rados_ioctx_t, id: *const c_char, image: *mut rbd_image_t, snap_name: *const c_char) -> c_int;
    fn rbd_open_read_only(io: rados_ioctx_t, name: *const c_char, image: *mut rbd_image_t, snap_name: *const c_char) -> c_int;
    fn rbd_poll_io_events(image: rbd_image_t, comps: *mut rbd_completion_t, numcomp: c_int) -> c_int;
    fn rbd_pool_init(io: rados_ioctx_t, force: bool) -> c_int;
    fn rbd_pool_metadata_get(io_ctx: rados_ioctx_t, key: *const c_char, value: *mut c_char, val_len: *mut usize) -> c_int;
    fn rbd_pool_metadata_list(io_ctx: rados_ioctx_t, start: *const c_char, max: u64, keys: *mut c_char, key_len: *mut usize, values: *mut c_char, vals_len: *mut usize) -> c_int;
    fn rbd_pool_metadata_remove(io_ctx: rados_ioctx_t, key: *const c_char) -> c_int;
    fn rbd_pool_metadata_set(io_ctx: rados_ioctx_t, key: *const c_char, value: *const c_char) -> c_int;
    fn rbd_pool_stats_create(stats: *mut rbd_pool_stats_t);
    fn rbd_pool_stats_destroy(stats: rbd_pool_stats_t);
    fn rbd_pool_stats_get(io: rados_ioctx_t, stats: rbd_pool_stats_t) -> c_int;
    fn rbd_pool_stats_option_add_uint64(stats: rbd_pool_stats_t, stat_option: c_int, stat_val: *mut u64) -> c_int;
    fn rbd_quiesce_complete(image: rbd_image_t, handle: u64, r: c_int);
    fn rbd_quiesce_unwatch(image: rbd_image_t, handle: u64) -> c_int;
    fn rbd_quiesce_watch(image: rbd_image_t, quiesce_cb: rbd_update_callback_t, unquiesce_cb: rbd_update_callback_t, arg: *mut c_void, handle: *mut u64) -> c_int;
    fn rbd_read(image: rbd_image_t, ofs: u64, len: usize, buf: *mut c_char) -> ssize_t;
    fn rbd_read2(image: rbd_image_t, ofs: u64, len: usize, buf: *mut c_char, op_flags: c_int) -> ssize_t;
    fn rbd_read_iterate(image: rbd_image_t, ofs: u64, len: usize, cb: Option<unsafe extern "C" fn(u64, usize, *const c_char, *mut c_void) -> c_int>, arg: *mut c_void) -> i64;
    fn rbd_read_iterate2(image: rbd_image_t, ofs: u64, len: u64, cb: Option<unsafe extern "C" fn(u64, usize, *const c_char, *mut c_void) -> c_int>, arg: *mut c_void) -> c_int;
    fn rbd_rebuild_object_map(image: rbd_image_t, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_remove(io: rados_ioctx_t, name: *const c_char) -> c_int;
    fn rbd_remove_with_progress(io: rados_ioctx_t, name: *const c_char, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_rename(src_io_ctx: rados_ioctx_t, srcname: *const c_char, destname: *const c_char) -> c_int;
    fn rbd_resize(image: rbd_image_t, size: u64) -> c_int;
    fn rbd_resize2(image: rbd_image_t, size: u64, allow_shrink: bool, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_resize_with_progress(image: rbd_image_t, size: u64, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_set_image_notification(image: rbd_image_t, fd: c_int, r#type: c_int) -> c_int;
    fn rbd_snap_create(image: rbd_image_t, snapname: *const c_char) -> c_int;
    fn rbd_snap_create2(image: rbd_image_t, snap_name: *const c_char, flags: u32, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_snap_exists(image: rbd_image_t, snapname: *const c_char, exists: *mut bool) -> c_int;
    fn rbd_snap_get_group_namespace(image: rbd_image_t, snap_id: u64, group_snap: *mut rbd_snap_group_namespace_t, group_snap_size: usize) -> c_int;
    fn rbd_snap_get_id(image: rbd_image_t, snapname: *const c_char, snap_id: *mut u64) -> c_int;
    fn rbd_snap_get_limit(image: rbd_image_t, limit: *mut u64) -> c_int;
    fn rbd_snap_get_mirror_namespace(image: rbd_image_t, snap_id: u64, mirror_snap: *mut rbd_snap_mirror_namespace_t, mirror_snap_size: usize) -> c_int;
    fn rbd_snap_get_name(image: rbd_image_t, snap_id: u64, snapname: *mut c_char, name_len: *mut usize) -> c_int;
    fn rbd_snap_get_namespace_type(image: rbd_image_t, snap_id: u64, namespace_type: *mut rbd_snap_namespace_type_t) -> c_int;
    fn rbd_snap_get_timestamp(image: rbd_image_t, snap_id: u64, timestamp: *mut timespec) -> c_int;
    fn rbd_snap_get_trash_namespace(image: rbd_image_t, snap_id: u64, original_name: *mut c_char, max_length: usize) -> c_int;
    fn rbd_snap_get_trash_namespace2(image: rbd_image_t, snap_id: u64, trash_snap: *mut rbd_snap_trash_namespace_t, trash_snap_size: usize) -> c_int;
    fn rbd_snap_group_namespace_cleanup(group_snap: *mut rbd_snap_group_namespace_t, group_snap_size: usize) -> c_int;
    fn rbd_snap_is_protected(image: rbd_image_t, snap_name: *const c_char, is_protected: *mut c_int) -> c_int;
    fn rbd_snap_list(image: rbd_image_t, snaps: *mut rbd_snap_info_t, max_snaps: *mut c_int) -> c_int;
    fn rbd_snap_list_end(snaps: *mut rbd_snap_info_t);
    fn rbd_snap_mirror_namespace_cleanup(mirror_snap: *mut rbd_snap_mirror_namespace_t, mirror_snap_size: usize) -> c_int;
    fn rbd_snap_protect(image: rbd_image_t, snap_name: *const c_char) -> c_int;
    fn rbd_snap_remove(image: rbd_image_t, snapname: *const c_char) -> c_int;
    fn rbd_snap_remove2(image: rbd_image_t, snap_name: *const c_char, flags: u32, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_snap_remove_by_id(image: rbd_image_t, snap_id: u64) -> c_int;
    fn rbd_snap_rename(image: rbd_image_t, snapname: *const c_char, dstsnapsname: *const c_char) -> c_int;
    fn rbd_snap_rollback(image: rbd_image_t, snapname: *const c_char) -> c_int;
    fn rbd_snap_rollback_with_progress(image: rbd_image_t, snapname: *const c_char, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_snap_set(image: rbd_image_t, snapname: *const c_char) -> c_int;
    fn rbd_snap_set_by_id(image: rbd_image_t, snap_id: u64) -> c_int;
    fn rbd_snap_set_limit(image: rbd_image_t, limit: u64) -> c_int;
    fn rbd_snap_spec_cleanup(snap: *mut rbd_snap_spec_t);
    fn rbd_snap_trash_namespace_cleanup(trash_snap: *mut rbd_snap_trash_namespace_t, trash_snap_size: usize) -> c_int;
    fn rbd_snap_unprotect(image: rbd_image_t, snap_name: *const c_char) -> c_int;
    fn rbd_sparsify(image: rbd_image_t, sparse_size: usize) -> c_int;
    fn rbd_sparsify_with_progress(image: rbd_image_t, sparse_size: usize, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_stat(image: rbd_image_t, info: *mut rbd_image_info_t, infosize: usize) -> c_int;
    fn rbd_trash_get(io: rados_ioctx_t, id: *const c_char, info: *mut rbd_trash_image_info_t) -> c_int;
    fn rbd_trash_get_cleanup(info: *mut rbd_trash_image_info_t);
    fn rbd_trash_list(io: rados_ioctx_t, trash_entries: *mut rbd_trash_image_info_t, num_entries: *mut usize) -> c_int;
    fn rbd_trash_list_cleanup(trash_entries: *mut rbd_trash_image_info_t, num_entries: usize);
    fn rbd_trash_move(io: rados_ioctx_t, name: *const c_char, delay: u64) -> c_int;
    fn rbd_trash_purge(io: rados_ioctx_t, expire_ts: time_t, threshold: f32) -> c_int;
    fn rbd_trash_purge_with_progress(io: rados_ioctx_t, expire_ts: time_t, threshold: f32, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_trash_remove(io: rados_ioctx_t, id: *const c_char, force: bool) -> c_int;
    fn rbd_trash_remove_with_progress(io: rados_ioctx_t, id: *const c_char, force: bool, cb: librbd_progress_fn_t, cbdata: *mut c_void) -> c_int;
    fn rbd_trash_restore(io: rados_ioctx_t, id: *const c_char, name: *const c_char) -> c_int;
    fn rbd_unlock(image: rbd_image_t, cookie: *const c_char) -> c_int;
    fn rbd_update_features(image: rbd_image_t, features: u64, enabled: u8) -> c_int;
    fn rbd_update_unwatch(image: rbd_image_t, handle: u64) -> c_int;
    fn rbd_update_watch(image: rbd_image_t, handle: *mut u64, watch_cb: rbd_update_callback_t, arg: *mut c_void) -> c_int;
    fn rbd_watchers_list(image: rbd_image_t, watchers: *mut rbd_image_watcher_t, max_watchers: *mut usize) -> c_int;
    fn rbd_watchers_list_cleanup(watchers: *mut rbd_image_watcher_t, num_watchers: usize);
    fn rbd_write(image: rbd_image_t, ofs: u64, len: usize, buf: *const c_char) -> ssize_t;
    fn rbd_write2(image: rbd_image_t, ofs: u64, len: usize, buf: *const c_char, op_flags: c_int) -> ssize_t;
    fn rbd_write_zeroes(image: rbd_image_t, ofs: u64, len: usize, zero_flags: c_int, op_flags: c_int) -> ssize_t;
    fn rbd_writesame(image: rbd_image_t, ofs: u64, len: usize, buf: *const c_char, data_len: usize, op_flags: c_int) -> ssize_t;
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::MISSING.is_sorted_by(|a, b| a < b), "sorted, each name once");
    }
}
