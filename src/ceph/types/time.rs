//! Points in time: seconds and nanoseconds since 1970, 32 bits each (`utime_t`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;

/// A time or a span of time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct UTime {
    /// Seconds.
    pub sec: u32,
    /// Nanoseconds within the second.
    pub nsec: u32,
}

impl From<SystemTime> for UTime {
    /// Times before 1970 become 0, times after 2106 the last.
    fn from(time: SystemTime) -> Self {
        time.duration_since(UNIX_EPOCH).unwrap_or_default().into()
    }
}

impl From<Duration> for UTime {
    fn from(span: Duration) -> Self {
        UTime { sec: u32::try_from(span.as_secs()).unwrap_or(u32::MAX), nsec: span.subsec_nanos() }
    }
}

impl From<UTime> for Duration {
    fn from(time: UTime) -> Self {
        Duration::from_secs(time.sec.into()) + Duration::from_nanos(time.nsec.into())
    }
}

impl From<UTime> for SystemTime {
    fn from(time: UTime) -> Self {
        UNIX_EPOCH + Duration::from(time)
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
