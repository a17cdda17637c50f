//! RBD's options as a pool and an image may override them.
//!
//! An override is metadata: the key `conf_rbd_cache` of an image, or of the pool's `rbd_info`
//! object, overrides `rbd_cache`. The image's wins over the pool's, and both win over the
//! [`Config`].

use super::config::Config;
use super::options::{self, Opt};
use super::settings::Settings;
use super::value::Value;
use crate::errno::{Errno, Result};

/// What a metadata key starts with when it overrides an option.
pub const METADATA_PREFIX: &str = "conf_";

/// Where an option's value comes from. The numbers are those of `rbd_config_source_t`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u32)]
pub enum Source {
    /// The cluster handle's configuration.
    Config = 0,
    /// The pool's metadata.
    Pool = 1,
    /// The image's metadata.
    Image = 2,
}

/// An option as `rbd_config_image_list` and `rbd_config_pool_list` show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedOption {
    /// The option's name.
    pub name: &'static str,
    /// Its value; an override's is the metadata's text as it is.
    pub value: String,
    /// Where the value comes from.
    pub source: Source,
}

/// A configuration seen through the overrides of a pool and an image.
#[derive(Clone, Debug)]
pub struct Overlay {
    config: Config,
    overrides: Vec<Override>,
}

#[derive(Clone, Debug)]
struct Override {
    name: &'static str,
    source: Source,
    text: String,
    /// None for a text that is no value of the option: it is shown, and does nothing.
    value: Option<Value>,
}

impl Overlay {
    /// Nothing overridden.
    #[must_use]
    pub fn new(config: &Config) -> Overlay {
        Overlay { config: config.clone(), overrides: Vec::new() }
    }

    /// The configuration below.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Replaces the overrides of `source` with those in its metadata: pairs of a key and a value,
    /// whose keys may be anything.
    pub fn apply<'a>(
        &mut self,
        source: Source,
        metadata: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        self.overrides.retain(|old| old.source != source);
        for (key, text) in metadata {
            let Some(key) = key.strip_prefix(METADATA_PREFIX) else { continue };
            let Some(option) = options::find(key).filter(|option| option.name.starts_with("rbd_"))
            else {
                log::warn!(target: "rbd", "ignoring config {key}");
                continue;
            };
            let value = Value::parse(&option, text);
            if let Err(error) = &value {
                log::error!(target: "rbd", "failed to override {key}: {error}");
            }
            let (name, text) = (option.name, text.to_owned());
            self.overrides.push(Override { name, source, text, value: value.ok() });
        }
        self.overrides.sort_by_key(|each| std::cmp::Reverse(each.source));
    }

    /// What `rbd_config_image_list` returns: the options an image may override, by name.
    #[must_use]
    pub fn list_image(&self) -> Vec<ListedOption> {
        self.list(Source::Image)
    }

    /// What `rbd_config_pool_list` returns: the options a pool may override, by name.
    #[must_use]
    pub fn list_pool(&self) -> Vec<ListedOption> {
        self.list(Source::Pool)
    }

    fn list(&self, source: Source) -> Vec<ListedOption> {
        let listed = |option: Opt| {
            let name = option.name;
            let by = self.overrides.iter().find(|by| by.name == name && by.source <= source);
            match by {
                Some(by) => ListedOption { name, value: by.text.clone(), source: by.source },
                None => {
                    let value = self.config.text(name);
                    ListedOption { name, value, source: Source::Config }
                }
            }
        };
        options::all().filter(|option| may_override(option, source)).map(listed).collect()
    }
}

impl Settings for Overlay {
    fn typed(&self, name: &str) -> Option<Value> {
        let mut overrides = self.overrides.iter().filter(|by| by.name == name);
        match overrides.find_map(|by| by.value.clone()) {
            Some(Value::Text(text)) => Some(Value::Text(self.config.expand(&text).into())),
            Some(value) => Some(value),
            None => self.config.value(name),
        }
    }
}

fn may_override(option: &Opt, source: Source) -> bool {
    match source {
        Source::Config => true,
        Source::Pool => option.per_pool(),
        Source::Image => option.per_image(),
    }
}

/// Whether a metadata key and value may be set on a pool or an image: any key that is no override
/// may.
///
/// # Errors
/// `EINVAL` when the option does not exist, cannot be overridden there, or does not take the value.
pub fn check_override(source: Source, key: &str, text: &str) -> Result<()> {
    let Some(name) = key.strip_prefix(METADATA_PREFIX) else { return Ok(()) };
    let option = options::find(name).filter(|option| may_override(option, source));
    let option = option
        .ok_or_else(|| Errno::EINVAL.because(format!("{name} is no option to override there")))?;
    Value::parse(&option, text).map(drop)
}
