//! Typed reading, of a configuration and of an overlay alike.

use std::time::Duration;

use super::value::Value;

/// Typed reading of options by our own code. A name that is not in the table, or of another type,
/// is a mistake in the code: it fails in debug builds and is the type's zero otherwise.
pub trait Settings {
    /// An option's typed value, text expanded; `None` for an unknown option.
    fn typed(&self, name: &str) -> Option<Value>;

    /// A truth value.
    fn bool(&self, name: &str) -> bool {
        match self.typed(name) {
            Some(Value::Bool(value)) => value,
            _ => mistake(name),
        }
    }

    /// A number that is not negative, or a number of bytes.
    fn u64(&self, name: &str) -> u64 {
        match self.typed(name) {
            Some(Value::Uint(value)) => value,
            Some(Value::Int(value)) => value.try_into().unwrap_or(0),
            _ => mistake(name),
        }
    }

    /// A number.
    fn i64(&self, name: &str) -> i64 {
        match self.typed(name) {
            Some(Value::Int(value)) => value,
            Some(Value::Uint(value)) => value.try_into().unwrap_or(i64::MAX),
            _ => mistake(name),
        }
    }

    /// A floating point number.
    fn f64(&self, name: &str) -> f64 {
        match self.typed(name) {
            Some(Value::Float(value)) => value,
            _ => mistake(name),
        }
    }

    /// A time: of an option in seconds (also a fractional or an integer one) or milliseconds.
    /// Negative ones are zero.
    fn duration(&self, name: &str) -> Duration {
        let seconds = |value: i64| Duration::from_secs(value.try_into().unwrap_or(0));
        match self.typed(name) {
            Some(Value::Seconds(value) | Value::Int(value)) => seconds(value),
            Some(Value::Uint(value)) => Duration::from_secs(value),
            Some(Value::Millis(value)) => Duration::from_millis(value.try_into().unwrap_or(0)),
            Some(Value::Float(value)) => {
                Duration::try_from_secs_f64(value.max(0.0)).unwrap_or(Duration::MAX)
            }
            _ => mistake(name),
        }
    }

    /// A text, or any other value as text.
    fn text(&self, name: &str) -> String {
        match self.typed(name) {
            Some(Value::Text(value)) => value.into(),
            Some(value) => value.to_string(),
            None => mistake(name),
        }
    }
}

fn mistake<T: Default>(name: &str) -> T {
    debug_assert!(false, "option {name} does not exist or is of another type");
    T::default()
}
