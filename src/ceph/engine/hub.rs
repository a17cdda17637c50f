//! What the parts of a connected cluster tell each other.
//!
//! ```text
//!   MonClient --- maps ---------> Objecter, MgrClient        config, log --> the program
//!   Objecter  --- maps wanted --> MonClient                  wake ---------> the ticker
//! ```
//!
//! The parts hold the hub; the hub knows them weakly, so that dropping the engine ends them all.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::ceph::message::Message;
use crate::ceph::messages::log::Entry;
use crate::ceph::messages::mon_version::Versions;
use crate::ceph::mgr::MgrClient;
use crate::ceph::mon::{MonClient, MonEvents};
use crate::ceph::objecter::{self, MapSource, Objecter};
use crate::conf::Config;
use crate::errno::{Errno, Result};
use crate::model::{LogEntry, LogHandler, LogLevel};
use crate::runtime;

/// How long the ticker sleeps at most: a part that wants it earlier says so.
const TICK_MAX: Duration = Duration::from_secs(1);
/// What the objecter asks the monitors for.
const OSDMAP: &str = "osdmap";
/// What the manager client lives on.
const MGRMAP: &str = "mgrmap";

/// The middle of a connected cluster.
pub(super) struct Hub {
    config: Config,
    monitors: OnceLock<Weak<MonClient>>,
    managers: OnceLock<Weak<MgrClient>>,
    objecter: OnceLock<Weak<Objecter>>,
    wake: Notify,
    /// Whether the monitors have told their part of the configuration.
    configured: watch::Sender<bool>,
    log: Mutex<Option<LogWatch>>,
}

struct LogWatch {
    level: LogLevel,
    handler: Arc<LogHandler>,
}

impl Hub {
    pub(super) fn new(config: &Config) -> Arc<Self> {
        Arc::new(Hub {
            config: config.clone(),
            monitors: OnceLock::new(),
            managers: OnceLock::new(),
            objecter: OnceLock::new(),
            wake: Notify::new(),
            configured: watch::Sender::new(false),
            log: Mutex::new(None),
        })
    }

    /// From now on the monitors are there, and time passes for all parts.
    pub(super) fn set_monitors(self: &Arc<Self>, monitors: &Arc<MonClient>) {
        if self.monitors.set(Arc::downgrade(monitors)).is_ok() {
            runtime::spawn(tick(Arc::clone(self)));
        }
    }

    /// From now on all parts are there.
    pub(super) fn set_rest(&self, managers: &Arc<MgrClient>, objecter: &Arc<Objecter>) {
        // Called once per engine.
        let _ = self.managers.set(Arc::downgrade(managers));
        let _ = self.objecter.set(Arc::downgrade(objecter));
        self.wake.notify_one();
    }

    /// Something has to be done before the next tick.
    pub(super) fn wake_up(&self) {
        self.wake.notify_one();
    }

    /// Waits until the monitors have told their part of the configuration.
    pub(super) fn configured(&self) -> impl Future<Output = ()> + use<> {
        let mut configured = self.configured.subscribe();
        async move {
            // The sender lives as long as the hub; without it nobody waits any more.
            let _ = configured.wait_for(|done| *done).await;
        }
    }

    /// Tells of the cluster's log from this level on, or no more.
    pub(super) fn set_log(&self, watch: Option<(LogLevel, LogHandler)>) -> Result<()> {
        let monitors = upgrade(&self.monitors).ok_or(Errno::ENOTCONN)?;
        let watch = watch.map(|(level, handler)| LogWatch { level, handler: Arc::new(handler) });
        let level = watch.as_ref().map(|watch| watch.level);
        let before = std::mem::replace(&mut *self.log.lock(), watch).map(|watch| watch.level);
        if let Some(before) = before.filter(|before| Some(*before) != level) {
            monitors.unsubscribe(subscription(before));
        }
        if let Some(level) = level {
            monitors.subscribe(subscription(level), 0, false);
        }
        Ok(())
    }

