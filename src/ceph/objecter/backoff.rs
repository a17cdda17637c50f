//! Ranges of objects that an OSD has asked us to wait with.

use std::collections::BTreeMap;

use super::request::Request;
use crate::ceph::map::SpgId;
use crate::ceph::messages::hobject::HObject;
use crate::ceph::messages::osd_backoff::Backoff;

/// The backoffs of one session, by their number. There are few at a time, one for a group that is
/// peering or an object that is being recovered, so they are looked through.
#[derive(Default)]
pub(super) struct Backoffs {
    ranges: BTreeMap<u64, Range>,
}

struct Range {
    group: SpgId,
    begin: HObject,
    end: HObject,
}

impl Range {
    fn holds(&self, request: &Request) -> bool {
        request.aim.group == self.group && request.object().is_within(&self.begin, &self.end)
    }
}

impl Backoffs {
    /// Whether an operation has to wait.
    pub(super) fn block(&self, request: &Request) -> bool {
        !self.ranges.is_empty() && self.ranges.values().any(|range| range.holds(request))
    }

    /// Begins one.
    pub(super) fn begin(&mut self, backoff: &Backoff) {
        let Backoff { group, begin, end, .. } = backoff.clone();
        self.ranges.insert(backoff.id, Range { group, begin, end });
    }

    /// Ends one. `None` when there is none of this number, else a test for what it held.
    pub(super) fn end(&mut self, id: u64) -> Option<impl Fn(&Request) -> bool + use<>> {
        let range = self.ranges.remove(&id)?;
        Some(move |request: &Request| range.holds(request))
    }

    /// Ends all: the session is over, and with it what the OSD remembers.
    pub(super) fn clear(&mut self) {
        self.ranges.clear();
    }
}
