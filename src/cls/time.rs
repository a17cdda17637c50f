//! Ceph's time stamps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;

/// A point in time or a duration (`utime_t`): seconds and nanoseconds, 32 bits each. Zero stands
/// for "none" in most places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UTime {
    /// Seconds, since 1970 if it is a point in time.
    pub sec: u32,
    /// Nanoseconds.
    pub nsec: u32,
}

impl UTime {
    /// Zero.
    pub const ZERO: UTime = UTime { sec: 0, nsec: 0 };

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == UTime::ZERO
    }

    /// As a duration.
    #[must_use]
    pub fn to_duration(self) -> Duration {
        Duration::new(self.sec.into(), self.nsec)
    }

    /// As a point in time.
    #[must_use]
    pub fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + self.to_duration()
    }
}

impl From<Duration> for UTime {
    fn from(duration: Duration) -> Self {
        let sec = u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
        UTime { sec, nsec: duration.subsec_nanos() }
    }
}

impl From<SystemTime> for UTime {
    fn from(time: SystemTime) -> Self {
        time.duration_since(UNIX_EPOCH).unwrap_or_default().into()
    }
}

impl Encode for UTime {
    fn encode(&self, writer: &mut Writer) {
        writer.u32(self.sec).u32(self.nsec);
    }
}

impl Decode for UTime {
    const MIN_SIZE: usize = 8;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        Ok(UTime { sec: reader.u32(field)?, nsec: reader.u32(field)? })
    }
}
