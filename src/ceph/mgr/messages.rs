//! Messages between a client and the active manager, and the map that names it.

use std::collections::BTreeMap;

use crate::ceph::message::Message;
use crate::codec::{Reader, Writer};
use crate::errno::Result;

/// A service introduces itself (`MSG_MGR_OPEN`).
pub const OPEN: u16 = 0x700;
/// The manager says how often it wants reports.
pub const CONFIGURE: u16 = 0x701;
/// Status of a service.
pub const REPORT: u16 = 0x702;
/// The map of managers, from a monitor.
pub const MAP: u16 = 0x704;
/// A service takes its leave; the manager answers with the same.
pub const CLOSE: u16 = 0x708;
/// A command for one of the manager's modules, since Octopus (`MSG_MGR_COMMAND`).
pub const MGR_COMMAND: u16 = 0x709;
/// Its answer.
pub const MGR_COMMAND_REPLY: u16 = 0x70a;

/// What a service is called: `rgw`, `a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName {
    /// Its kind.
    pub service: String,
    /// Which of that kind.
    pub daemon: String,
}

/// Introduces a service. What its configuration is (`ceph config show`) is not told.
#[must_use]
pub fn open(name: &ServiceName, metadata: &BTreeMap<String, String>) -> Message {
    let mut front = Writer::new();
    front.bytes(&name.daemon).bytes(&name.service).bool(true).map(metadata);
    let no_status = 0;
    let (no_config, no_defaults) = (0, 0);
    front.u32(no_status).u32(no_config).u32(no_defaults);
    Message::new(OPEN, 3, 1, front.into_bytes())
}

/// A report of a service: a sign of life, without counters, with its status when that changed.
#[must_use]
pub fn report(name: &ServiceName, status: Option<&BTreeMap<String, String>>) -> Message {
    let mut counters = Writer::new();
    counters.versioned(1, 1, |_| ());
    let mut front = Writer::new();
    let (no_declared, no_undeclared) = (0, 0);
    front.bytes(&name.daemon).u32(no_declared).bytes(counters.into_bytes()).u32(no_undeclared);
    front.bytes(&name.service).option(status);
    let (no_health, no_config, no_osd_metrics) = (0, 0, 0);
    front.u32(no_health).u32(no_config).u32(no_osd_metrics);
    // No status of tasks and no metrics.
    front.bool(false).bool(false);
    Message::new(REPORT, 9, 1, front.into_bytes())
}

/// A service takes its leave.
#[must_use]
pub fn close(name: &ServiceName) -> Message {
    let mut front = Writer::new();
    front.bytes(&name.daemon).bytes(&name.service);
    Message::new(CLOSE, 1, 1, front.into_bytes())
}

/// After how many seconds the manager wants the next report; 0 for never.
pub fn report_period(message: &Message) -> Result<u32> {
    Reader::new(&message.front).u32("mgr configure stats_period")
}
