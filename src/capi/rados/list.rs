//! Listing the objects of a pool: iterating with a `rados_list_ctx_t`, and in slices between
//! cursors.

use std::collections::VecDeque;

use libc::{c_char, c_int};
use parking_lot::Mutex;

use super::context::Context;
use crate::capi::buffer;
use crate::capi::guard::{Failure, exports, guard};
use crate::capi::handle::{self, Handle};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{ListCursor, ListEntry, ListPage, ListScope, Name};
use crate::rados::IoCtx;
use crate::runtime;

/// Objects asked for at once.
const PAGE: usize = 1024;

/// What stands behind a `rados_list_ctx_t`.
pub(super) struct Listing {
    io: IoCtx,
    state: Mutex<State>,
}

struct State {
    /// Entries fetched and not given out.
    ready: VecDeque<ListEntry>,
    next: ListCursor,
    /// The entry given out last, each part ended by a zero byte: C holds pointers to it.
    current: [Vec<u8>; 3],
}

impl Handle for Listing {
    const TAG: [u8; 8] = *b"listing\0";
}

/// What stands behind a `rados_object_list_cursor`.
struct Cursor(ListCursor);

impl Handle for Cursor {
    const TAG: [u8; 8] = *b"cursor\0\0";
}

/// The namespaces that a context lists.
fn scope(io: &IoCtx) -> ListScope {
    match io.namespace() {
        all if all.as_bytes() == LIBRADOS_ALL_NSPACES.as_bytes() => ListScope::All,
        one => ListScope::Namespace(one.clone()),
    }
}

fn page(io: &IoCtx, from: ListCursor, until: ListCursor, max: usize) -> Result<ListPage> {
    runtime::block_on(io.engine().list(io.pool(), &scope(io), from, until, max))
}

fn reversed(hash: u32) -> u64 {
    u64::from(hash.reverse_bits())
}

impl Listing {
    /// Gives out the next entry; `-ENOENT` behind the last.
    fn advance(&self, state: &mut State) -> Result<()> {
        while state.ready.is_empty() {
            if state.next.is_end() {
                return Err(Errno::ENOENT.into());
            }
            let page = page(&self.io, state.next.clone(), ListCursor::end(), PAGE)?;
            state.ready = page.entries.into();
            state.next = page.next;
        }
        if let Some(entry) = state.ready.pop_front() {
            let ended = |name: &Name| [name.as_bytes(), b"\0"].concat();
            state.current = [ended(&entry.name), ended(&entry.locator), ended(&entry.namespace)];
        }
        Ok(())
    }

    /// Where the listing stands: at the first entry not given out.
    fn cursor(state: &State) -> ListCursor {
        match state.ready.front() {
            Some(entry) => cursor_at(entry),
            None => state.next.clone(),
        }
    }

    fn seek(&self, to: ListCursor) -> u32 {
        let mut state = self.state.lock();
        state.ready.clear();
        state.next = to;
        position(&state.next)
    }
}

/// A cursor that begins at an entry.
fn cursor_at(entry: &ListEntry) -> ListCursor {
    let key = if entry.locator.is_empty() { &entry.name } else { &entry.locator };
    let object = Some((entry.namespace.clone(), key.clone(), entry.name.clone()));
    ListCursor { hash: reversed(entry.hash), object }
}

