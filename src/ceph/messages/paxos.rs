//! What messages to and from a service of the monitors begin with (`PaxosServiceMessage`).

use crate::codec::{Reader, Writer};
use crate::errno::Result;

/// No monitor in particular (`deprecated_session_mon`).
const NO_MON: i16 = -1;

/// Appends the version of the service's data that the sender has; 0 for none.
pub(super) fn encode(writer: &mut Writer, version: u64) {
    let no_session_tid = 0;
    writer.u64(version).i16(NO_MON).u64(no_session_tid);
}

/// The version of the service's data.
pub(super) fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<u64> {
    let version = reader.u64(field)?;
    reader.i16(field)?;
    reader.u64(field)?;
    Ok(version)
}