    /// Lets each part do what is due. Returns when the next is; `None` when the engine is gone.
    fn tick(&self, now: Instant) -> Option<Instant> {
        let monitors = upgrade(&self.monitors)?;
        let mut next = monitors.tick(now).min(now + TICK_MAX);
        if let Some(managers) = upgrade(&self.managers) {
            managers.tick(now);
        }
        if let Some(objecter) = upgrade(&self.objecter) {
            next = next.min(objecter.tick(now));
        }
        Some(next)
    }
}

/// Until the engine is gone.
async fn tick(hub: Arc<Hub>) {
    while let Some(next) = hub.tick(Instant::now()) {
        // Nothing was missed meanwhile: a wake-up before this waits in the notify.
        let _ = tokio::time::timeout_at(next.into(), hub.wake.notified()).await;
    }
}

fn upgrade<T>(part: &OnceLock<Weak<T>>) -> Option<Arc<T>> {
    part.get().and_then(Weak::upgrade)
}

fn subscription(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "log-debug",
        LogLevel::Info => "log-info",
        LogLevel::Sec => "log-sec",
        LogLevel::Warn => "log-warn",
        LogLevel::Error => "log-error",
    }
}

fn entry(entry: Entry) -> LogEntry {
    LogEntry {
        stamp: entry.stamp.into(),
        channel: entry.channel,
        name: entry.name,
        origin: format!("{} {}", entry.rank, entry.addrs),
        seq: entry.seq,
        level: match entry.priority {
            0 => LogLevel::Debug,
            1 => LogLevel::Info,
            2 => LogLevel::Sec,
            3 => LogLevel::Warn,
            _ => LogLevel::Error,
        },
        message: entry.text,
    }
}

impl MonEvents for Hub {
    fn osdmap(&self, message: Message) {
        let Some(objecter) = upgrade(&self.objecter) else { return };
        if let Err(error) = objecter.handle_osdmap(message) {
            log::error!(target: "objecter", "bad map from a monitor: {error}");
        }
        if let (Some(monitors), Some(map)) = (upgrade(&self.monitors), objecter.map()) {
            monitors.got(OSDMAP, map.epoch.into());
        }
    }

    fn mgrmap(&self, message: Message) {
        let Some(managers) = upgrade(&self.managers) else { return };
        match managers.handle_mgrmap(&message, Instant::now()) {
            Ok(epoch) => {
                if let Some(monitors) = upgrade(&self.monitors) {
                    monitors.got(MGRMAP, epoch.into());
                }
            }
            Err(error) => log::error!(target: "mgrc", "bad map from a monitor: {error}"),
        }
    }

    fn config(&self, settings: BTreeMap<String, String>) {
        let settings = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.config.set_from_monitors(settings);
        self.configured.send_replace(true);
    }

    fn log(&self, entries: Vec<Entry>) {
        let handler = self.log.lock().as_ref().map(|watch| Arc::clone(&watch.handler));
        let Some(handler) = handler else { return };
        runtime::finish(Box::new(move || {
            entries.into_iter().for_each(|line| handler(entry(line)));
        }));
    }

    fn rearm(&self, _at: Instant) {
        self.wake.notify_one();
    }
}

impl MapSource for Hub {
    fn subscribe_osdmap(&self, start: u32) {
        if let Some(monitors) = upgrade(&self.monitors) {
            monitors.subscribe(OSDMAP, start.into(), true);
        }
    }

    fn newest_osdmap(&self, done: Box<dyn FnOnce(Result<u32>) + Send>) {
        let Some(monitors) = upgrade(&self.monitors) else {
            return done(Err(Errno::ENOTCONN.into()));
        };
        let done = move |newest: Result<Versions>| {
            done(newest.map(|versions| u32::try_from(versions.newest).unwrap_or(u32::MAX)));
        };
        monitors.newest_version(OSDMAP, Box::new(done));
    }
}

impl objecter::Events for Hub {
    fn wake(&self) {
        self.wake.notify_one();
    }

    fn defer(&self, work: Box<dyn FnOnce() + Send>) {
        runtime::call_handler(work);
    }
}
