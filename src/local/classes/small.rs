//! The classes `hello`, `numops`, `refcount` and `version`.

use bytes::Bytes;

use super::ClassContext;
use super::table::{Method, changes, reads, writes};
use crate::cls::Method as _;
use crate::cls::small::*;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const HELLO: &[Method] = &[
    reads("say_hello", |_, input| greeting(input)),
    writes("record_hello", record_hello),
    writes("write_return_data", write_return_data),
    writes("writes_dont_return_data", write_return_data),
    writes("write_too_much_return_data", write_too_much_return_data),
    reads("replay", |ctx, _| ctx.read(0, HELLO_MAX)),
    changes("turn_it_to_11", turn_it_to_11),
    // Counter-examples: an OSD refuses what they do, because they did not say that they would.
    writes("bad_reader", |ctx, _| ctx.read(0, 100).and(Err(Errno::EIO.into()))),
    reads("bad_writer", |_, _| Err(Errno::EIO.into())),
];

pub(super) const NUMOPS: &[Method] = &[
    method!(changes NumAdd => |ctx, arg| calculate(ctx, &arg.key, &arg.number, |a, b| a + b)),
    method!(changes NumMul => |ctx, arg| calculate(ctx, &arg.key, &arg.number, |a, b| a * b)),
];

pub(super) const REFCOUNT: &[Method] = &[
    method!(changes RefGet => |ctx, arg| {
        let mut stored = load_refs(ctx, arg.implicit)?;
        stored.refs.insert(arg.tag, true);
        store(ctx, REFCOUNT_XATTR, &stored)
    }),
    method!(changes RefPut => ref_put),
    method!(changes RefSet => ref_set),
    method!(reads RefRead => |ctx, arg| {
        Ok(Refs { refs: load_refs(ctx, arg.implicit)?.refs.into_keys().collect() })
    }),
];

pub(super) const VERSION: &[Method] = &[
    method!(changes VersionSet => |ctx, arg| store(ctx, VERSION_XATTR, &arg.version)),
    method!(changes VersionInc => version_inc),
    changes("inc_conds", |ctx, input| {
        version_inc(ctx, VersionInc::argument(input)?).map(|()| Bytes::new())
    }),
    method!(reads VersionRead => |ctx, _| {
        Ok(VersionIs { version: load_version(ctx)?.unwrap_or_default() })
    }),
    method!(reads VersionCheck => |ctx, arg| {
        check(&load_version(ctx)?.unwrap_or_default(), &arg.conditions)
    }),
];

fn load<T: Decode>(ctx: Context<'_>, xattr: &str) -> Result<Option<T>> {
    match ctx.xattr(xattr.as_bytes()) {
        Ok(value) => {
            let decoded = T::decode(&mut Reader::new(&value), "xattr");
            Ok(Some(decoded.map_err(|_| Errno::EIO)?))
        }
        Err(error) if error == Errno::ENODATA => Ok(None),
        Err(error) => Err(error),
    }
}

/// The object's version; `None` also without the object.
fn load_version(ctx: Context<'_>) -> Result<Option<ObjectVersion>> {
    match load(ctx, VERSION_XATTR) {
        Err(error) if error == Errno::ENOENT => Ok(None),
        other => other,
    }
}

fn store(ctx: Context<'_>, xattr: &str, value: &impl Encode) -> Result<()> {
    ctx.set_xattr(xattr.as_bytes(), Writer::of(value))
}

/// Most bytes of an object that `hello` looks at.
const HELLO_MAX: u64 = 1100;

fn greeting(whom: &[u8]) -> Result<Bytes> {
    if whom.len() > 100 {
        return Err(Errno::EINVAL.into());
    }
    let whom = if whom.is_empty() { b"world".as_slice() } else { whom };
    Ok([b"Hello, ", whom, b"!"].concat().into())
}

/// Who calls, as an entity prints itself.
fn caller(ctx: Context<'_>) -> Bytes {
    let caller = ctx.caller();
    format!("client.{} {}", caller.client, caller.addr).into()
}

fn record_hello(ctx: Context<'_>, whom: &Bytes) -> Result<Bytes> {
    let greeting = greeting(whom)?;
    if ctx.stat().is_ok() {
        return Err(Errno::EEXIST.into());
    }
    ctx.write_full(greeting.into())?;
    let said_by = caller(ctx);
    ctx.set_xattr(b"said_by", said_by)?;
    Ok(Bytes::new())
}

fn write_return_data(ctx: Context<'_>, input: &Bytes) -> Result<Bytes> {
    if !input.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    ctx.set_xattr(b"foo", Bytes::from_static(b"bar"))?;
    Ok(Bytes::from_static(b"you might see this"))
}

