//! Who may write an image: the exclusive lock, and advisory locks that programs take themselves.

use libc::{c_char, c_int, ssize_t};

use super::common::{Room, dup, free_all, image as open, ok};
use crate::capi::buffer::{array, fill_sized, list, opt_text, out, text};
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::rbd::advisory;
use crate::runtime::block_on;

/// The mode of a call on the exclusive lock; `-EOPNOTSUPP` for others than Ceph has.
fn exclusive(mode: rbd_lock_mode_t) -> Result<()> {
    match mode {
        RBD_LOCK_MODE_EXCLUSIVE => Ok(()),
        _ => Err(Errno::EOPNOTSUPP.into()),
    }
}

exports! {
    /// Stores whether this client holds the exclusive lock. Returns 0.
    fn rbd_is_exclusive_lock_owner(image: rbd_image_t, is_owner: *mut c_int) -> c_int => {
        out(is_owner, c_int::from(block_on(open(image)?.is_lock_owner())?));
        Ok(0)
    };
    /// Takes the exclusive lock until rbd_lock_release(): its owner is asked for it. Returns 0,
    /// -EINVAL without the feature, -EROFS, or -EOPNOTSUPP for another mode than
    /// RBD_LOCK_MODE_EXCLUSIVE.
    fn rbd_lock_acquire(image: rbd_image_t, lock_mode: rbd_lock_mode_t) -> c_int => {
        exclusive(lock_mode)?;
        ok(open(image)?.acquire_lock())
    };
    /// Gives up the exclusive lock. Returns 0, or -EINVAL if this client does not hold it.
    fn rbd_lock_release(image: rbd_image_t) -> c_int => ok(open(image)?.give_up_lock());
    /// Lists the owners of the exclusive lock, at most one: its address. Returns 0, -ENOENT if
    /// nobody holds it, or -ERANGE; either way their number goes into `max_lock_owners`.
    fn rbd_lock_get_owners(
        image: rbd_image_t,
        lock_mode: *mut rbd_lock_mode_t,
        lock_owners: *mut *mut c_char,
        max_lock_owners: *mut usize,
    ) -> c_int => {
        let room = Room::new(lock_owners, max_lock_owners)?;
        let owner = block_on(open(image)?.lock_owner())?;
        out(lock_mode, RBD_LOCK_MODE_EXCLUSIVE);
        room.fill_counted(&[owner.address], |address| dup(address))?;
        Ok(0)
    };
    /// Frees what rbd_lock_get_owners() stored in the array.
    fn rbd_lock_get_owners_cleanup(lock_owners: *mut *mut c_char, lock_owner_count: usize) => {
        for owner in array(lock_owners, lock_owner_count)? {
            free_all([*owner]);
        }
        Ok(())
    };
    /// Takes the exclusive lock from its owner, which is put on the blocklist. Returns 0, -EBUSY if
    /// somebody else holds it, or -ENOENT.
    fn rbd_lock_break(
        image: rbd_image_t,
        lock_mode: rbd_lock_mode_t,
        lock_owner: *const c_char,
    ) -> c_int => {
        exclusive(lock_mode)?;
        ok(open(image)?.break_lock_of(text(lock_owner)?))
    };

    /// Takes an advisory lock alone. Returns 0, -EEXIST if this client holds it, or -EBUSY.
    fn rbd_lock_exclusive(image: rbd_image_t, cookie: *const c_char) -> c_int => {
        ok(advisory::lock(open(image)?, true, opt_text(cookie)?.unwrap_or(""), ""))
    };
    /// Takes an advisory lock with others that give the same tag. Returns 0, -EEXIST, or -EBUSY.
    fn rbd_lock_shared(image: rbd_image_t, cookie: *const c_char, tag: *const c_char) -> c_int => {
        let (cookie, tag) = (opt_text(cookie)?.unwrap_or(""), opt_text(tag)?.unwrap_or(""));
        ok(advisory::lock(open(image)?, false, cookie, tag))
    };
    /// Gives up an advisory lock. Returns 0, or -ENOENT.
    fn rbd_unlock(image: rbd_image_t, cookie: *const c_char) -> c_int => {
        ok(advisory::unlock(open(image)?, opt_text(cookie)?.unwrap_or("")))
    };
    /// Ends anyone's advisory lock. Returns 0, -ENOENT, or -EINVAL for what is no client.
    fn rbd_break_lock(
        image: rbd_image_t,
        client: *const c_char,
        cookie: *const c_char,
    ) -> c_int => {
        let cookie = opt_text(cookie)?.unwrap_or("");
        ok(advisory::break_lock(open(image)?, text(client)?, cookie))
    };
    /// Lists who holds advisory locks: clients, cookies and addresses, three lists of strings one
    /// after the other, each closed by a zero. Returns their number, or -ERANGE; either way the
    /// needed bytes go into the sizes.
    fn rbd_list_lockers(
        image: rbd_image_t,
        exclusive: *mut c_int,
        tag: *mut c_char,
        tag_len: *mut usize,
        clients: *mut c_char,
        clients_len: *mut usize,
        cookies: *mut c_char,
        cookies_len: *mut usize,
        addrs: *mut c_char,
        addrs_len: *mut usize,
    ) -> ssize_t => {
        let found = block_on(advisory::lockers(open(image)?))?;
        out(exclusive, c_int::from(found.exclusive));
        let lockers = &found.lockers;
        let filled = [
            (clients, clients_len, list(lockers.iter().map(|one| one.client.as_bytes()))),
            (cookies, cookies_len, list(lockers.iter().map(|one| one.cookie.as_bytes()))),
            (addrs, addrs_len, list(lockers.iter().map(|one| one.address.as_bytes()))),
            (tag, tag_len, list([found.tag.as_bytes()])),
        ]
        .map(|(buf, len, all)| fill_sized(buf, len, &all));
        filled.into_iter().collect::<Result<Vec<usize>>>()?;
        Ok(lockers.len() as ssize_t)
    };
}
