//! Listing the objects of a pool: iterating with a `rados_list_ctx_t`, and in slices between
//! cursors.

use std::collections::VecDeque;

use bytes::Bytes;
use libc::{c_char, c_int};
use parking_lot::Mutex;

use super::context::Context;
use crate::capi::buffer;
use crate::capi::guard::{exports, guard};
use crate::capi::handle::{self, Handle};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, HObject, ListEntry, ListScope, Listing, Name, PoolId, placement};
use crate::rados::IoCtx;
use crate::runtime;

/// Objects asked for at once.
const PAGE: usize = 1024;

/// What stands behind a `rados_list_ctx_t`.
pub(super) struct ListHandle {
    io: IoCtx,
    listing: Listing,
    state: Mutex<State>,
}

struct State {
    /// Entries fetched, the first of them given out: it goes with the next call.
    fetched: VecDeque<ListEntry>,
    /// Where to fetch on.
    next: HObject,
    is_at_end: bool,
    /// The entry given out last, each part ended by a zero byte: C holds pointers to it.
    current: [Vec<u8>; 3],
}

impl Handle for ListHandle {
    const TAG: [u8; 8] = *b"listing\0";
    const BOUND: bool = true;
}

/// What stands behind a `rados_object_list_cursor`: calls move it where it is, since C may have the
/// same cursor in other variables.
struct Cursor(Mutex<HObject>);

impl Cursor {
    fn give(at: HObject) -> rados_object_list_cursor {
        handle::create(Cursor(Mutex::new(at)))
    }

    /// # Safety
    /// The [C API contract](crate::capi::guard#safety).
    unsafe fn place(cursor: rados_object_list_cursor) -> Result<HObject> {
        // SAFETY: the caller's contract.
        Ok(unsafe { handle::get::<Cursor>(cursor)? }.0.lock().clone())
    }
}

impl Handle for Cursor {
    const TAG: [u8; 8] = *b"cursor\0\0";
}

/// What a context lists.
fn listing(io: &IoCtx, filter: Bytes) -> Listing {
    let scope = match io.namespace() {
        all if all.as_bytes() == LIBRADOS_ALL_NSPACES.as_bytes() => ListScope::All,
        one => ListScope::Namespace(one.clone()),
    };
    Listing { pool: io.pool(), scope, filter }
}

impl ListHandle {
    /// Gives out the next entry; `-ENOENT` behind the last.
    fn advance(&self, state: &mut State) -> Result<()> {
        state.fetched.pop_front();
        if state.fetched.is_empty() {
            self.fetch(state)?;
        }
        let entry = state.fetched.front().ok_or(Errno::ENOENT)?;
        let ended = |name: &Name| [name.as_bytes(), b"\0"].concat();
        state.current = [ended(&entry.name), ended(&entry.locator), ended(&entry.namespace)];
        Ok(())
    }

    /// Fetches until there are enough entries, or all; as the original does it, since programs see
    /// where it stands.
    fn fetch(&self, state: &mut State) -> Result<()> {
        if state.is_at_end {
            return Ok(());
        }
        self.io.pool_info()?;
        while !state.next.max && state.fetched.len() < PAGE {
            let page = self.io.engine().list(&self.listing, state.next.clone(), PAGE);
            let page = runtime::block_on(page)?;
            state.fetched.extend(page.entries);
            state.next = page.next;
        }
        state.is_at_end = state.fetched.is_empty();
        Ok(())
    }

    /// A place that begins with the entry given out last, else where to fetch on.
    fn cursor(&self) -> HObject {
        let state = self.state.lock();
        match state.fetched.front() {
            Some(entry) => HObject::of(self.io.pool(), entry, self.io.read_snap()),
            None => state.next.clone(),
        }
    }

    fn seek(&self, to: HObject) {
        let mut state = self.state.lock();
        state.fetched.clear();
        state.is_at_end = false;
        state.next = to;
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn open(io: rados_ioctx_t, ctx: *mut rados_list_ctx_t) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        let io = Context::of(io)?.io();
        let state = State {
            fetched: VecDeque::new(),
            next: HObject::min(),
            is_at_end: false,
            current: [Vec::new(), Vec::new(), Vec::new()],
        };
        let (listing, state) = (listing(&io, Bytes::new()), Mutex::new(state));
        buffer::out(ctx, handle::create(ListHandle { io, listing, state }));
    }
    Ok(0)
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn close(ctx: rados_list_ctx_t) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe { handle::destroy::<ListHandle>(ctx).map(drop) }
}

