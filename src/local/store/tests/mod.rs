//! Tests of the store. Expected answers were measured on 16.2.15.

mod crash;
mod fast;
mod faults;
mod power;
mod semantics;
mod snapshots;
mod steps;

use std::sync::{Arc, mpsc};

use bytes::Bytes;

use super::{OpenOptions, Store};
use crate::local::classes::Caller;
use crate::local::disk::FaultyDisk;
use crate::model::{Durability, ObjectOp, Op, PoolId, Reply, SnapContext, SnapId, Target};

/// A store in a directory of its own, with one pool.
pub(super) struct Bench {
    pub(super) store: Arc<Store>,
    pub(super) caller: Arc<Caller>,
    pub(super) dir: tempfile::TempDir,
}

pub(super) const POOL: PoolId = PoolId(1);

pub(super) fn target(name: &str) -> Target {
    Target::new(POOL, name)
}

pub(super) fn caller() -> Arc<Caller> {
    Arc::new(Caller { client: 4100, addr: "127.0.0.1:0/1".into() })
}

pub(super) fn add_pool(store: &Store) {
    let insert = "INSERT OR IGNORE INTO pool (id, name) VALUES (1, 'p')";
    store.db().write(|tx| Ok(tx.execute(insert, [])?)).unwrap();
}

impl Bench {
    pub(super) fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        add_pool(&store);
        Bench { store, caller: caller(), dir }
    }

    /// A store whose data is on a disk that can fail.
    pub(super) fn on(disk: &FaultyDisk) -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let store = OpenOptions::default().disk(Arc::new(disk.clone())).open(dir.path()).unwrap();
        add_pool(&store);
        Bench { store, caller: caller(), dir }
    }

    pub(super) fn run(&self, op: ObjectOp) -> Reply {
        run(&self.store, &self.caller, op)
    }

    /// Runs writing steps on an object.
    pub(super) fn write(&self, name: &str, steps: impl IntoIterator<Item = Op>) -> i32 {
        self.write_under(name, 0, &[], steps)
    }

    pub(super) fn write_under(
        &self,
        name: &str,
        seq: u64,
        snaps: &[u64],
        steps: impl IntoIterator<Item = Op>,
    ) -> i32 {
        let context = SnapContext { seq, snaps: snaps.iter().copied().collect() };
        let op = ObjectOp::write_under(target(name), Arc::new(context));
        self.run(steps.into_iter().fold(op, ObjectOp::then)).result
    }

    /// All bytes of an object at a snapshot.
    pub(super) fn read_at(&self, name: &str, snap: SnapId) -> Result<Bytes, i32> {
        let op = ObjectOp::read_at(target(name), snap).then(read(0, 0));
        let mut reply = self.run(op);
        if reply.result < 0 { Err(reply.result) } else { Ok(reply.take_data(0)) }
    }

    pub(super) fn read(&self, name: &str) -> Result<Bytes, i32> {
        self.read_at(name, SnapId::HEAD)
    }
}

/// Random numbers that are the same in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % limit
    }
}

pub(super) fn run(store: &Store, caller: &Arc<Caller>, op: ObjectOp) -> Reply {
    let (sender, receiver) = mpsc::channel();
    store.execute(caller, op, Box::new(move |reply| sender.send(reply).unwrap()));
    receiver.recv().unwrap()
}

pub(super) fn read(off: u64, len: u64) -> Op {
    Op::Read { off, len, into: None }
}

pub(super) fn write(off: u64, data: &[u8]) -> Op {
    Op::Write { off, data: data.to_vec().into() }
}

impl Bench {
    /// Writes as a block image with a write-back cache does.
    pub(super) fn write_lazily(&self, name: &str, snaps: &[u64], steps: Vec<Op>) -> Reply {
        let seq = snaps.first().copied().unwrap_or(0);
        let context = SnapContext { seq, snaps: snaps.iter().copied().collect() };
        let mut op = ObjectOp::write_under(target(name), Arc::new(context));
        op.durability = Durability::OnFlush;
        self.run(steps.into_iter().fold(op, ObjectOp::then))
    }
}
