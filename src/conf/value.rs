//! Values of options: text in, typed value kept, text out, with the checks Ceph makes on the way.

use std::fmt;

use super::addr::Address;
use super::number;
use super::options::{Kind, Opt};
use super::validate;
use crate::errno::{Errno, Result};

/// The value of an option.
#[derive(Clone, PartialEq, PartialOrd, Debug)]
pub enum Value {
    /// Of a [`Kind::Bool`].
    Bool(bool),
    /// Of a [`Kind::Int`].
    Int(i64),
    /// Of a [`Kind::Uint`], and bytes of a [`Kind::Size`].
    Uint(u64),
    /// Of a [`Kind::Float`].
    Float(f64),
    /// Of a [`Kind::Str`] or [`Kind::DebugLevel`], metavariables not expanded.
    Text(Box<str>),
    /// Of a [`Kind::Seconds`].
    Seconds(i64),
    /// Of a [`Kind::Millis`].
    Millis(i64),
    /// Of a [`Kind::Addr`] and [`Kind::Addrs`].
    Addrs(Vec<Address>),
    /// Of a [`Kind::Uuid`].
    Uuid(uuid::Uuid),
}

impl Value {
    /// Reads a value of `option` and checks it against the option's bounds.
    ///
    /// # Errors
    /// `EINVAL` when it is no such value or out of bounds, `ERANGE` for a debug level beyond 0 to
    /// 99.
    pub fn parse(option: &Opt, text: &str) -> Result<Value> {
        let text = validate::normalize(option, text)?;
        let value = Value::read(option.kind, &text).map_err(|why| {
            let name = option.name;
            if option.is_secret() {
                return Errno::EINVAL.because(format!("{name}: bad value"));
            }
            Errno::EINVAL.because(format!("{name}: {why}"))
        })?;
        value.check_bounds(option)?;
        Ok(value)
    }

    /// An option's default. The table is right by test, so nothing is checked.
    pub(super) fn default_of(option: &Opt) -> Value {
        Value::read(option.kind, option.default)
            .unwrap_or_else(|_| Value::Text(option.default.into()))
    }

    fn read(kind: Kind, text: &str) -> std::result::Result<Value, String> {
        Ok(match kind {
            Kind::Bool => Value::Bool(number::boolean(text)?),
            Kind::Int => Value::Int(number::signed(text)?),
            Kind::Uint => Value::Uint(number::unsigned(text)?),
            Kind::Float => Value::Float(number::float(text)?),
            Kind::Str | Kind::DebugLevel => {
                Value::Text(text.split('\0').next().unwrap_or(text).into())
            }
            Kind::Size => Value::Uint(number::bytes(text)?),
            Kind::Seconds => Value::Seconds(number::seconds(text)?),
            Kind::Millis => Value::Millis(number::millis(text)?),
            Kind::Addr => {
                let address = Address::parse(text).ok_or("bad address")?;
                Value::Addrs(vec![address])
            }
            Kind::Addrs => Value::Addrs(Address::parse_list(text).ok_or("bad address")?),
            Kind::Uuid => Value::Uuid(parse_uuid(text).ok_or("bad UUID")?),
        })
    }

    fn check_bounds(&self, option: &Opt) -> Result<()> {
        // Measured: an option in milliseconds that has a minimum accepts no value at all, because
        // the original compares the bound as if it were of another type.
        if option.kind == Kind::Millis && option.minimum().is_some() {
            return Err(Errno::EINVAL.because(format!("{} cannot be set", option.name)));
        }
        let bound = |text: &str| match option.kind {
            // One bound is written as a negative number and is a huge one.
            Kind::Uint => text.parse().map(Value::Uint).ok(),
            kind => Value::read(kind, text).ok(),
        };
        let name = option.name;
        if let Some(minimum) = option.minimum()
            && bound(minimum).is_some_and(|minimum| *self < minimum)
        {
            return Err(Errno::EINVAL.because(format!("{name}: {self} is below {minimum}")));
        }
        if let Some(maximum) = option.maximum()
            && bound(maximum).is_some_and(|maximum| *self > maximum)
        {
            return Err(Errno::EINVAL.because(format!("{name}: {self} is above {maximum}")));
        }
        if let (Some(mut permitted), Value::Text(text)) = (option.permitted(), self)
            && !permitted.any(|value| value == &**text)
        {
            return Err(Errno::EINVAL.because(format!("{name}: '{text}' is not permitted")));
        }
        Ok(())
    }
}

/// A UUID with or without its dashes and braces.
fn parse_uuid(text: &str) -> Option<uuid::Uuid> {
    if text.starts_with("urn:") {
        return None;
    }
    let text = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    uuid::Uuid::parse_str(text).ok()
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) | Value::Seconds(value) | Value::Millis(value) => {
                write!(f, "{value}")
            }
            Value::Uint(value) => write!(f, "{value}"),
            Value::Float(value) if value.is_nan() => {
                f.write_str(if value.is_sign_negative() { "-nan" } else { "nan" })
            }
            Value::Float(value) => write!(f, "{value:.6}"),
            Value::Text(value) => f.write_str(value),
            Value::Addrs(list) => match &list[..] {
                [one] => write!(f, "{one}"),
                _ => {
                    let texts: Vec<_> = list.iter().map(Address::to_string).collect();
                    write!(f, "[{}]", texts.join(","))
                }
            },
            Value::Uuid(value) => write!(f, "{value}"),
        }
    }
}