/// The next object: name, locator (NULL for none) and namespace, with their lengths.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn next(
    ctx: rados_list_ctx_t,
    outputs: [*mut *const c_char; 3],
    sizes: [*mut usize; 3],
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        let iterator = handle::get::<ListHandle>(ctx)?;
        let mut state = iterator.state.lock();
        iterator.advance(&mut state)?;
        for (index, part) in state.current.iter().enumerate() {
            let len = part.len() - 1;
            // Only the locator is null where it is empty.
            let start = if index == 1 && len == 0 { std::ptr::null() } else { part.as_ptr() };
            buffer::out(outputs[index], start.cast());
            buffer::out(sizes[index], len);
        }
    }
    Ok(0)
}

const UNWANTED: *mut usize = std::ptr::null_mut();

exports! {
    /// Begins a listing of the pool's objects in the context's namespace. Returns 0.
    fn rados_nobjects_list_open(io: rados_ioctx_t, ctx: *mut rados_list_ctx_t) -> c_int => {
        open(io, ctx)
    };
    /// The next object: its name, its locator (NULL for none) and its namespace, valid until the
    /// next call. Returns 0, -ENOENT behind the last.
    fn rados_nobjects_list_next(
        ctx: rados_list_ctx_t, entry: *mut *const c_char, key: *mut *const c_char,
        nspace: *mut *const c_char
    ) -> c_int => next(ctx, [entry, key, nspace], [UNWANTED; 3]);
    /// Like `rados_nobjects_list_next`, with lengths.
    fn rados_nobjects_list_next2(
        ctx: rados_list_ctx_t, entry: *mut *const c_char, key: *mut *const c_char,
        nspace: *mut *const c_char, entry_size: *mut usize, key_size: *mut usize,
        nspace_size: *mut usize
    ) -> c_int => next(ctx, [entry, key, nspace], [entry_size, key_size, nspace_size]);
    /// Ends a listing.
    fn rados_nobjects_list_close(ctx: rados_list_ctx_t) => close(ctx);
    /// The placement hash from which on the listing will ask for more, 0 behind the last: not that
    /// of the last object given out.
    fn rados_nobjects_list_get_pg_hash_position(ctx: rados_list_ctx_t) -> u32 => {
        Ok(handle::get::<ListHandle>(ctx)?.state.lock().next.hash)
    };
    /// Moves the listing to a placement hash. Returns `pos`.
    fn rados_nobjects_list_seek(ctx: rados_list_ctx_t, pos: u32) -> u32 => {
        let iterator = handle::get::<ListHandle>(ctx)?;
        iterator.seek(HObject::at_hash(iterator.io.pool(), pos));
        Ok(pos)
    };
    /// Moves the listing to a cursor. Returns the number of the placement group where it is.
    fn rados_nobjects_list_seek_cursor(
        ctx: rados_list_ctx_t, cursor: rados_object_list_cursor
    ) -> u32 => {
        let to = Cursor::place(cursor)?;
        let iterator = handle::get::<ListHandle>(ctx)?;
        let hash = to.hash;
        iterator.seek(to);
        Ok(iterator.io.pool_info().map_or(0, |pool| placement::fold(hash, pool.pg_num)))
    };
    /// A cursor at the object given out last, to be freed with `rados_object_list_cursor_free`.
    /// Returns 0.
    fn rados_nobjects_list_get_cursor(
        ctx: rados_list_ctx_t, cursor: *mut rados_object_list_cursor
    ) -> c_int => {
        let at = handle::get::<ListHandle>(ctx)?.cursor();
        buffer::out(cursor, Cursor::give(at));
        Ok(0)
    };
    /// Begins nothing: use `rados_nobjects_list_open`. Returns -EOPNOTSUPP, as Ceph's does.
    #[deprecated]
    fn rados_objects_list_open(io: rados_ioctx_t, ctx: *mut rados_list_ctx_t) -> c_int => {
        let (_, _) = (io, ctx);
        Err(Errno::EOPNOTSUPP.into())
    };
    /// Finds nothing, as `rados_objects_list_open` begins nothing. Returns -EOPNOTSUPP.
    #[deprecated]
    fn rados_objects_list_next(
        ctx: rados_list_ctx_t, entry: *mut *const c_char, key: *mut *const c_char
    ) -> c_int => {
        let (_, _, _) = (ctx, entry, key);
        Err(Errno::EOPNOTSUPP.into())
    };
    /// Ends nothing.
    #[deprecated]
    fn rados_objects_list_close(ctx: rados_list_ctx_t) => {
        let _ = ctx;
        Ok(())
    };
    /// Always 0.
    #[deprecated]
    fn rados_objects_list_get_pg_hash_position(ctx: rados_list_ctx_t) -> u32 => {
        let _ = ctx;
        Ok(0)
    };
    /// Always 0.
    #[deprecated]
    fn rados_objects_list_seek(ctx: rados_list_ctx_t, pos: u32) -> u32 => {
        let (_, _) = (ctx, pos);
        Ok(0)
    };

    /// A cursor before the first object, to be freed with `rados_object_list_cursor_free`.
    fn rados_object_list_begin(io: rados_ioctx_t) -> rados_object_list_cursor => {
        Context::of(io)?;
        Ok(Cursor::give(HObject::min()))
    };
    /// A cursor behind the last object, to be freed with `rados_object_list_cursor_free`.
    fn rados_object_list_end(io: rados_ioctx_t) -> rados_object_list_cursor => {
        Context::of(io)?;
        Ok(Cursor::give(HObject::max()))
    };
    /// Whether the cursor is behind the last object.
    fn rados_object_list_is_end(io: rados_ioctx_t, cur: rados_object_list_cursor) -> c_int => {
        Context::of(io)?;
        Ok(c_int::from(Cursor::place(cur)?.max))
    };
    /// Frees a cursor.
    fn rados_object_list_cursor_free(io: rados_ioctx_t, cur: rados_object_list_cursor) => {
        let _ = io;
        handle::destroy::<Cursor>(cur).map(drop)
    };
    /// Compares two cursors: -1, 0 or 1.
    fn rados_object_list_cursor_cmp(
        io: rados_ioctx_t, lhs: rados_object_list_cursor, rhs: rados_object_list_cursor
    ) -> c_int => {
        let _ = io;
        Ok(Cursor::place(lhs)?.cmp(&Cursor::place(rhs)?) as c_int)
    };
    /// Frees what `rados_object_list` wrote into `results`.
    fn rados_object_list_free(result_size: usize, results: *mut rados_object_list_item) => {
        if results.is_null() {
            return Err(Errno::EINVAL.into());
        }
        for index in 0..result_size {
            let item = &mut *results.add(index);
            for part in [&mut item.oid, &mut item.nspace, &mut item.locator] {
                buffer::free(std::mem::replace(part, std::ptr::null_mut()));
            }
        }
        Ok(())
    };
    /// Cuts what lies between two cursors into `m` parts and moves the split cursors around part
    /// `n`.
    fn rados_object_list_slice(
        io: rados_ioctx_t, start: rados_object_list_cursor, finish: rados_object_list_cursor,
        n: usize, m: usize, split_start: *mut rados_object_list_cursor,
        split_finish: *mut rados_object_list_cursor
    ) => {
        let pool = Context::of(io)?.io().pool();
        let (start, finish) = (Cursor::place(start)?, Cursor::place(finish)?);
        let [first, last] = slice(pool, &start, &finish, n, m)?;
        replace(split_start, first)?;
        replace(split_finish, last)
    };
}

