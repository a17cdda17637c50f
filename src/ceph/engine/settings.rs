//! What the parts of the engine are told of the configuration.

use std::time::Duration;

use uuid::Uuid;

use crate::ceph::mgr::MgrConfig;
use crate::ceph::objecter::ObjecterConfig;
use crate::conf::{Config, Settings};
use crate::runtime;

/// Settings the engine itself heeds, read when it connects.
#[derive(Clone, Debug)]
pub(super) struct EngineConfig {
    /// `client_mount_timeout`: connecting takes no longer; `None` for no limit.
    pub connect_timeout: Option<Duration>,
    /// `rados_mon_op_timeout`; `None` for no limit.
    pub mon_timeout: Option<Duration>,
    /// `client_notify_timeout`.
    pub notify_timeout: Duration,
    /// `mgr_client_service_daemon_unregister_timeout`.
    pub leave_timeout: Duration,
}

impl EngineConfig {
    pub(super) fn new(config: &Config) -> Self {
        EngineConfig {
            connect_timeout: limit(config, "client_mount_timeout"),
            mon_timeout: limit(config, "rados_mon_op_timeout"),
            notify_timeout: config.duration("client_notify_timeout"),
            leave_timeout: config.duration("mgr_client_service_daemon_unregister_timeout"),
        }
    }

    pub(super) fn of_mgr(&self, config: &Config, fsid: Uuid) -> MgrConfig {
        MgrConfig {
            fsid,
            retry_interval: config.duration("mgr_connect_retry_interval"),
            command_timeout: self.mon_timeout,
        }
    }
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
        may_wait: || !runtime::on_own_thread(),
        ..ObjecterConfig::new(fsid)
    }
}
