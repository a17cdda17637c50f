//! Running operations through the database: everything but plain reads and writes of block images.
//!
//! ```text
//!   write transaction:   lock stripes, run steps -> rows, staged data
//!   before the commit:   data that nothing refers to yet goes to its slots; redo rows for the rest
//!   commit
//!   after the commit:    redo rows are applied, records stored, stripes unlocked; then replies
//! ```
//!
//! A process that dies before the commit leaves nothing; one that dies after it leaves a stripe
//! with an odd generation and redo rows of that generation, which the next one to lock the stripe
//! applies. Lock order: database write lock, then stripes. Who has a stripe but not the write lock
//! takes no other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use smallvec::SmallVec;

use super::layout::{NAME_MAX, NAMESPACE_MAX, WRITE_MAX, place};
use super::shared::{Counter, Shared};
use super::slots::SlotState;
use super::snaps::last_index;
use super::txn::Txn;
use super::{Commit, Store, steps};
use crate::errno::{Errno, Error, Result};
use crate::local::classes::Caller;
use crate::local::disk::Held;
use crate::local::placement;
use crate::model::{Done, Durability, ObjectOp, Reply, ReqFlags, SnapContext, SnapId, SnapSpec};

/// Up to so many new bytes a durable commit takes into the database, to be written with one sync;
/// more go to their slots, which are synced first.
const INLINE_MAX: usize = 256 << 10;
/// `EOLDSNAPC`, Ceph's own number for a snap context older than the object's (that of `ERESTART`).
const EOLDSNAPC: Errno = Errno(libc::ERESTART);

/// An operation and who waits for it.
pub(super) struct Job {
    pub(super) caller: Arc<Caller>,
    pub(super) op: ObjectOp,
    pub(super) done: Done,
}

/// Stripes held by a transaction. Their generations are odd while it lasts.
pub(super) struct Stripes<'a> {
    shared: &'a Shared,
    held: BTreeMap<usize, Held<'a>>,
    /// The transaction was committed but not carried out: the stripes stay marked for recovery.
    pub(super) unfinished: bool,
}

impl<'a> Stripes<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Stripes { shared, held: BTreeMap::new(), unfinished: false }
    }

    /// Locks a stripe unless it is held already, recovering what its last holder left. Returns its
    /// generation for redo rows.
    pub(super) fn take(&mut self, store: &Store, stripe: usize) -> Result<u64> {
        if !self.held.contains_key(&stripe) {
            let held = self.shared.lock(stripe)?;
            store.recover_stripe(stripe)?;
            self.shared.generation(stripe).fetch_add(1, Ordering::AcqRel);
            self.held.insert(stripe, held);
        }
        Ok(self.shared.generation(stripe).load(Ordering::Acquire))
    }
}

impl Drop for Stripes<'_> {
    fn drop(&mut self) {
        if !self.unfinished {
            for stripe in self.held.keys() {
                self.shared.generation(*stripe).fetch_add(1, Ordering::AcqRel);
            }
        }
    }
}

/// What transactions leave to be done around their commit.
#[derive(Default)]
pub(super) struct Effects {
    /// Stripe, generation and staged data in order.
    staged: Vec<(usize, u64, super::txn::Staged)>,
    pub(super) records: Vec<(u64, SlotState)>,
    cleared: Vec<u64>,
    /// Data files whose bytes the committed rows will vouch for.
    unsynced: BTreeSet<u64>,
    /// Redo rows that were written, to be applied: slot, offset, bytes.
    redo: Vec<(u64, u64, Bytes)>,
}

impl Effects {
    /// Takes over what an object's transaction left.
    pub(super) fn absorb(&mut self, stripe: usize, generation: u64, txn: &mut Txn<'_>) {
        for chain in txn.chains.values().filter(|chain| chain.unsynced) {
            self.unsynced.extend(chain.layers.iter().map(|layer| place(layer.slot).0));
        }
        let staged = std::mem::take(&mut txn.staged);
        self.staged.extend(staged.into_iter().map(|staged| (stripe, generation, staged)));
        self.records.append(&mut txn.records);
        self.cleared.append(&mut txn.cleared);
    }
}