/// The two ends of part `n` of `m`. Parts are cut between placement hashes; what comes of a part
/// that there is not is as with the original.
fn slice(
    pool: PoolId,
    start: &HObject,
    finish: &HObject,
    n: usize,
    m: usize,
) -> Result<[HObject; 2]> {
    if start.max {
        return Ok([HObject::max(), HObject::max()]);
    }
    let (part, parts) = (n as u64, m as u64);
    let first = u64::from(start.hash.reverse_bits());
    let behind = if finish.max { 1 << 32 } else { u64::from(finish.hash.reverse_bits()) };
    let width = behind.wrapping_sub(first);
    let cut = |part: u64| -> Result<u64> {
        let share = width.wrapping_mul(part).checked_div(parts);
        Ok(first.wrapping_add(share.ok_or(Errno::EINVAL)?))
    };
    let at = |place: u64| HObject::at_hash(pool, (place as u32).reverse_bits());
    let split_start = if part == 0 { start.clone() } else { at(cut(part)?) };
    let split_finish = match cut(part.wrapping_add(1))? {
        _ if part == parts.wrapping_sub(1) => finish.clone(),
        place if place >= 1 << 32 => HObject::max(),
        place => at(place),
    };
    Ok([split_start, split_finish])
}

/// Moves a cursor of the caller's; where there is none, it gets one.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn replace(cursor: *mut rados_object_list_cursor, value: HObject) -> Result<()> {
    if cursor.is_null() {
        return Err(Errno::EINVAL.into());
    }
    // SAFETY: the caller's contract.
    unsafe {
        match cursor.read() {
            none if none.is_null() => cursor.write(Cursor::give(value)),
            old => *handle::get::<Cursor>(old)?.0.lock() = value,
        }
    }
    Ok(())
}

