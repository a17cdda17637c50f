//! What a [`MonClient`](super::MonClient) has to be told.

use std::time::Duration;

use super::monmap::MonMap;
use crate::ceph::clock::Clock;
use crate::conf::Settings;

/// The settings of a monitor client.
#[derive(Clone, Debug)]
pub struct MonConfig {
    /// The monitors known at first, see [`MonMap::initial`](super::MonMap::initial).
    pub monitors: MonMap,
    /// Tells the time to handlers of sessions.
    pub clock: Clock,
    /// This machine's name, for the monitors' lists of sessions.
    pub host: String,
    /// How many monitors to try at once (`mon_client_hunt_parallel`); 0 for all.
    pub hunt_parallel: usize,
    /// How long to wait for them before others are tried (`mon_client_hunt_interval`).
    pub hunt_interval: Duration,
    /// By what the interval grows each time a session is lost (`mon_client_hunt_interval_backoff`).
    pub hunt_backoff: f64,
    /// The fewest intervals to wait (`mon_client_hunt_interval_min_multiple`).
    pub hunt_min_multiple: f64,
    /// The most intervals to wait (`mon_client_hunt_interval_max_multiple`).
    pub hunt_max_multiple: f64,
    /// How often a session is asked for a sign of life (`mon_client_ping_interval`).
    pub ping_interval: Duration,
    /// After how long without one it is given up (`mon_client_ping_timeout`); zero for never.
    pub ping_timeout: Duration,
    /// How often to try to reach a monitor that a command is for by name or rank
    /// (`mon_client_directed_command_retry`).
    pub directed_retry: u32,
    /// After how long a command or request fails (`rados_mon_op_timeout`); zero for never.
    pub op_timeout: Duration,
    /// How long the first session may take (`client_mount_timeout`); zero for as long as it takes.
    pub mount_timeout: Duration,
    /// Of the order in which equal monitors are tried.
    pub seed: u64,
}

impl MonConfig {
    /// From the options.
    #[must_use]
    pub fn new(settings: &impl Settings, monitors: MonMap, host: &str, clock: Clock) -> Self {
        let mut config = MonConfig {
            monitors,
            clock,
            host: host.to_owned(),
            hunt_parallel: 0,
            hunt_interval: Duration::ZERO,
            hunt_backoff: 1.0,
            hunt_min_multiple: 1.0,
            hunt_max_multiple: 1.0,
            ping_interval: Duration::ZERO,
            ping_timeout: Duration::ZERO,
            directed_retry: 0,
            op_timeout: Duration::ZERO,
            mount_timeout: Duration::ZERO,
            seed: getrandom::u64().unwrap_or_default(),
        };
        config.update(settings);
        config
    }

    /// Takes anew from the options what may change while there is a session.
    pub fn update(&mut self, settings: &impl Settings) {
        let retry = settings.i64("mon_client_directed_command_retry");
        self.hunt_parallel = settings.u64("mon_client_hunt_parallel").try_into().unwrap_or(0);
        self.hunt_interval = settings.duration("mon_client_hunt_interval");
        self.hunt_backoff = settings.f64("mon_client_hunt_interval_backoff");
        self.hunt_min_multiple = settings.f64("mon_client_hunt_interval_min_multiple");
        self.hunt_max_multiple = settings.f64("mon_client_hunt_interval_max_multiple");
        self.ping_interval = settings.duration("mon_client_ping_interval");
        self.ping_timeout = settings.duration("mon_client_ping_timeout");
        self.directed_retry = retry.try_into().unwrap_or(0);
        self.op_timeout = settings.duration("rados_mon_op_timeout");
        self.mount_timeout = settings.duration("client_mount_timeout");
    }
}