impl Store {
    /// Runs an operation. `done` is called before this returns, on the calling thread, without any
    /// lock.
    pub fn execute(&self, caller: &Arc<Caller>, mut op: ObjectOp, done: Done) {
        let prepared = prepare(&mut op);
        match prepared {
            Err(error) => done(Reply::error(error.errno())),
            Ok(true) => self.run_batch(vec![Job { caller: Arc::clone(caller), op, done }]),
            Ok(false) => {
                done(match self.run_read(caller, &mut op) {
                    Ok(reply) => reply,
                    Err(error) => Reply::refuse(op, error.errno()),
                });
            }
        }
    }

    /// Runs a reading operation under its object's lock.
    fn run_read(&self, caller: &Caller, op: &mut ObjectOp) -> Result<Reply> {
        let stripe = Shared::stripe(placement::position(&op.target));
        let _held = self.shared.lock(stripe)?;
        self.recover_stripe(stripe)?;
        self.db.read(|db| {
            let target = op.target.clone();
            let mut txn = Txn::new(self, db, &target, caller, SystemTime::now());
            txn.load_object()?;
            match op.snap {
                SnapSpec::At(snap) => txn.load_at(snap)?,
                SnapSpec::Under(_) => txn.load_head()?,
            }
            let listed = matches!(op.snap, SnapSpec::At(SnapId::DIR)) && txn.object.is_some();
            if !txn.exists() && !listed && !op.steps.is_empty() {
                return Err(Errno::ENOENT.into());
            }
            let (result, steps) = steps::run(&mut txn, op);
            let version = if result < 0 { 0 } else { txn.version_before };
            Ok(Reply { result, version, steps })
        })
    }

    /// Runs writing operations in one transaction, then replies.
    pub(super) fn run_batch(&self, mut jobs: Vec<Job>) {
        let lazy = jobs.iter().all(|job| job.op.durability == Durability::OnFlush);
        let commit = if lazy { Commit::Lazy } else { Commit::Durable };
        let mut replies: Vec<Reply> = Vec::with_capacity(jobs.len());
        let mut stripes = Stripes::new(&self.shared);
        let mut effects = Effects::default();
        let alone = jobs.len() == 1;
        let mut refused = false;
        let committed = self.db.write_with(commit, |db| {
            for job in &mut jobs {
                let reply = self.run_job(db, job, alone, &mut stripes, &mut effects);
                let reply = reply.unwrap_or_else(|error| failed(&job.op, &error));
                refused = alone && reply.result < 0;
                replies.push(reply);
                if refused {
                    // Nothing of it may be committed.
                    return Err(Errno::ECANCELED.into());
                }
            }
            self.before_commit(db, commit, &mut effects)
        });
        match committed {
            Ok(()) => {
                if let Err(error) = self.after_commit(commit, &effects) {
                    log::error!("store {}: {error}; to be finished later", self.dir.display());
                    stripes.unfinished = true;
                }
            }
            Err(_) if refused => {}
            Err(error) => {
                log::error!("store {}: {error}", self.dir.display());
                replies.clear();
                replies.extend(jobs.iter().map(|job| failed(&job.op, &error)));
            }
        }
        drop(stripes);
        for (job, reply) in jobs.into_iter().zip(replies) {
            (job.done)(reply);
        }
    }

