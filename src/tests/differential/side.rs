//! One engine that scripts are played on, and what it says.

use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;

use super::script::{Asked, EXCEPTIONS, Move, SNAPS};
use crate::conf::Config;
use crate::connect;
use crate::errno::Result;
use crate::model::{
    Engine, EngineExt, ObjectOp, Op, Out, PoolId, Reply, ReqFlags, SnapContext, SnapId, Target,
};

const POOL: &str = "differential";
const TIMED_OUT: &str = "-110 ";
/// Xattrs whose values tell of a time or an address.
const OF_THEIR_OWN: [&str; 2] = ["amplified_by", "said_by"];

/// See the module.
pub(super) struct Side {
    engine: Arc<dyn Engine>,
    pool: PoolId,
    /// All objects share them: each script begins before the first.
    snaps: Vec<SnapId>,
    played: Cell<usize>,
    skipped: Cell<usize>,
}

/// The versions that an object's answers named, oldest first.
#[derive(Default)]
struct Versions(Vec<u64>);

impl Side {
    /// Connects, and makes a pool.
    pub(super) async fn connect(config: &Config) -> Result<Side> {
        let engine = connect::connect(config).await?;
        drop(engine.pool_delete(POOL).await);
        let pool = engine.pool_create(POOL, None).await?;
        let mut snaps = Vec::new();
        for _ in 0..SNAPS {
            snaps.push(engine.selfmanaged_snap_create(pool).await?);
        }
        Ok(Side { engine, pool, snaps, played: Cell::new(0), skipped: Cell::new(0) })
    }

    /// Removes the pool, and leaves.
    pub(super) async fn leave(&self) -> Result<()> {
        self.engine.pool_delete(POOL).await?;
        self.engine.shutdown().await
    }

    /// Operations that were played.
    pub(super) fn played(&self) -> usize {
        self.played.get()
    }

    /// Operations that were left out.
    pub(super) fn skipped(&self) -> usize {
        self.skipped.get()
    }

    /// Plays a script on a new object: what each move came to, and then what the object is.
    pub(super) async fn play(&self, name: &str, script: &[Move]) -> Vec<String> {
        let target = Target::new(self.pool, name);
        let mut taken = 0;
        let mut versions = Versions::default();
        let mut said = Vec::new();
        for step in script {
            said.push(match self.operation(&target, step, taken, &versions.0) {
                None if matches!(step, Move::Snapshot) => {
                    taken = SNAPS.min(taken + 1);
                    String::new()
                }
                None => {
                    self.skipped.set(self.skipped.get() + 1);
                    String::new()
                }
                Some(op) => {
                    self.played.set(self.played.get() + 1);
                    let answer = self.answer(op, &mut versions).await;
                    // It would not answer what comes, either.
                    assert!(!answer.starts_with(TIMED_OUT), "no answer to {step:?} of {script:#?}");
                    let state = self.state(&target, SnapId::HEAD, &mut versions).await;
                    assert!(!state.starts_with(TIMED_OUT), "damaged by {step:?} of {script:#?}");
                    format!("{answer}, then {state}")
                }
            });
        }
        let mut end = String::new();
        for snap in &self.snaps[..taken] {
            end += &self.state(&target, *snap, &mut versions).await;
            end += "; ";
        }
        end += &self.clones(&target).await;
        said.push(end);
        said
    }

    /// A move's operation; `None` where it has none, or one that is left out.
    fn operation(
        &self,
        target: &Target,
        step: &Move,
        taken: usize,
        versions: &[u64],
    ) -> Option<ObjectOp> {
        let taken = &self.snaps[..taken];
        let (op, steps) = match step {
            Move::Snapshot => return None,
            Move::Read { at, steps } => {
                let at = taken.get(*at).copied().unwrap_or(SnapId::HEAD);
                (ObjectOp::read_at(target.clone(), at), steps)
            }
            Move::Write { behind, ordered, outputs, steps } => {
                let known = &taken[..taken.len().saturating_sub(*behind)];
                let seq = known.last().map_or(0, |snap| snap.0);
                let snaps = known.iter().rev().map(|snap| snap.0).collect();
                let context = Arc::new(SnapContext { seq, snaps });
                let mut op = ObjectOp::write_under(target.clone(), context);
                op.flags.set(ReqFlags::ORDERSNAP, *ordered);
                // An OSD that finds an output too long answers `-EOVERFLOW`, changes nothing, and
                // yet tells of the change until it forgets the object (measured on 16.2.15).
                let long = steps.iter().any(|asked| asked.what.says_much());
                op.flags.set(ReqFlags::RETURNVEC, *outputs && !long);
                (op, steps)
            }
        };
        if EXCEPTIONS.iter().any(|(_, is_one)| is_one(steps)) {
            return None;
        }
        let add = |op: ObjectOp, asked: &Asked| op.then(asked.step(taken, versions));
        Some(steps.iter().fold(op, add))
    }