/// The placement hash of a cursor, as C counts positions.
fn position(cursor: &ListCursor) -> u32 {
    u32::try_from(cursor.hash).map_or(u32::MAX, u32::reverse_bits)
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn open(io: rados_ioctx_t, ctx: *mut rados_list_ctx_t) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        let io = Context::of(io)?.io();
        io.pool_info()?;
        let state = State {
            ready: VecDeque::new(),
            next: ListCursor::begin(),
            current: [Vec::new(), Vec::new(), Vec::new()],
        };
        buffer::out(ctx, handle::create(Listing { io, state: Mutex::new(state) }));
    }
    Ok(0)
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn close(ctx: rados_list_ctx_t) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe { handle::destroy::<Listing>(ctx).map(drop) }
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
        let listing = handle::get::<Listing>(ctx)?;
        let mut state = listing.state.lock();
        listing.advance(&mut state)?;
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

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn hash_position(ctx: rados_list_ctx_t) -> Result<u32> {
    // SAFETY: the caller's contract.
    let listing = unsafe { handle::get::<Listing>(ctx)? };
    Ok(position(&Listing::cursor(&listing.state.lock())))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn seek(ctx: rados_list_ctx_t, pos: u32) -> Result<u32> {
    // SAFETY: the caller's contract.
    let listing = unsafe { handle::get::<Listing>(ctx)? };
    Ok(listing.seek(ListCursor { hash: reversed(pos), object: None }))
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
    /// The placement hash where the listing stands.
    fn rados_nobjects_list_get_pg_hash_position(ctx: rados_list_ctx_t) -> u32 => hash_position(ctx);
    /// Moves the listing to a placement hash. Returns where it is.
    fn rados_nobjects_list_seek(ctx: rados_list_ctx_t, pos: u32) -> u32 => seek(ctx, pos);
    /// Moves the listing to a cursor. Returns the placement hash where it is.
    fn rados_nobjects_list_seek_cursor(
        ctx: rados_list_ctx_t, cursor: rados_object_list_cursor
    ) -> u32 => {
        let to = handle::get::<Cursor>(cursor)?.0.clone();
        Ok(handle::get::<Listing>(ctx)?.seek(to))
    };
    /// A cursor where the listing stands, to be freed with `rados_object_list_cursor_free`. Returns
    /// 0.
    fn rados_nobjects_list_get_cursor(
        ctx: rados_list_ctx_t, cursor: *mut rados_object_list_cursor
    ) -> c_int => {
        let at = Listing::cursor(&handle::get::<Listing>(ctx)?.state.lock());
        buffer::out(cursor, handle::create(Cursor(at)));
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
        Ok(handle::create(Cursor(ListCursor::begin())))
    };
    /// A cursor behind the last object, to be freed with `rados_object_list_cursor_free`.
    fn rados_object_list_end(io: rados_ioctx_t) -> rados_object_list_cursor => {
        Context::of(io)?;
        Ok(handle::create(Cursor(ListCursor::end())))
    };
    /// Whether the cursor is behind the last object.
    fn rados_object_list_is_end(io: rados_ioctx_t, cur: rados_object_list_cursor) -> c_int => {
        Context::of(io)?;
        Ok(c_int::from(handle::get::<Cursor>(cur)?.0.is_end()))
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
        Ok(handle::get::<Cursor>(lhs)?.0.cmp(&handle::get::<Cursor>(rhs)?.0) as c_int)
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
        Context::of(io)?;
        let (start, finish) = (&handle::get::<Cursor>(start)?.0, &handle::get::<Cursor>(finish)?.0);
        let [first, last] = slice(start, finish, n, m)?;
        replace(split_start, first)?;
        replace(split_finish, last)
    };
}

/// The two ends of part `n` of `m`. Parts are cut between placement hashes.
fn slice(start: &ListCursor, finish: &ListCursor, n: usize, m: usize) -> Result<[ListCursor; 2]> {
    if m == 0 || n >= m {
        return Err(Errno::EINVAL.because("there is no such part"));
    }
    let width = finish.hash.saturating_sub(start.hash);
    let cut = |part: usize| match part {
        0 => start.clone(),
        part if part == m => finish.clone(),
        part => {
            let offset = u128::from(width) * part as u128 / m as u128;
            ListCursor { hash: start.hash + offset as u64, object: None }
        }
    };
    Ok([cut(n), cut(n + 1)])
}

/// Puts another value in the place of a cursor of the caller's, which the call frees.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn replace(cursor: *mut rados_object_list_cursor, value: ListCursor) -> Result<()> {
    if cursor.is_null() {
        return Err(Errno::EINVAL.into());
    }
    // SAFETY: the caller's contract.
    unsafe {
        let old = cursor.replace(handle::create(Cursor(value)));
        if !old.is_null() {
            handle::destroy::<Cursor>(old)?;
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
/// with `rados_object_list_free`; `*next` is moved behind them. Returns how many. A filter is
/// -EOPNOTSUPP.
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
            if !buffer::bytes(filter_buf, filter_buf_len)?.is_empty() {
                return Ok(Failure::failure(Errno::EOPNOTSUPP));
            }
            let io = Context::of(io)?.io();
            let from = handle::get::<Cursor>(start)?.0.clone();
            let until = handle::get::<Cursor>(finish)?.0.clone();
            let page = page(&io, from, until, result_size)?;
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
        let (begin, end) = (ListCursor::begin(), ListCursor::end());
        for m in [1, 2, 3, 7, 4096] {
            let mut at = begin.clone();
            for n in 0..m {
                let [first, last] = slice(&begin, &end, n, m).unwrap();
                assert_eq!(first, at);
                assert!(first < last);
                at = last;
            }
            assert_eq!(at, end);
        }
        assert!(slice(&begin, &end, 3, 3).is_err());
        assert!(slice(&begin, &end, 0, 0).is_err());
    }
}
