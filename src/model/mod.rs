//! The vocabulary of RADOS and the waist of this crate, [`Engine`].
//!
//! An object operation is what an OSD takes: a [`Target`] (pool, namespace, locator, name), a
//! snapshot to read at or a [`SnapContext`] to write under, flags, and a list of [`Op`]s that
//! happen all together or not at all. The [`Reply`] has one result per op. Everything above is
//! written against this module and runs unchanged on every engine.
//!
//! May use: errno. Must not use: engines, codec, I/O.

mod buffer;
mod engine;
mod hobject;
mod ids;
mod list;
mod log;
mod op;
pub mod placement;
mod pool;
mod reply;
mod snap;
mod watch;

pub use buffer::{Payload, ReadMemory};
pub use engine::{
    CommandReply, CommandTarget, Engine, EngineExt, MinCompatible, ObjectContext, Pending,
};
pub use hobject::HObject;
pub use ids::{Name, PoolId, SnapId, Target};
pub use list::{ListEntry, ListPage, ListScope, Listing};
pub use log::{LogEntry, LogHandler, LogLevel, stamp};
pub use op::{
    ChecksumKind, CmpOp, CmpValue, Durability, ObjectOp, Op, OpFlags, ReqFlags, SnapSpec, Step,
};
pub use pool::{ClusterStat, PoolInfo, PoolStat};
pub use reply::{Done, MAX_ERRNO, OmapValues, Out, Reply, StepReply};
pub use snap::{CloneInfo, SnapContext, SnapSet};
pub use watch::{
    BlocklistExpiry, Notification, NotifyReply, WatchHandle, WatchHandler, WatcherInfo,
};

#[cfg(test)]
mod tests;