    async fn answer(&self, op: ObjectOp, versions: &mut Versions) -> String {
        shown(self.engine.run_raw(op).await, versions)
    }

    /// All of an object.
    async fn state(&self, target: &Target, at: SnapId, versions: &mut Versions) -> String {
        let all = Op::OmapGetVals { start_after: Bytes::new(), prefix: Bytes::new(), max: 100 };
        let op = ObjectOp::read_at(target.clone(), at)
            .then(Op::Read { off: 0, len: 0, into: None })
            .then(Op::Stat)
            .then(Op::GetXattrs)
            .then(Op::OmapGetHeader)
            .then(all);
        self.answer(op, versions).await
    }

    /// The object's list of snapshots, with numbers that count from the first.
    async fn clones(&self, target: &Target) -> String {
        let op = ObjectOp::read_at(target.clone(), SnapId::DIR).then(Op::ListSnaps);
        let mut reply = self.engine.run_raw(op).await;
        let Out::Snaps(set) = reply.take(0) else { return format!("{}", reply.result) };
        let nth = |snap: u64| self.snaps.iter().position(|known| known.0 == snap);
        let clones = set.clones.iter().map(|clone| {
            let snaps: Vec<_> = clone.snaps.iter().map(|snap| nth(snap.0)).collect();
            (nth(clone.id.0), snaps, &clone.overlap, clone.size)
        });
        format!("seq {:?}, clones {:?}", nth(set.seq), clones.collect::<Vec<_>>())
    }
}

impl Versions {
    fn newest(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    /// The version's place among those that were answered.
    fn shown(&mut self, version: u64, result: i32) -> String {
        if result == -libc::ENOENT {
            let floor = version == 0 || version >= self.newest();
            return if floor { String::new() } else { "an old version".into() };
        }
        if version == 0 {
            return "no version".into();
        }
        match self.0.binary_search(&version) {
            Ok(at) => format!("version {at}"),
            Err(at) => {
                self.0.insert(at, version);
                format!("new version {at}")
            }
        }
    }
}

/// An answer, without what may differ.
fn shown(reply: Reply, versions: &mut Versions) -> String {
    let mut steps: Vec<(i32, String)> =
        reply.steps.iter().map(|step| (step.result, output(&step.out))).collect();
    if reply.result < 0 {
        // The step that failed, and nothing behind it.
        let silent = |(result, output): &(i32, String)| {
            output.is_empty() && (*result == 0 || *result == reply.result)
        };
        while steps.last().is_some_and(silent) {
            steps.pop();
        }
    }
    let steps: Vec<String> =
        steps.iter().map(|(result, output)| format!("{result} {output}").trim().into()).collect();
    let version = versions.shown(reply.version, reply.result);
    format!("{} {version} [{}]", reply.result, steps.join(", "))
}

fn output(out: &Out) -> String {
    match out {
        Out::Data(data) if !data.is_empty() => format!("{data:?}"),
        Out::Extents { extents, data } => format!("{:?}", flat(extents, data)),
        Out::Stat { size, .. } => format!("{size} bytes"),
        Out::Xattrs(all) => {
            let known = |name: &Bytes| OF_THEIR_OWN.iter().any(|own| name == own);
            let value = |(name, value): &(Bytes, Bytes)| {
                (name.clone(), if known(name) { Bytes::new() } else { value.clone() })
            };
            format!("{:?}", all.iter().map(value).collect::<Vec<_>>())
        }
        Out::OmapKeys(keys, more) => format!("{keys:?} {more}"),
        Out::Omap(values) => format!("{:?} {}", values.entries, values.more),
        _ => String::new(),
    }
}

/// What a sparse read found, with zeros for holes and without those at the end.
fn flat(extents: &[(u64, u64)], mut data: &[u8]) -> Bytes {
    let mut all = Vec::new();
    for (off, len) in extents {
        let (part, rest) = data.split_at(*len as usize);
        all.resize(*off as usize, 0);
        all.extend_from_slice(part);
        data = rest;
    }
    let end = all.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    all.truncate(end);
    all.into()
}
