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
//! applies. It does so with the database's write lock, since only who has that knows whether the
//! commit happened (see db.rs). Lock order: database write lock, then stripes. Who has a stripe but
//! not the write lock takes no other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use bytes::Bytes;
use rusqlite::{Connection, params};
use smallvec::SmallVec;

use super::bitmap::Bitmap;
use super::fast::Fast;
use super::layout::{NAME_MAX, NAMESPACE_MAX, WRITE_MAX, place};
use super::shared::{Counter, Shared};
use super::slots::SlotState;
use super::txn::{Staged, Txn};
use super::{Commit, Store, steps};
use crate::errno::{Errno, Error, Result};
use crate::local::blocklist;
use crate::local::classes::Caller;
use crate::local::disk::Held;
use crate::model::{
    Done, Durability, ObjectOp, Reply, ReqFlags, SnapContext, SnapId, SnapSpec, placement,
};
use crate::runtime;

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
    /// The object's place in listings, and its stripe.
    pub(super) position: u32,
    pub(super) stripe: usize,
    /// It changes the object.
    pub(super) writes: bool,
}

/// The end of an operation.
pub(super) struct Answer {
    pub(super) done: Done,
    pub(super) reply: Reply,
    /// It must not be given before a flush.
    pub(super) unflushed: bool,
}

impl Answer {
    fn new(job: Job, reply: Reply, unflushed: bool) -> Answer {
        let unflushed = unflushed && reply.result >= 0;
        Answer { done: job.done, reply, unflushed }
    }
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

/// What the operations of a transaction leave to be done around its commit.
#[derive(Default)]
pub(super) struct Effects {
    /// Data in order, with the stripe and its generation.
    staged: Vec<(usize, u64, Staged)>,
    /// Blocks with committed data, of top layers the transaction has met.
    committed: HashMap<u64, Bitmap>,
    records: Vec<(u64, SlotState)>,
    cleared: Vec<(usize, u64, Bitmap)>,
    freed: Vec<u64>,
    /// Slots with bytes that are in no redo row and that the committed rows will vouch for.
    unsynced: BTreeSet<u64>,
    /// Redo rows that were written, to be applied: slot, offset, bytes.
    redo: Vec<(u64, u64, Bytes)>,
}

impl Effects {
    /// What an object's transaction left.
    fn of(stripe: usize, generation: u64, txn: Txn<'_>) -> Effects {
        let mut effects = Effects::default();
        for chain in txn.chains.values() {
            if chain.unsynced {
                effects.unsynced.extend(chain.layers.iter().map(|layer| layer.slot));
            }
            if let Some(top) = chain.layers.first().filter(|top| !top.shared) {
                effects.committed.insert(top.slot, chain.committed);
            }
        }
        effects.staged =
            txn.staged.into_iter().map(|staged| (stripe, generation, staged)).collect();
        effects.unsynced.extend(txn.unsynced);
        effects.records = txn.records;
        let cleared = txn.cleared.into_iter();
        effects.cleared = cleared.map(|(slot, blocks)| (stripe, slot, blocks)).collect();
        effects.freed = txn.freed;
        effects
    }

    /// Adds what the next operation left.
    fn absorb(&mut self, mut next: Effects) {
        self.staged.retain(|(_, _, staged)| !next.freed.contains(&staged.slot));
        self.records.retain(|(slot, _)| !next.freed.contains(slot));
        self.staged.append(&mut next.staged);
        self.records.append(&mut next.records);
        self.cleared.append(&mut next.cleared);
        self.unsynced.append(&mut next.unsynced);
        self.committed.extend(next.committed);
    }

    /// Data in order.
    pub(super) fn staged(&self) -> impl Iterator<Item = &Staged> {
        self.staged.iter().map(|(_, _, staged)| staged)
    }

    /// Blocks of a slot whose data was committed before the transaction.
    pub(super) fn committed(&self, slot: u64) -> Option<Bitmap> {
        self.committed.get(&slot).copied()
    }
}

impl Store {
    /// Runs an operation. `done` is called without any lock: before this returns, on the calling
    /// thread, or later on a thread for disk work, when the operation has to be durable or would
    /// wait for the disk.
    pub fn execute(&self, caller: &Arc<Caller>, mut op: ObjectOp, done: Done) {
        let writes = match prepare(&mut op) {
            Ok(writes) => writes,
            Err(error) => return done(Reply::error(error.errno())),
        };
        let position = placement::position(&op.target);
        let stripe = Shared::stripe(position);
        let durable = writes && op.durability == Durability::OnAck;
        let job = Job { caller: Arc::clone(caller), op, done, position, stripe, writes };
        let Some(mut job) = self.enqueue(job, durable) else { return };
        match self.try_fast(&mut job, false) {
            Fast::Done(reply) => self.end_fast(job, reply),
            Fast::Slow => self.give(self.run_alone(job)),
            Fast::Wait => self.run_later(job),
        }
    }

    /// Ends an operation that did not need the database.
    fn end_fast(&self, job: Job, reply: Reply) {
        self.count(&job.op, &reply);
        let unflushed = job.writes && job.op.durability == Durability::InPlace;
        self.give(Answer::new(job, reply, unflushed));
    }

