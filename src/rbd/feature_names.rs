//! What features are called, and which go together.

use super::features::Features;

/// In the order in which they are printed.
const NAMES: [(&str, Features); 12] = [
    ("data-pool", Features::DATA_POOL),
    ("deep-flatten", Features::DEEP_FLATTEN),
    ("dirty-cache", Features::DIRTY_CACHE),
    ("exclusive-lock", Features::EXCLUSIVE_LOCK),
    ("fast-diff", Features::FAST_DIFF),
    ("journaling", Features::JOURNALING),
    ("layering", Features::LAYERING),
    ("migrating", Features::MIGRATING),
    ("non-primary", Features::NON_PRIMARY),
    ("object-map", Features::OBJECT_MAP),
    ("operations", Features::OPERATIONS),
    ("striping", Features::STRIPINGV2),
];

impl Features {
    /// Those of an image about which nothing was said.
    pub const DEFAULT: Features = Features::LAYERING
        .union(Features::EXCLUSIVE_LOCK)
        .union(Features::OBJECT_MAP)
        .union(Features::FAST_DIFF)
        .union(Features::DEEP_FLATTEN);
    /// Those that are set by what an image is used for.
    pub const INTERNAL: Features = Features::OPERATIONS.union(Features::MIGRATING);
    /// Those that follow from other options or from use.
    pub const IMPLICIT: Features = Features::INTERNAL
        .union(Features::STRIPINGV2)
        .union(Features::DATA_POOL)
        .union(Features::FAST_DIFF)
        .union(Features::MUTABLE_INTERNAL);
    /// Those that can be switched later, by mirroring and caches.
    pub const MUTABLE_INTERNAL: Features = Features::NON_PRIMARY.union(Features::DIRTY_CACHE);
    /// Those that can be switched later.
    pub const MUTABLE: Features = Features::EXCLUSIVE_LOCK
        .union(Features::OBJECT_MAP)
        .union(Features::FAST_DIFF)
        .union(Features::JOURNALING)
        .union(Features::MUTABLE_INTERNAL);
    /// Those that can be switched off later, but not on.
    pub const DISABLE_ONLY: Features = Features::DEEP_FLATTEN;

    /// Features from text: a number, or names with commas between; nothing stands for
    /// [`Features::DEFAULT`]. Also says what of it is not known or not for users to set, and was
    /// ignored.
    #[must_use]
    pub fn parse(text: &str) -> (Features, Vec<String>) {
        let text = text.trim();
        if text.is_empty() {
            return (Features::DEFAULT, Vec::new());
        }
        if let Ok(number) = text.parse::<u64>() {
            return from_number(number);
        }
        let mut features = Features::empty();
        let mut ignored = Vec::new();
        for name in text.split(',').map(str::trim) {
            match NAMES.iter().find(|(known, _)| *known == name) {
                Some((_, feature)) => features |= *feature,
                None => ignored.push(name.to_owned()),
            }
        }
        (features, ignored)
    }

    /// The names, with commas between. Also says whether there are unknown ones.
    #[must_use]
    pub fn names(self) -> (String, bool) {
        let names = NAMES.iter().filter(|(_, feature)| self.contains(*feature));
        let names: Vec<_> = names.map(|(name, _)| *name).collect();
        (names.join(","), !Features::all().contains(self))
    }
}

fn from_number(number: u64) -> (Features, Vec<String>) {
    let given = Features::from_bits_retain(number);
    let settable = Features::all() - Features::INTERNAL - Features::MUTABLE_INTERNAL;
    let rest = given - settable;
    let ignored = match rest.is_empty() {
        true => Vec::new(),
        false => vec![format!("mask {:#x}", rest.bits())],
    };
    (given & settable, ignored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_and_printed() {
        assert_eq!(Features::parse(" "), (Features::DEFAULT, vec![]));
        assert_eq!(Features::parse("61").0, Features::DEFAULT);
        let (features, ignored) = Features::parse("layering, striping,what");
        assert_eq!(features.bits(), 3);
        assert_eq!(ignored, ["what"]);
        assert_eq!(Features::parse("256").0, Features::empty());
        assert_eq!(
            Features::DEFAULT.names().0,
            "deep-flatten,exclusive-lock,fast-diff,layering,object-map"
        );
        assert!(Features::from_bits_retain(1 << 40).names().1);
    }
}
