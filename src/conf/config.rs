//! [`Config`]: the settings of one cluster handle.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};

use super::args;
use super::expand::{Expander, Scope};
use super::file::{self, ConfFile};
use super::monitors::{self, MonitorSection};
use super::name::EntityName;
use super::options::{self, Opt, normalize};
use super::settings::Settings;
use super::value::Value;
use crate::errno::{Errno, Error, Result};

/// Where a setting comes from. A later one wins over an earlier one, whenever it was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// The built-in default, or a `--default-` argument in its place.
    Default,
    /// The monitors' configuration database.
    Monitors,
    /// A configuration file.
    File,
    /// `CEPH_ARGS`, `CEPH_KEYRING`.
    Environment,
    /// Arguments.
    CommandLine,
    /// `rados_conf_set`, and the arguments that are more than an option, such as `-m`.
    Override,
}

/// The settings of one cluster handle. Clones share them.
///
/// All methods may be called from any thread; reads do not block each other. A getter finds the
/// option by name and may parse text, so what is needed for every I/O is read once and kept.
#[derive(Clone)]
pub struct Config(Arc<Inner>);

struct Inner {
    name: EntityName,
    state: RwLock<State>,
    observers: Mutex<Observers>,
}

#[derive(Default)]
struct Observers {
    next: u64,
    list: Vec<(u64, &'static [&'static str], Arc<Notify>)>,
}

