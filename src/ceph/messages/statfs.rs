//! What the cluster holds (`MStatfs`, `MStatfsReply`).

use uuid::Uuid;

use super::paxos;
use crate::ceph::message::Message;
use crate::codec::{Reader, Writer};
use crate::errno::Result;
use crate::model::ClusterStat;

/// The request (`CEPH_MSG_STATFS`).
pub const STATFS: u16 = 13;
/// Its answer.
pub const STATFS_REPLY: u16 = 14;

/// Asks for the whole cluster.
#[must_use]
pub fn request(fsid: Uuid) -> Message {
    let mut front = Writer::new();
    paxos::encode(&mut front, 0);
    let all_pools = false;
    front.raw(fsid.as_bytes()).bool(all_pools);
    Message::new(STATFS, 2, 1, front.into_bytes())
}

/// The answer.
pub fn reply(message: &Message) -> Result<ClusterStat> {
    let mut front = Reader::new(&message.front);
    front.take(16, "statfs fsid")?;
    front.u64("statfs version")?;
    Ok(ClusterStat {
        kb: front.u64("statfs kb")?,
        kb_used: front.u64("statfs kb_used")?,
        kb_avail: front.u64("statfs kb_avail")?,
        objects: front.u64("statfs num_objects")?,
    })
}
