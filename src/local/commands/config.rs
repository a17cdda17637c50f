//! Commands.

use super::request::Spec;

pub(super) const COMMANDS: &[Spec] = &[];

/// The settings that count for a client.
pub fn settings_for(
    _db: &rusqlite::Connection,
    _name: &crate::conf::EntityName,
) -> crate::errno::Result<Vec<(String, String)>> {
    Ok(Vec::new())
}