type Notify = dyn Fn(&Config, &[&'static str]) + Send + Sync;

/// What differs from the defaults, and what decides how it is read.
pub(super) struct State {
    name: EntityName,
    cluster: String,
    /// For each option, its values by level, weakest first.
    values: BTreeMap<&'static str, Vec<(Level, Value)>>,
    /// Options whose value in effect changed and whose observers were not told yet.
    changed: Vec<&'static str>,
    /// The handle is connected: files and arguments come too late.
    is_fixed: bool,
    /// The last file read.
    path: Option<String>,
    /// The monitors that its sections name.
    monitors: Vec<MonitorSection>,
}

/// One setting that is not a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The option's name.
    pub name: &'static str,
    /// Its value as [`Config::get`] returns it; a secret is `<hidden>`.
    pub value: String,
    /// Where it comes from.
    pub level: Level,
}

impl Config {
    /// The defaults, for a client of this name. `cluster` may be empty, as `rados_create` has it:
    /// then reading a file gives the cluster its name.
    #[must_use]
    pub fn new(cluster: &str, name: EntityName) -> Config {
        // Two kinds of daemon keep their keyring with their data.
        let data = match name.kind() {
            "osd" => Some("$osd_data/keyring"),
            "mds" => Some("$mds_data/keyring"),
            _ => None,
        };
        let data = data.map(|path| ("keyring", vec![(Level::Default, Value::Text(path.into()))]));
        let state = State {
            name: name.clone(),
            cluster: cluster.to_owned(),
            values: data.into_iter().collect(),
            changed: Vec::new(),
            is_fixed: false,
            path: None,
            monitors: Vec::new(),
        };
        Config(Arc::new(Inner { name, state: RwLock::new(state), observers: Mutex::default() }))
    }

    /// What `rados_create` and `rados_create2` start with: [`Config::new`], then the environment.
    #[must_use]
    pub fn create(cluster: &str, name: EntityName) -> Config {
        let config = Config::new(cluster, name);
        // The original sets this one for every handle, so that nothing weaker can.
        let _ = config.change(|state| state.set_named("no_config_file", "false", Level::Override));
        config.parse_env(None);
        config
    }

    /// Who the client is.
    #[must_use]
    pub fn name(&self) -> &EntityName {
        &self.0.name
    }

    /// The cluster's name, usually `ceph`; empty as long as it has none.
    #[must_use]
    pub fn cluster(&self) -> String {
        self.0.state.read().cluster.clone()
    }

    /// Sets an option, as `rados_conf_set`.
    ///
    /// # Errors
    /// `EINVAL` for an empty key or a value the option does not take (`ERANGE` for a debug level
    /// beyond 0 to 99), `ENOENT` for an unknown option, `EPERM` when the handle is connected and
    /// the option only counts at start-up.
    pub fn set(&self, key: &str, value: &str) -> Result<()> {
        if key.is_empty() {
            return Err(Errno::EINVAL.because("no option named"));
        }
        self.change(|state| state.set_named(&normalize(key), value, Level::Override))
    }

    /// Takes back what [`Config::set`] did; weaker levels show again.
    ///
    /// # Errors
    /// `EINVAL` for an unknown option, `ENOENT` when it was not set.
    pub fn unset(&self, key: &str) -> Result<()> {
        let option = options::find(&normalize(key)).ok_or(Errno::EINVAL)?;
        self.change(|state| {
            if state.remove(&option, Level::Override) { Ok(()) } else { Err(Errno::ENOENT.into()) }
        })
    }

    /// An option's value as text, metavariables expanded, as `rados_conf_get`.
    ///
    /// # Errors
    /// `EINVAL` for an empty key, `ENOENT` for an unknown option.
    pub fn get(&self, key: &str) -> Result<String> {
        let key = normalize(key);
        if key.is_empty() {
            return Err(Errno::EINVAL.because("no option named"));
        }
        let option = options::find(&key).ok_or_else(|| unknown(&key))?;
        Ok(Expander::new(&*self.0.state.read()).option(&option))
    }

    /// Expands the metavariables in a text that is not an option's value.
    #[must_use]
    pub fn expand(&self, text: &str) -> String {
        Expander::new(&*self.0.state.read()).text(text, None)
    }

    /// An option's typed value, text expanded; `None` for an unknown option.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value> {
        let option = options::find(name)?;
        let state = self.0.state.read();
        Some(match state.raw(&option) {
            Value::Text(text) => {
                Value::Text(Expander::new(&*state).text(&text, Some(option.name)).into())
            }
            value => value,
        })
    }

    /// Reads a configuration file and then the environment, as `rados_conf_read_file`.
    ///
    /// `paths` are separated by commas or semicolons; the first that can be read is taken. `None`
    /// is `CEPH_CONF`, or else /etc/ceph/$cluster.conf, $home/.ceph/$cluster.conf and
    /// $cluster.conf. A cluster that has no name yet is named after the file: `ceph` of
    /// `/x/ceph.conf`, and `ceph` if `paths` is `None` or the file is not called `*.conf`. What an
    /// earlier file set stays set.
    ///
    /// # Errors
    /// `ENOENT` when no file can be read, unless one was before; `EINVAL` for bad syntax, and then
    /// nothing of the file counts; `ENOSYS` when the handle is connected.
    pub fn read_file(&self, paths: Option<&str>) -> Result<()> {
        self.change(|state| state.read_files(paths))?;
        self.parse_env(None);
        Ok(())
    }

    /// Applies the text of a configuration file, whose path is `path`.
    ///
    /// # Errors
    /// `EINVAL` for bad syntax.
    pub fn read_text(&self, path: &str, text: &[u8]) -> Result<()> {
        self.change(|state| state.read_text(path, text))
    }

    /// The configuration file in effect.
    #[must_use]
    pub fn file_path(&self) -> Option<String> {
        self.0.state.read().path.clone()
    }

    /// The monitors that sections of that file name: `[mon.a]` with a `mon addr`.
    #[must_use]
    pub fn monitors(&self) -> Vec<MonitorSection> {
        self.0.state.read().monitors.clone()
    }

    /// Applies arguments; returns the positions of those that are not ours, in order.
    /// `rados_conf_parse_argv` passes its arguments without the first, the program's name;
    /// `rados_conf_parse_argv_remainder` passes all.
    ///
    /// # Errors
    /// `EINVAL` or `ERANGE` at the first bad value, what came before it stays set; `ENOSYS` when
    /// the handle is connected.
    pub fn parse_argv(&self, args: &[&str]) -> Result<Vec<usize>> {
        self.change(|state| {
            if state.is_fixed {
                return Err(Errno::ENOSYS.because("arguments come too late"));
            }
            args::parse(state, args, Level::CommandLine)
        })
    }

    /// Applies the environment, as `rados_conf_parse_env`: `CEPH_KEYRING`, `CEPH_LIB`, and the
    /// arguments in the variable `name`, by default `CEPH_ARGS`. Bad values are logged and end it.
    /// Does nothing when the handle is connected.
    ///
    /// The original reads `CEPH_ARGS` once in the life of the process and takes that for any
    /// variable named later; here each call reads what it names.
    pub fn parse_env(&self, name: Option<&str>) {
        let variable = |name: &str| std::env::var_os(name)?.into_string().ok();
        self.parse_env_with(name.unwrap_or("CEPH_ARGS"), &variable);
    }

    fn parse_env_with(&self, name: &str, variable: &dyn Fn(&str) -> Option<String>) {
        let result = self.change(|state| {
            if state.is_fixed {
                return Ok(());
            }
            if let Some(keyring) = variable("CEPH_KEYRING") {
                state.set_named("keyring", &keyring, Level::Environment)?;
            }
            if let Some(directory) = variable("CEPH_LIB") {
                for option in ["erasure_code_dir", "plugin_dir", "osd_class_dir"] {
                    state.set_named(option, &directory, Level::Environment)?;
                }
            }
            if let Some(text) = variable(name) {
                let arguments: Vec<_> = text.split(' ').filter(|a| !a.is_empty()).collect();
                args::parse(state, &arguments, Level::Environment)?;
            }
            Ok(())
        });
        if let Err(error) = result {
            log::error!(target: "context", "parse error in environment variable {name}: {error}");
        }
    }

    /// Replaces what the monitors' configuration database sets. What the database must not set,
    /// what is unknown and what is no value of its option is passed over.
    pub fn set_from_monitors<'a>(&self, settings: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let settings: BTreeMap<_, _> = settings.into_iter().collect();
        let result: Result<()> = self.change(|state| {
            for (name, value) in &settings {
                let Some(option) = options::find(name).filter(|option| !option.local_only()) else {
                    continue;
                };
                if let Err(error) = state.set(&option, value, Level::Monitors) {
                    log::info!(target: "monc", "failed to set {name}: {error}");
                }
            }
            let names: Vec<_> = state.values.keys().copied().collect();
            for name in names.into_iter().filter(|name| !settings.contains_key(name)) {
                if let Some(option) = options::find(name) {
                    state.remove(&option, Level::Monitors);
                }
            }
            Ok(())
        });
        debug_assert!(result.is_ok());
    }

    /// From now on the handle is connected: see [`Config::set`], [`Config::read_file`].
    pub fn fix(&self) {
        self.0.state.write().is_fixed = true;
    }

    /// What differs from the defaults, by name.
    #[must_use]
    pub fn changed(&self) -> Vec<Setting> {
        let state = self.0.state.read();
        let mut list = Vec::new();
        for (&name, values) in &state.values {
            let (Some(option), Some((level, _))) = (options::find(name), values.last()) else {
                continue;
            };
            let value = match option.is_secret() {
                true => "<hidden>".to_owned(),
                false => Expander::new(&*state).option(&option),
            };
            list.push(Setting { name, value, level: *level });
        }
        list
    }

    /// Has `notify` called when an option in `keys` changes (in any option, if `keys` is empty),
    /// until the [`Observer`] returned is dropped. It is called with the changed ones, on the
    /// thread that changed them and before the call that did returns; no lock is held, so it may
    /// use the configuration, also to set.
    #[must_use = "dropping the observer ends it"]
    pub fn observe(
        &self,
        keys: &'static [&'static str],
        notify: impl Fn(&Config, &[&'static str]) + Send + Sync + 'static,
    ) -> Observer {
        let mut observers = self.0.observers.lock();
        let id = observers.next;
        observers.next += 1;
        observers.list.push((id, keys, Arc::new(notify)));
        Observer { config: Arc::downgrade(&self.0), id }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let (result, mut changed) = {
            let mut state = self.0.state.write();
            let result = change(&mut state);
            (result, std::mem::take(&mut state.changed))
        };
        changed.sort_unstable();
        changed.dedup();
        if !changed.is_empty() {
            self.notify(&changed);
        }
        result
    }

    fn notify(&self, changed: &[&'static str]) {
        let observers: Vec<_> = {
            let observers = self.0.observers.lock();
            observers.list.iter().map(|(_, keys, notify)| (*keys, Arc::clone(notify))).collect()
        };
        for (keys, notify) in observers {
            let wanted = |name: &&&'static str| keys.is_empty() || keys.contains(*name);
            let names: Vec<_> = changed.iter().filter(wanted).copied().collect();
            if !names.is_empty() {
                notify(self, &names);
            }
        }
    }
}

impl Settings for Config {
    fn typed(&self, name: &str) -> Option<Value> {
        self.value(name)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.state.read();
        write!(f, "Config({}, {:?}, ", self.0.name, state.cluster)?;
        drop(state);
        let changed = self.changed();
        f.debug_map().entries(changed.iter().map(|s| (s.name, &s.value))).finish()?;
        f.write_str(")")
    }
}

/// Keeps a callback registered by [`Config::observe`].
pub struct Observer {
    config: Weak<Inner>,
    id: u64,
}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(inner) = self.config.upgrade() {
            inner.observers.lock().list.retain(|(id, ..)| *id != self.id);
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observer({})", self.id)
    }
}

