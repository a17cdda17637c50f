//! Pairs of keys and values kept with an image, its settings, and who has it open.

use libc::{c_char, c_int};

use super::common::{Room, dup, free_all, image as open, ok, pairs_out};
use super::pool::{free_options, option_to_c, sized_value};
use crate::capi::buffer::{array, text};
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::rbd::{advisory, metadata};
use crate::runtime::block_on;

exports! {
    /// Copies a value of the image's metadata, with a closing zero. Returns 0, -ENOENT, or -ERANGE
    /// and the needed bytes in `val_len`.
    fn rbd_metadata_get(
        image: rbd_image_t,
        key: *const c_char,
        value: *mut c_char,
        val_len: *mut usize,
    ) -> c_int => {
        let found = block_on(metadata::get(open(image)?, text(key)?));
        sized_value(value, val_len, found)
    };
    /// Sets a pair of the image's metadata; `conf_` and the name of an option sets that for it.
    /// Returns 0, -EROFS, or -EINVAL.
    fn rbd_metadata_set(image: rbd_image_t, key: *const c_char, value: *const c_char) -> c_int => {
        ok(metadata::set(open(image)?, text(key)?, text(value)?))
    };
    /// Removes a pair of the image's metadata. Returns 0, -EROFS, or -ENOENT.
    fn rbd_metadata_remove(image: rbd_image_t, key: *const c_char) -> c_int => {
        ok(metadata::remove(open(image)?, text(key)?))
    };
    /// Lists pairs of the image's metadata behind the key `start`, at most `max` or 0 for all: keys
    /// and values, each closed by a zero. Returns 0, or -ERANGE; either way the needed bytes go
    /// into the sizes.
    fn rbd_metadata_list(
        image: rbd_image_t,
        start: *const c_char,
        max: u64,
        keys: *mut c_char,
        key_len: *mut usize,
        values: *mut c_char,
        vals_len: *mut usize,
    ) -> c_int => {
        let pairs = block_on(metadata::list(open(image)?, text(start)?, max))?;
        pairs_out((keys, key_len), (values, vals_len), &pairs)
    };
    /// Lists the options that the image may override. Returns 0, or -ERANGE; either way their
    /// number goes into `max_options`.
    fn rbd_config_image_list(
        image: rbd_image_t,
        options: *mut rbd_config_option_t,
        max_options: *mut c_int,
    ) -> c_int => {
        let room = Room::new(options, max_options)?;
        room.fill_counted(&block_on(metadata::list_config(open(image)?))?, option_to_c)?;
        Ok(0)
    };
    /// Frees what rbd_config_image_list() stored in the array.
    fn rbd_config_image_list_cleanup(options: *mut rbd_config_option_t, max_options: c_int) => {
        free_options(options, max_options)
    };
    /// Lists the clients that have the image open for writing. Returns 0, or -ERANGE; either way
    /// their number goes into `max_watchers`.
    fn rbd_watchers_list(
        image: rbd_image_t,
        watchers: *mut rbd_image_watcher_t,
        max_watchers: *mut usize,
    ) -> c_int => {
        let room = Room::new(watchers, max_watchers)?;
        room.fill_counted(&block_on(advisory::watchers(open(image)?))?, |watcher| {
            Ok(rbd_image_watcher_t {
                addr: dup(&watcher.addr)?,
                id: watcher.client,
                cookie: watcher.cookie,
            })
        })?;
        Ok(0)
    };
    /// Frees what rbd_watchers_list() stored in the array.
    fn rbd_watchers_list_cleanup(watchers: *mut rbd_image_watcher_t, num_watchers: usize) => {
        for watcher in array(watchers, num_watchers)? {
            free_all([watcher.addr]);
        }
        Ok(())
    };
}