fn write_too_much_return_data(ctx: Context<'_>, _: &Bytes) -> Result<Bytes> {
    ctx.set_xattr(b"foo", Bytes::from_static(b"bar"))?;
    Ok(b"you should not see this because it is toooooo long. ".repeat(10).into())
}

fn turn_it_to_11(ctx: Context<'_>, input: &Bytes) -> Result<Bytes> {
    if !input.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    let loud = ctx.read(0, HELLO_MAX)?.to_ascii_uppercase();
    ctx.write_full(loud.into())?;
    let amplified_by = caller(ctx);
    ctx.set_xattr(b"amplified_by", amplified_by)?;
    Ok(Bytes::new())
}

fn calculate(ctx: Context<'_>, key: &str, by: &str, f: fn(f64, f64) -> f64) -> Result<()> {
    let by = number(by.as_bytes()).ok_or(Errno::EINVAL)?;
    let before = match ctx.omap_get(key.as_bytes()) {
        Ok(stored) => number(&stored).ok_or(Errno::EBADMSG)?,
        Err(error) if error == Errno::ENOENT => 0.0,
        Err(error) => return Err(error),
    };
    let after = ten_digits(f(before, by));
    ctx.omap_set(vec![(Bytes::copy_from_slice(key.as_bytes()), after.into())])
}

fn number(text: &[u8]) -> Option<f64> {
    match std::str::from_utf8(text).ok()?.trim_start() {
        "" => Some(0.0),
        text => text.parse().ok(),
    }
}

/// A number as `%.10g` prints it.
fn ten_digits(number: f64) -> String {
    if !number.is_finite() {
        return number.to_string().to_lowercase();
    }
    let scientific = format!("{number:.9e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..10).contains(&exponent) {
        trim(&format!("{number:.0$}", usize::try_from(9 - exponent).unwrap_or(0)))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim(digits), exponent.abs())
    }
}

const REFCOUNT_XATTR: &str = "refcount";

fn load_refs(ctx: Context<'_>, implicit: bool) -> Result<StoredRefs> {
    Ok(load(ctx, REFCOUNT_XATTR)?.unwrap_or_else(|| {
        // The reference that nobody named has an empty tag.
        let unnamed = implicit.then(|| (String::new(), true));
        StoredRefs { refs: unnamed.into_iter().collect(), ..StoredRefs::default() }
    }))
}

fn ref_put(ctx: Context<'_>, arg: RefPut) -> Result<()> {
    let mut stored = load_refs(ctx, arg.implicit)?;
    if stored.refs.is_empty() {
        return Err(Errno::EINVAL.because("there are no references"));
    }
    if stored.retired.contains(&arg.tag) {
        return Ok(());
    }
    let named = stored.refs.remove(&arg.tag).is_some();
    let dropped = named || (arg.implicit && stored.refs.remove("").is_some());
    if !dropped {
        return Ok(());
    }
    stored.retired.insert(arg.tag);
    if stored.refs.is_empty() { ctx.remove() } else { store(ctx, REFCOUNT_XATTR, &stored) }
}

fn ref_set(ctx: Context<'_>, arg: RefSet) -> Result<()> {
    if arg.refs.is_empty() {
        return ctx.remove();
    }
    let refs = arg.refs.into_iter().map(|tag| (tag, true)).collect();
    store(ctx, REFCOUNT_XATTR, &StoredRefs { refs, ..StoredRefs::default() })
}

const VERSION_XATTR: &str = "ceph.objclass.version";

fn version_inc(ctx: Context<'_>, arg: VersionInc) -> Result<()> {
    let mut version = match load_version(ctx)? {
        Some(version) => version,
        None => ObjectVersion { version: 1, tag: random_tag()? },
    };
    check(&version, &arg.conditions)?;
    version.version += 1;
    store(ctx, VERSION_XATTR, &version)
}

/// 24 characters of the base64 alphabet.
fn random_tag() -> Result<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut random = [0u8; 24];
    getrandom::fill(&mut random).map_err(|_| Errno::EIO)?;
    Ok(random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])).collect())
}

fn check(is: &ObjectVersion, conditions: &[VersionCondition]) -> Result<()> {
    let met = |condition: &VersionCondition| {
        let wanted = &condition.version;
        match condition.how {
            1 => is == wanted,
            2 => is.version > wanted.version,
            3 => is.version >= wanted.version,
            4 => is.version < wanted.version,
            5 => is.version <= wanted.version,
            6 => is.tag == wanted.tag,
            7 => is.tag != wanted.tag,
            _ => true,
        }
    };
    match conditions.iter().all(met) {
        true => Ok(()),
        false => Err(Errno::ECANCELED.into()),
    }
}