/// An item of a listing, in memory that `rados_object_list_free` frees.
fn item(entry: &ListEntry) -> Result<rados_object_list_item> {
    let part = |name: &Name| buffer::give((!name.is_empty()).then_some(name.as_bytes()));
    Ok(rados_object_list_item {
        oid_length: entry.name.as_bytes().len(),
        oid: buffer::give(Some(entry.name.as_bytes()))?,
        nspace_length: entry.namespace.as_bytes().len(),
        nspace: part(&entry.namespace)?,
        locator_length: entry.locator.as_bytes().len(),
        locator: part(&entry.locator)?,
    })
}

/// Lists objects from `start` up to `finish`, at most `result_size`, into `results`, to be freed
/// with `rados_object_list_free`; `*next` is moved behind them. `filter_buf` takes those through
/// that a filter of the OSDs does: its encoded name (`plain`, or `class.filter`) and what it wants,
/// for `plain` the name of an xattr behind `_` and its value. Returns how many; -EINVAL for a
/// `result_size` of 0, ends in the wrong order or a filter that there is not.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_object_list(
    io: rados_ioctx_t,
    start: rados_object_list_cursor,
    finish: rados_object_list_cursor,
    result_size: usize,
    filter_buf: *const c_char,
    filter_buf_len: usize,
    results: *mut rados_object_list_item,
    next: *mut rados_object_list_cursor,
) -> c_int {
    guard("rados_object_list", || {
        // SAFETY: C API contract.
        unsafe {
            if results.is_null() || next.is_null() {
                return Err(Errno::EINVAL.into());
            }
            let filter = match filter_buf.is_null() {
                true => Bytes::new(),
                false => Bytes::copy_from_slice(buffer::bytes(filter_buf, filter_buf_len)?),
            };
            let io = Context::of(io)?.io();
            let from = Cursor::place(start)?;
            let until = Cursor::place(finish)?;
            results.write_bytes(0, result_size);
            let listing = listing(&io, filter);
            let page = io.engine().list_range(&listing, from, &until, result_size);
            let page = match runtime::block_on(page) {
                Ok(page) => page,
                Err(error) => {
                    replace(next, HObject::max())?;
                    return Err(error);
                }
            };
            for (index, entry) in page.entries.iter().enumerate() {
                results.add(index).write(item(entry)?);
            }
            replace(next, page.next)?;
            Ok(page.entries.len() as c_int)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_everything_once() {
        let (pool, begin, end) = (PoolId(1), HObject::min(), HObject::max());
        for m in [1, 2, 3, 7, 4096] {
            let mut at = begin.clone();
            for n in 0..m {
                let [first, last] = slice(pool, &begin, &end, n, m).unwrap();
                assert_eq!(first, at);
                assert!(first < last);
                at = last;
            }
            assert_eq!(at, end);
        }
        assert!(slice(pool, &begin, &end, 0, 0).is_err());
        assert_eq!(slice(pool, &end, &begin, 1, 3).unwrap(), [end.clone(), end.clone()]);
        let [first, last] = slice(pool, &begin, &end, 3, 2).unwrap();
        assert_eq!((first.hash, last), (1, end));
    }
}