fn unknown(key: &str) -> Error {
    Errno::ENOENT.because(format!("there is no option '{key}'"))
}

impl State {
    /// Sets the option called `name`.
    pub(super) fn set_named(&mut self, name: &str, text: &str, level: Level) -> Result<()> {
        let option = options::find(name).ok_or_else(|| unknown(name))?;
        self.set(&option, text, level)
    }

    pub(super) fn set(&mut self, option: &Opt, text: &str, level: Level) -> Result<()> {
        let value = Value::parse(option, text)?;
        if self.is_fixed && !option.changes_at_runtime() && value != self.raw(option) {
            let what = format!("{} may not be modified at runtime", option.name);
            return Err(Errno::EPERM.because(what));
        }
        let values = self.values.entry(option.name).or_default();
        let at = match values.binary_search_by_key(&level, |(level, _)| *level) {
            Ok(at) if values[at].1 == value => return Ok(()),
            Ok(at) => {
                values[at].1 = value;
                at
            }
            Err(at) => {
                values.insert(at, (level, value));
                at
            }
        };
        if at + 1 == values.len() {
            self.changed.push(option.name);
        }
        Ok(())
    }

    /// Removes an option's value of a level; false if it had none.
    fn remove(&mut self, option: &Opt, level: Level) -> bool {
        let Some(values) = self.values.get_mut(option.name) else { return false };
        let Some(at) = values.iter().position(|(l, _)| *l == level) else { return false };
        values.remove(at);
        if at == values.len() {
            self.changed.push(option.name);
        }
        if values.is_empty() {
            self.values.remove(option.name);
        }
        true
    }