    /// Runs one of several operations of a transaction; what a refused one did is taken back.
    fn run_job(
        &self,
        db: &Connection,
        job: &mut Job,
        alone: bool,
        stripes: &mut Stripes<'_>,
        effects: &mut Effects,
    ) -> Result<Reply> {
        if alone {
            let (reply, txn_effects) = self.run_write(db, job, stripes)?;
            *effects = txn_effects;
            return Ok(reply);
        }
        db.prepare_cached("SAVEPOINT job")?.execute([])?;
        let outcome = self.run_write(db, job, stripes);
        if !matches!(&outcome, Ok((reply, _)) if reply.result >= 0) {
            db.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        db.prepare_cached("RELEASE job")?.execute([])?;
        let (reply, mut more) = outcome?;
        if reply.result >= 0 {
            effects.staged.append(&mut more.staged);
            effects.records.append(&mut more.records);
            effects.cleared.append(&mut more.cleared);
            effects.unsynced.append(&mut more.unsynced);
        }
        Ok(reply)
    }

    fn run_write(
        &self,
        db: &Connection,
        job: &mut Job,
        stripes: &mut Stripes<'_>,
    ) -> Result<(Reply, Effects)> {
        self.check_blocklist(db, &job.caller)?;
        let target = job.op.target.clone();
        let stripe = Shared::stripe(placement::position(&target));
        let generation = stripes.take(self, stripe)?;
        let now = job.op.mtime.unwrap_or_else(SystemTime::now);
        let mut txn = Txn::new(self, db, &target, &job.caller, now);
        let given = match &job.op.snap {
            SnapSpec::Under(context) => SnapContext::clone(context),
            SnapSpec::At(_) => SnapContext::none(),
        };
        let context = txn.effective_context(&given)?;
        txn.load_object()?;
        let known = txn.object.as_ref().map_or(0, |object| object.snap_seq);
        if job.op.flags.contains(ReqFlags::ORDERSNAP) && context.seq < known {
            return Err(EOLDSNAPC.into());
        }
        txn.context = Some(context);
        txn.load_head()?;
        let (mut result, mut steps) = steps::run(&mut txn, &mut job.op);
        steps::strip_outputs(job.op.flags, &mut result, &mut steps);
        let mut effects = Effects::default();
        let mut version = txn.version_before;
        if result >= 0 {
            version = txn.finish()?;
            effects.absorb(stripe, generation, &mut txn);
        }
        debug_assert!(txn.chains.keys().all(|idx| *idx <= last_index(super::layout::OBJECT_MAX)));
        Ok((Reply { result, version, steps }, effects))
    }

    /// Writes what must be in place before the commit, and redo rows for the rest.
    pub(super) fn before_commit(
        &self,
        db: &Connection,
        commit: Commit,
        effects: &mut Effects,
    ) -> Result<()> {
        let new: usize =
            effects.staged.iter().map(|(_, _, s)| if s.fresh { s.bytes.len() } else { 0 }).sum();
        let inline = commit == Commit::Durable && new <= INLINE_MAX;
        let mut insert = db.prepare_cached(
            "INSERT INTO redo (stripe, gen, slot, off, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (stripe, generation, staged) in &effects.staged {
            let place_at = (staged.slot, staged.off);
            if staged.fresh {
                self.slots.write(staged.slot, staged.off, &staged.bytes)?;
                if commit == Commit::Durable && !inline {
                    effects.unsynced.insert(place(staged.slot).0);
                }
            } else {
                effects.redo.push((place_at.0, place_at.1, staged.bytes.clone()));
            }
            if !staged.fresh || inline {
                let key = (*stripe as i64, generation.cast_signed(), staged.slot.cast_signed());
                let off = staged.off.cast_signed();
                insert.execute(params![key.0, key.1, key.2, off, &staged.bytes[..]])?;
            }
        }
        self.retire_redo(db, effects)?;
        self.slots.sync(effects.unsynced.iter().copied())
    }

    /// Earlier redo rows of slots in which blocks were cleared must not be replayed over what those
    /// blocks get next: they were applied long ago, and are forgotten once that is durable.
    fn retire_redo(&self, db: &Connection, effects: &mut Effects) -> Result<()> {
        let mut find =
            db.prepare_cached("SELECT max(id) FROM redo WHERE slot = ?1 AND gen <> ?2")?;
        let mut delete = db.prepare_cached("DELETE FROM redo WHERE slot = ?1 AND id <= ?2")?;
        let own: BTreeSet<u64> =
            effects.staged.iter().map(|(_, generation, _)| *generation).collect();
        for slot in &effects.cleared {
            let slot_id = slot.cast_signed();
            let generation = own.first().copied().unwrap_or(0).cast_signed();
            let last: Option<i64> =
                find.query_row([slot_id, generation], |row| row.get(0)).optional()?.flatten();
            if let Some(last) = last {
                effects.unsynced.insert(place(*slot).0);
                delete.execute([slot_id, last])?;
            }
        }
        Ok(())
    }

    /// Carries out what was committed.
    pub(super) fn after_commit(&self, commit: Commit, effects: &Effects) -> Result<()> {
        let counter = match commit {
            Commit::Lazy => Counter::Lazy,
            Commit::Durable => Counter::Redo,
        };
        self.shared.counter(counter).fetch_add(1, Ordering::AcqRel);
        for (slot, off, bytes) in &effects.redo {
            self.slots.write(*slot, *off, bytes)?;
        }
        for (slot, state) in &effects.records {
            self.slots.record(*slot)?.store(state);
        }
        Ok(())
    }

    /// With a stripe locked: applies what a process that died had committed and not carried out.
    pub(super) fn recover_stripe(&self, stripe: usize) -> Result<()> {
        let generation = self.shared.generation(stripe);
        let present = generation.load(Ordering::Acquire);
        if present.is_multiple_of(2) {
            return Ok(());
        }
        self.db.read(|db| {
            let mut find = db.prepare_cached(
                "SELECT slot, off, bytes FROM redo WHERE stripe = ?1 AND gen = ?2 ORDER BY id",
            )?;
            let mut rows = find.query([stripe as i64, present.cast_signed()])?;
            while let Some(row) = rows.next()? {
                let (slot, off): (i64, i64) = (row.get(0)?, row.get(1)?);
                let bytes = row.get_ref(2)?.as_blob().unwrap_or_default();
                self.slots.write(slot.cast_unsigned(), off.cast_unsigned(), bytes)?;
            }
            Ok(())
        })?;
        generation.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// `-ESHUTDOWN` for a client on the blocklist.
    fn check_blocklist(&self, db: &Connection, caller: &Caller) -> Result<()> {
        let mut find = db.prepare_cached("SELECT until FROM blocklist WHERE addr = ?1")?;
        let until: Option<i64> = find.query_row([&caller.addr], |row| row.get(0)).optional()?;
        if until.is_some_and(|until| until > super::txn::to_nanos(SystemTime::now())) {
            return Err(Errno::ESHUTDOWN.into());
        }
        Ok(())
    }
}

/// Checks an operation's limits and gives its target its canonical form. Whether it writes.
fn prepare(op: &mut ObjectOp) -> Result<bool> {
    if let std::borrow::Cow::Owned(target) = placement::canonical(&op.target) {
        op.target = target;
    }
    let lengths = (op.target.name.as_bytes().len(), op.target.locator.as_bytes().len());
    let spaced = op.target.namespace.as_bytes().len();
    if lengths.0 > NAME_MAX || lengths.1 > NAME_MAX || spaced > NAMESPACE_MAX {
        return Err(Errno::ENAMETOOLONG.into());
    }
    if let SnapSpec::Under(context) = &op.snap
        && !context.is_valid()
    {
        return Err(Errno::EINVAL.into());
    }
    let mut writes = false;
    for step in &op.steps {
        writes |= steps::writes(&step.op)?;
    }
    if writes && steps::payload_len(op) > WRITE_MAX {
        return Err(Errno(libc::EMSGSIZE).into());
    }
    if writes && !op.is_write() {
        // An OSD refuses to change a snapshot.
        return match op.snap {
            SnapSpec::At(SnapId::HEAD) => Ok(true),
            _ => Err(Errno::EINVAL.into()),
        };
    }
    Ok(writes)
}

fn failed(op: &ObjectOp, error: &Error) -> Reply {
    log::debug!("{}: {error}", op.target);
    Reply { result: error.to_c(), version: 0, steps: SmallVec::new() }
}
