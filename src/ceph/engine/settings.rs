//! What the parts of the engine are told of the configuration.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::ceph::map::CrushLocation;
use crate::ceph::mgr::{MgrClient, MgrConfig};
use crate::ceph::mon::MonClient;
use crate::ceph::objecter::{Objecter, ObjecterConfig};
use crate::conf::{Config, EntityName, Observer, Settings};
use crate::runtime;

/// Settings the engine itself heeds. They are read each time, since most may change while it is
/// connected.
#[derive(Clone, Debug)]
pub(super) struct EngineConfig(Config);

impl EngineConfig {
    pub(super) fn new(config: &Config) -> Self {
        EngineConfig(config.clone())
    }

    /// `client_mount_timeout`: connecting takes no longer; `None` for no limit.
    pub(super) fn connect_timeout(&self) -> Option<Duration> {
        limit(&self.0, "client_mount_timeout")
    }

    /// `rados_mon_op_timeout`; `None` for no limit.
    pub(super) fn mon_timeout(&self) -> Option<Duration> {
        limit(&self.0, "rados_mon_op_timeout")
    }

    /// `client_notify_timeout`.
    pub(super) fn notify_timeout(&self) -> Duration {
        self.0.duration("client_notify_timeout")
    }

    /// `mgr_client_service_daemon_unregister_timeout`.
    pub(super) fn leave_timeout(&self) -> Duration {
        self.0.duration("mgr_client_service_daemon_unregister_timeout")
    }

    /// Who the client is, for the log.
    pub(super) fn client(&self) -> &EntityName {
        self.0.name()
    }

    pub(super) fn of_mgr(&self, fsid: Uuid) -> MgrConfig {
        MgrConfig {
            fsid,
            retry_interval: self.0.duration("mgr_connect_retry_interval"),
            command_timeout: self.mon_timeout(),
        }
    }
}

/// Has the parts of an engine follow their options as long as the observer is kept. What of them
/// changes with the monitors' configuration database changes here too.
pub(super) fn follow(
    config: &Config,
    monitors: &Arc<MonClient>,
    managers: &Arc<MgrClient>,
    objecter: &Arc<Objecter>,
) -> Observer {
    let monitors = Arc::downgrade(monitors);
    let managers = Arc::downgrade(managers);
    let objecter = Arc::downgrade(objecter);
    config.observe(&[], move |config, changed| {
        let has = |starts: &[&str]| {
            changed.iter().any(|name| starts.iter().any(|start| name.starts_with(start)))
        };
        if has(&["mon_client_", "rados_mon_op_timeout", "client_mount_timeout"])
            && let Some(monitors) = monitors.upgrade()
        {
            monitors.configure(|own| own.update(config));
        }
        if has(&["rados_mon_op_timeout"])
            && let Some(managers) = managers.upgrade()
        {
            managers.set_command_timeout(limit(config, "rados_mon_op_timeout"));
        }
        let Some(objecter) = objecter.upgrade() else { return };
        if has(&["rados_osd_op_timeout", "objecter_tick_interval"]) {
            let interval = config.duration("objecter_tick_interval");
            objecter.set_timing(limit(config, "rados_osd_op_timeout"), interval);
        }
        if has(&["crush_location"])
            && let Some(location) = location(config)
        {
            objecter.set_location(location);
        }
    })
}

/// `crush_location`; `None` for what is none, which changes nothing, as on 16.2.15.
fn location(config: &Config) -> Option<CrushLocation> {
    CrushLocation::parse(&config.text("crush_location"))
        .inspect_err(|error| log::error!(target: "objecter", "{error}"))
        .ok()
}

/// A time of which 0 means "for ever".
pub(super) fn limit(config: &Config, option: &str) -> Option<Duration> {
    Some(config.duration(option)).filter(|limit| !limit.is_zero())
}

/// What the objecter is told.
pub(super) fn of_objecter(config: &Config, fsid: Uuid) -> ObjecterConfig {
    ObjecterConfig {
        op_timeout: limit(config, "rados_osd_op_timeout"),
        tick_interval: config.duration("objecter_tick_interval"),
        inflight_bytes: config.u64("objecter_inflight_op_bytes"),
        inflight_ops: config.u64("objecter_inflight_ops"),
        op_priority: config.u64("osd_client_op_priority").try_into().unwrap_or(u16::MAX),
        location: location(config).unwrap_or_default(),
        client: config.name().to_string(),
        may_wait: || !runtime::on_own_thread(),
        ..ObjecterConfig::new(fsid)
    }
}
