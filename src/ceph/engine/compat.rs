//! How old a client of a cluster may be.

use crate::ceph::map::OsdMap;
use crate::model::MinCompatible;

/// By what a map uses and insists on.
pub(super) fn of(map: &OsdMap) -> MinCompatible {
    let number = |release: u8| i8::try_from(release).unwrap_or(i8::MAX);
    MinCompatible {
        osd: number(map.require_osd_release.0),
        client: number(map.min_compat_client().0),
        required_client: number(map.require_min_compat_client.0),
    }
}
