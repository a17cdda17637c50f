//! Options for making an image: what a caller wishes, before defaults fill in the rest.

use std::collections::BTreeMap;

use crate::errno::{Errno, Result};

/// An option (`RBD_IMAGE_OPTION_*`), with its number in the C API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(i32)]
pub enum ImageOption {
    /// 1 or 2.
    Format = 0,
    /// All features.
    Features = 1,
    /// Logarithm of an object's size.
    Order = 2,
    /// Bytes of a stripe unit.
    StripeUnit = 3,
    /// Objects that stripe units go round.
    StripeCount = 4,
    /// Logarithm of a journal object's size.
    JournalOrder = 5,
    /// Journal objects written at a time.
    JournalSplayWidth = 6,
    /// The journal's pool.
    JournalPool = 7,
    /// Features beyond the default ones.
    FeaturesSet = 8,
    /// Features less than the default ones.
    FeaturesClear = 9,
    /// The pool for data objects.
    DataPool = 10,
    /// Whether a copy or migration becomes independent of the source's parent.
    Flatten = 11,
    /// How a clone is recorded at its parent: 1 or 2.
    CloneFormat = 12,
    /// How the new image is mirrored.
    MirrorImageMode = 13,
}

use ImageOption::*;

const ALL: [ImageOption; 14] = [
    Format,
    Features,
    Order,
    StripeUnit,
    StripeCount,
    JournalOrder,
    JournalSplayWidth,
    JournalPool,
    FeaturesSet,
    FeaturesClear,
    DataPool,
    Flatten,
    CloneFormat,
    MirrorImageMode,
];

impl ImageOption {
    /// The option with this number in the C API; `-EINVAL`.
    pub fn from_c(number: i32) -> Result<ImageOption> {
        let known = usize::try_from(number).ok().and_then(|at| ALL.get(at));
        known.copied().ok_or_else(|| Errno::EINVAL.into())
    }

    /// Whether its value is text rather than a number.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, JournalPool | DataPool)
    }
}

/// A value of an option.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Value {
    Number(u64),
    Text(String),
}

/// A set of options. Creating, cloning and copying write into it what was used, as the original
/// does.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImageOptions {
    values: BTreeMap<ImageOption, Value>,
}

impl ImageOptions {
    /// None set.
    #[must_use]
    pub fn new() -> Self {
        ImageOptions::default()
    }

    /// The number an option is set to.
    #[must_use]
    pub fn number(&self, option: ImageOption) -> Option<u64> {
        match self.values.get(&option) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The text an option is set to.
    #[must_use]
    pub fn text(&self, option: ImageOption) -> Option<&str> {
        match self.values.get(&option) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The number an option is set to; `-EINVAL` for one of text, `-ENOENT` when it is not set.
    pub fn get_number(&self, option: ImageOption) -> Result<u64> {
        if option.is_text() {
            return Err(Errno::EINVAL.into());
        }
        self.number(option).ok_or_else(|| Errno::ENOENT.into())
    }

    /// The text an option is set to; `-EINVAL` for one of a number, `-ENOENT` when it is not set.
    pub fn get_text(&self, option: ImageOption) -> Result<&str> {
        if !option.is_text() {
            return Err(Errno::EINVAL.into());
        }
        self.text(option).ok_or_else(|| Errno::ENOENT.into())
    }

    /// Sets a number; `-EINVAL` for an option of text.
    pub fn set_number(&mut self, option: ImageOption, number: u64) -> Result<()> {
        if option.is_text() {
            return Err(Errno::EINVAL.into());
        }
        self.values.insert(option, Value::Number(number));
        Ok(())
    }

    /// Sets a text; `-EINVAL` for an option of a number.
    pub fn set_text(&mut self, option: ImageOption, text: &str) -> Result<()> {
        if !option.is_text() {
            return Err(Errno::EINVAL.into());
        }
        self.values.insert(option, Value::Text(text.to_owned()));
        Ok(())
    }

    /// The same with a number set.
    #[must_use]
    pub fn with(mut self, option: ImageOption, number: u64) -> Self {
        self.put(option, number);
        self
    }

    /// Sets a number where the option is known to be one of numbers.
    pub(super) fn put(&mut self, option: ImageOption, number: u64) {
        self.values.insert(option, Value::Number(number));
    }

    /// The number an option is set to, or `default`, which is then set.
    pub(super) fn or_put(&mut self, option: ImageOption, default: u64) -> u64 {
        let number = self.number(option).unwrap_or(default);
        self.put(option, number);
        number
    }

    /// Whether an option is set.
    #[must_use]
    pub fn is_set(&self, option: ImageOption) -> bool {
        self.values.contains_key(&option)
    }

    /// Forgets an option; `-ENOENT` when it is not set.
    pub fn unset(&mut self, option: ImageOption) -> Result<()> {
        self.values.remove(&option).map(drop).ok_or_else(|| Errno::ENOENT.into())
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// Whether none is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_keep_the_numbers_of_the_c_api() {
        for (number, option) in ALL.iter().enumerate() {
            assert_eq!(*option as usize, number);
            assert_eq!(ImageOption::from_c(number as i32).unwrap(), *option);
        }
        assert_eq!(ImageOption::from_c(14).unwrap_err(), Errno::EINVAL);
        assert_eq!(ImageOption::from_c(-1).unwrap_err(), Errno::EINVAL);
    }

    #[test]
    fn an_option_has_one_type() {
        let mut options = ImageOptions::new();
        assert_eq!(options.set_text(Order, "22").unwrap_err(), Errno::EINVAL);
        assert_eq!(options.set_number(DataPool, 3).unwrap_err(), Errno::EINVAL);
        assert_eq!(options.get_number(DataPool).unwrap_err(), Errno::EINVAL);
        assert_eq!(options.get_number(Order).unwrap_err(), Errno::ENOENT);
        options.set_text(DataPool, "ec").unwrap();
        assert_eq!(options.get_text(DataPool).unwrap(), "ec");
        assert_eq!(options.unset(Order).unwrap_err(), Errno::ENOENT);
        assert!(options.is_set(DataPool) && !options.is_empty());
        options.clear();
        assert!(options.is_empty());
    }
}
