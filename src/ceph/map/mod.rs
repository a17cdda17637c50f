//! The map of the cluster: pools, OSDs, and which OSD has which object.
//!
//! ```text
//!   object ──hash──> raw group ──fold──> group ──placement──> OSDs
//!            pool.rs             pool.rs          placement.rs over crush/
//!
//!   decode.rs       a whole map from bytes        OsdMap (osdmap.rs)
//!   incremental.rs  an update from bytes             |
//!   apply.rs        map + update = next map  <-------+
//! ```
//!
//! A map is a value: the mon client makes the next one from the last and an update, the objecter
//! asks it where to send. Only what a client needs is kept; the rest is skipped by its length.
//! May use: codec, errno, model, ceph::types. Must not use: sessions, clocks, anything else.

mod apply;
mod blocklist;
mod compat;
pub mod crush;
mod decode;
mod flags;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
mod incremental;
mod osdmap;
mod pgid;
mod placement;
mod pool;
mod snaps;
#[cfg(test)]
mod tests;

pub use crush::{CrushLocation, ITEM_NONE, Osds};
pub use flags::{MapFlags, OsdState, PoolFlags, Release};
pub use incremental::Incremental;
pub use osdmap::OsdMap;
pub use pgid::{NO_SHARD, PgId, SpgId};
pub use placement::Placement;
pub use pool::{CacheMode, Pool, PoolKind, PoolOption, PoolSnap};
pub use snaps::SnapIntervals;
