//! Finding and running a method.

use bytes::Bytes;

use super::context::ClassContext;
use crate::errno::{Errno, Result};

/// What a method may do. An operation with a method that writes is a write operation, whatever else
/// is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodFlags {
    /// It reads the object.
    pub read: bool,
    /// It changes the object.
    pub write: bool,
}

/// A method as its class registers it.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) flags: MethodFlags,
    pub(super) run: Run,
}

/// The body: the encoded argument in, the encoded reply out.
pub(super) type Run = fn(&mut dyn ClassContext, &Bytes) -> Result<Bytes>;

/// A method that only reads.
pub(super) const fn reads(name: &'static str, run: Run) -> Method {
    Method { name, flags: MethodFlags { read: true, write: false }, run }
}

/// A method that only writes.
pub(super) const fn writes(name: &'static str, run: Run) -> Method {
    Method { name, flags: MethodFlags { read: false, write: true }, run }
}

/// A method that reads and writes.
pub(super) const fn changes(name: &'static str, run: Run) -> Method {
    Method { name, flags: MethodFlags { read: true, write: true }, run }
}

/// A method whose argument and reply are those of a call: `method!(reads GetSize => get_size)`.
macro_rules! method {
    ($kind:ident $argument:ty => $run:expr) => {
        $crate::local::classes::table::$kind(
            <$argument as $crate::cls::Method>::NAME,
            |context, input| {
                let run: fn(
                    &mut dyn $crate::local::classes::ClassContext,
                    $argument,
                )
                    -> $crate::errno::Result<<$argument as $crate::cls::Method>::Reply> = $run;
                let argument = <$argument as $crate::cls::Method>::argument(input)?;
                Ok($crate::codec::Writer::of(&run(context, argument)?))
            },
        )
    };
}

/// The classes and their methods, in groups.
const CLASSES: &[(&str, &[&[Method]])] = &[
    ("rbd", super::rbd::METHODS),
    ("lock", &[super::lock::METHODS]),
    ("refcount", &[super::small::REFCOUNT]),
    ("version", &[super::small::VERSION]),
    ("numops", &[super::small::NUMOPS]),
    ("hello", &[super::small::HELLO]),
];

/// The methods of a class; `-EPERM` if there is none.
fn class_of(name: &str) -> Result<&'static [&'static [Method]]> {
    let (_, groups) = CLASSES.iter().find(|(class, _)| *class == name).ok_or_else(|| {
        // An OSD may load only the classes of `osd_class_load_list`.
        Errno::EPERM.because(format!("no object class {name}"))
    })?;
    Ok(groups)
}

/// Fails with `-EPERM` if there is no such class.
pub fn check(class: &str) -> Result<()> {
    class_of(class).map(drop)
}

fn find(class: &str, method: &str) -> Result<&'static Method> {
    class_of(class)?
        .iter()
        .copied()
        .flatten()
        .find(|candidate| candidate.name == method)
        .ok_or_else(|| Errno::EOPNOTSUPP.because(format!("no class method {class}.{method}")))
}

/// What a method may do. Fails with `-EPERM` if there is no such class and with `-EOPNOTSUPP` if it
/// has no such method (measured on 16.2.15).
pub fn flags(class: &str, method: &str) -> Result<MethodFlags> {
    find(class, method).map(|method| method.flags)
}

/// Runs a method on the object behind `context` and returns its encoded reply.
///
/// Fails as [`flags`] does, with `-EINVAL` if the argument cannot be decoded, and as the method
/// says. What it wrote before it failed must then be undone.
pub fn call(
    class: &str,
    method: &str,
    context: &mut dyn ClassContext,
    input: &Bytes,
) -> Result<Bytes> {
    (find(class, method)?.run)(context, input)
        .map_err(|error| error.context(format_args!("{class}.{method}")))
}