    fn read_files(&mut self, paths: Option<&str>) -> Result<()> {
        const DEFAULT: &str = "/etc/ceph/$cluster.conf,$home/.ceph/$cluster.conf,$cluster.conf";
        if self.is_fixed {
            return Err(Errno::ENOSYS.because("a configuration file comes too late"));
        }
        if self.cluster.is_empty() && paths.is_none() {
            "ceph".clone_into(&mut self.cluster);
        }
        let variable;
        let paths = match paths {
            Some(paths) => paths,
            None => {
                variable = std::env::var("CEPH_CONF");
                variable.as_deref().unwrap_or(DEFAULT)
            }
        };
        for path in paths.split([',', ';']).filter(|path| !path.is_empty()) {
            // Clients have no data directory.
            if path.contains("$data_dir") {
                continue;
            }
            let path = Expander::new(self).text(path, None);
            if let Ok(text) = read_limited(&path) {
                return self.read_text(&path, &text);
            }
        }
        if self.path.is_some() {
            return Ok(());
        }
        Err(Errno::ENOENT.because(format!("no configuration file of {paths} can be read")))
    }

    fn read_text(&mut self, path: &str, text: &[u8]) -> Result<()> {
        let file = ConfFile::parse(text)
            .map_err(|why| Errno::EINVAL.because(format!("parse error in {path}: {why}")))?;
        let name = self.name.clone();
        for (key, value) in file.visible(&[name.as_str(), name.kind(), "global"]) {
            let Some(option) = options::find(key) else { continue };
            if let Err(error) = self.set(&option, value, Level::File) {
                log::warn!(target: "context", "ignored in {path}: {error}");
            }
        }
        self.monitors = monitors::of_file(&file, self);
        self.path = Some(path.to_owned());
        if self.cluster.is_empty() {
            self.cluster = cluster_of(path).to_owned();
        }
        Ok(())
    }
}

/// The cluster a file's name stands for.
fn cluster_of(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".conf").filter(|stem| !stem.is_empty()).unwrap_or("ceph")
}

fn read_limited(path: &str) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut text = Vec::new();
    std::fs::File::open(path)?.take(file::MAX_LEN).read_to_end(&mut text)?;
    Ok(text)
}

impl Scope for State {
    fn cluster(&self) -> &str {
        &self.cluster
    }

    fn name(&self) -> &EntityName {
        &self.name
    }

    fn host(&self) -> String {
        options::find("host").map(|option| self.raw(&option).to_string()).unwrap_or_default()
    }

    fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn raw(&self, option: &Opt) -> Value {
        match self.values.get(option.name).and_then(|values| values.last()) {
            Some((_, value)) => value.clone(),
            None => Value::default_of(option),
        }
    }
}
