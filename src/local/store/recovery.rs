//! After a reboot: what the last boot's memory held is gone, the database and the data files
//! decide.

use std::collections::BTreeSet;

use super::layout::place;
use super::{Commit, Store};
use crate::errno::Result;

impl Store {
    /// Recovers the store, while nobody else has it open: all redo rows are applied in their order,
    /// since which of them had reached the disk is not known, and records are forgotten.
    pub(super) fn recover(&self) -> Result<()> {
        self.slots.forget_records()?;
        self.db.write_with(Commit::Durable, |db| {
            let mut files = BTreeSet::new();
            let mut find = db.prepare("SELECT slot, off, bytes FROM redo ORDER BY id")?;
            let mut rows = find.query([])?;
            while let Some(row) = rows.next()? {
                let (slot, off): (i64, i64) = (row.get(0)?, row.get(1)?);
                let bytes = row.get_ref(2)?.as_blob().unwrap_or_default();
                self.slots.write(slot.cast_unsigned(), off.cast_unsigned(), bytes)?;
                files.insert(place(slot.cast_unsigned()).0);
            }
            // What is free is durably so; it may have been written to without being used.
            db.execute("UPDATE slot_free SET punched = 2", [])?;
            if !files.is_empty() {
                self.slots.sync(files)?;
                db.execute("DELETE FROM redo", [])?;
            }
            Ok(())
        })?;
        self.reclaim()
    }
}