    /// Runs a read that has to wait for the disk on a thread for that.
    fn run_later(&self, mut job: Job) {
        let Some(store) = self.this.upgrade() else {
            return (job.done)(Reply::error(Errno::ESHUTDOWN));
        };
        runtime::spawn_blocking(move || match store.try_fast(&mut job, true) {
            Fast::Done(reply) => store.end_fast(job, reply),
            Fast::Slow | Fast::Wait => store.give(store.run_alone(job)),
        });
    }

    /// Runs one operation.
    pub(super) fn run_alone(&self, mut job: Job) -> Answer {
        if !job.writes {
            return match self.run_read(&job.caller, &mut job.op) {
                Ok(reply) => {
                    self.count(&job.op, &reply);
                    Answer::new(job, reply, false)
                }
                Err(error) => {
                    let reply = Reply::refuse(job.op, error.errno());
                    Answer { done: job.done, reply, unflushed: false }
                }
            };
        }
        let mut answers = self.run_batch(vec![job]);
        let nobody =
            || Answer { done: Box::new(drop), reply: Reply::error(Errno::EIO), unflushed: false };
        answers.pop().unwrap_or_else(nobody)
    }

    /// Runs a reading operation under its object's lock.
    fn run_read(&self, caller: &Caller, op: &mut ObjectOp) -> Result<Reply> {
        let stripe = Shared::stripe(placement::position(&op.target));
        let _held = self.lock_whole(stripe)?;
        self.db.read(|db| {
            let target = op.target.clone();
            let mut txn = Txn::new(self, db, &target, caller, SystemTime::now());
            txn.load_object()?;
            match op.snap {
                SnapSpec::At(snap) => drop(txn.load_at(snap)?),
                SnapSpec::Under(_) => txn.load_head()?,
            }
            let listed = matches!(op.snap, SnapSpec::At(SnapId::DIR)) && txn.object.is_some();
            if !txn.exists() && !listed {
                return Err(Errno::ENOENT.into());
            }
            let (result, steps) = steps::run(&mut txn, op);
            let version = if result < 0 { 0 } else { txn.version_before };
            Ok(Reply { result, version, steps })
        })
    }

    /// Runs writing operations in one transaction.
    pub(super) fn run_batch(&self, mut jobs: Vec<Job>) -> Vec<Answer> {
        let alone = jobs.len() == 1;
        // What may tear anyway is made durable by a flush, together with others.
        let lazy = alone && jobs.iter().all(|job| job.op.durability != Durability::OnAck);
        let commit = if lazy { Commit::Lazy } else { Commit::Durable };
        let mut replies: Vec<Reply> = Vec::with_capacity(jobs.len());
        let mut stripes = Stripes::new(&self.shared);
        let mut effects = Effects::default();
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
                // Whether it was committed is only known when the next one has the database.
                stripes.unfinished = true;
                drop(stripes);
                if !alone {
                    // One of them may be the cause: each for itself.
                    return jobs.into_iter().flat_map(|job| self.run_batch(vec![job])).collect();
                }
                let failed = |job| Answer::new(job, Reply::error(error.errno()), false);
                return jobs.into_iter().map(failed).collect();
            }
        }
        drop(stripes);
        let answer = |(job, reply): (Job, Reply)| {
            self.count(&job.op, &reply);
            let unflushed = lazy && job.op.durability == Durability::InPlace;
            Answer::new(job, reply, unflushed)
        };
        jobs.into_iter().zip(replies).map(answer).collect()
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
            let (reply, own) = self.run_write(db, job, stripes, None)?;
            *effects = own;
            return Ok(reply);
        }
        db.prepare_cached("SAVEPOINT job")?.execute([])?;
        let outcome = self.run_write(db, job, stripes, Some(effects));
        if !matches!(&outcome, Ok((reply, _)) if reply.result >= 0) {
            db.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        db.prepare_cached("RELEASE job")?.execute([])?;
        let (reply, own) = outcome?;
        if reply.result >= 0 {
            effects.absorb(own);
        }
        Ok(reply)
    }

    fn run_write(
        &self,
        db: &Connection,
        job: &mut Job,
        stripes: &mut Stripes<'_>,
        earlier: Option<&Effects>,
    ) -> Result<(Reply, Effects)> {
        self.check_blocklist(db, &job.caller)?;
        let (target, stripe) = (job.op.target.clone(), job.stripe);
        let generation = stripes.take(self, stripe)?;
        let now = job.op.mtime.unwrap_or_else(SystemTime::now);
        let mut txn = Txn::new(self, db, &target, &job.caller, now);
        txn.earlier = earlier;
        txn.lazy = earlier.is_none() && job.op.durability != Durability::OnAck;
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
        let mut version = txn.version_before;
        if txn.is_changed() && !steps::limit_outputs(job.op.flags, &mut result, &mut steps) {
            version = 0;
        }
        if result == Errno::ENOENT.to_c() {
            // What comes back under this name is newer.
            let removed = self.meta_number(db, "version")?;
            version = version.max(removed.cast_unsigned());
        }
        if result < 0 {
            return Ok((Reply { result, version, steps }, Effects::default()));
        }
        version = txn.finish()?.max(version);
        Ok((Reply { result, version, steps }, Effects::of(stripe, generation, txn)))
    }

    /// Writes what must be in place before the commit, and redo rows for the rest.
    pub(super) fn before_commit(
        &self,
        db: &Connection,
        commit: Commit,
        effects: &mut Effects,
    ) -> Result<()> {
        let fresh = |staged: &Staged| if staged.fresh { staged.bytes.len() } else { 0 };
        let inline =
            commit == Commit::Durable && effects.staged().map(fresh).sum::<usize>() <= INLINE_MAX;
        if commit == Commit::Durable && !inline {
            let fresh = effects.staged.iter().filter(|(_, _, staged)| staged.fresh);
            effects.unsynced.extend(fresh.map(|(_, _, staged)| staged.slot));
        }
        retire_redo(db, &effects.unsynced)?;
        let mut insert = db.prepare_cached(
            "INSERT INTO redo (stripe, gen, slot, off, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (stripe, generation, staged) in &effects.staged {
            let Staged { slot, off, bytes, fresh } = staged;
            if *fresh {
                self.slots.write(*slot, *off, bytes)?;
            } else {
                effects.redo.push((*slot, *off, bytes.clone()));
            }
            if !fresh || inline {
                let (stripe, generation) = (*stripe as i64, generation.cast_signed());
                self.redo_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                let (slot, off) = (slot.cast_signed(), off.cast_signed());
                insert.execute(params![stripe, generation, slot, off, &bytes[..]])?;
            }
        }
        let files: BTreeSet<u64> = effects.unsynced.iter().map(|slot| place(*slot).0).collect();
        self.slots.sync(files)
    }

    /// Carries out what was committed.
    pub(super) fn after_commit(&self, commit: Commit, effects: &Effects) -> Result<()> {
        let count = |counter| self.shared.counter(counter).fetch_add(1, Ordering::AcqRel);
        if commit == Commit::Lazy {
            count(Counter::Lazy);
        }
        if commit == Commit::Durable || !effects.redo.is_empty() {
            count(Counter::Redo);
        }
        for (stripe, slot, blocks) in &effects.cleared {
            self.note_cleared(*stripe, *slot, blocks);
        }
        for (slot, off, bytes) in &effects.redo {
            self.slots.write(*slot, *off, bytes)?;
        }
        for (slot, state) in &effects.records {
            self.slots.record(*slot)?.store(state);
        }
        if commit == Commit::Lazy {
            self.touched.lock().extend(effects.records.iter().map(|(slot, _)| *slot));
        }
        Ok(())
    }

    /// Locks a stripe on which everything that was committed has been carried out. Not for who has
    /// the database's write lock, or another stripe.
    pub(super) fn lock_whole(&self, stripe: usize) -> Result<Held<'_>> {
        loop {
            let held = self.shared.lock(stripe)?;
            if self.shared.generation(stripe).load(Ordering::Acquire).is_multiple_of(2) {
                return Ok(held);
            }
            drop(held);
            self.db.write_with(Commit::Lazy, |_| {
                let _held = self.shared.lock(stripe)?;
                self.recover_stripe(stripe)
            })?;
        }
    }

    /// With a stripe locked, and the database for writing: applies what a process that died had
    /// committed and not carried out.
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
        // Its holder may not have come to count them.
        self.shared.counter(Counter::Redo).fetch_add(1, Ordering::AcqRel);
        generation.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// `-ESHUTDOWN` for a client on the blocklist; notes that it is not, for the fast path.
    fn check_blocklist(&self, db: &Connection, caller: &Caller) -> Result<()> {
        let generation = self.blocklist_generation();
        if self.vetted.read().get(&caller.client) == Some(&generation) {
            return Ok(());
        }
        if blocklist::until(db, &caller.addr)?.is_some() {
            return Err(Errno::ESHUTDOWN.into());
        }
        self.vetted.write().insert(caller.client, generation);
        Ok(())
    }
}

/// Earlier redo rows of slots whose rows will vouch for bytes that are in no redo row must not be
/// replayed over them: they were applied long ago, and that is durable when these bytes are.
fn retire_redo(db: &Connection, slots: &BTreeSet<u64>) -> Result<()> {
    let mut delete = db.prepare_cached("DELETE FROM redo WHERE slot = ?1")?;
    for slot in slots {
        delete.execute([slot.cast_signed()])?;
    }
    Ok(())
}

/// Checks an operation's limits and gives its target its canonical form. Whether it writes.
fn prepare(op: &mut ObjectOp) -> Result<bool> {
    if let std::borrow::Cow::Owned(target) = placement::canonical(&op.target) {
        op.target = target;
    }
    let lengths = (op.target.name.as_bytes().len(), op.target.locator.as_bytes().len());
    let spaced = op.target.namespace.as_bytes().len();
    if lengths.0 == 0 || op.steps.is_empty() {
        return Err(Errno::EINVAL.because("an object without a name, or nothing to do with it"));
    }
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
