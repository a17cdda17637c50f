//! `MLog`: entries of the cluster's log, as one who watches it is told.

use super::paxos;
use crate::ceph::message::Message;
use crate::ceph::types::{EntityAddrs, EntityKind, UTime};
use crate::codec::{Decode, Reader};
use crate::errno::Result;

/// `MSG_LOG`.
pub const KIND: u16 = 52;

/// The newest version of `LogEntry` whose fields are known.
const VERSION: u8 = 5;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who logged it: `mon.a`, `client.admin`.
    pub name: String,
    /// Its running number: `mon.0`.
    pub rank: String,
    /// Its addresses.
    pub addrs: EntityAddrs,
    /// When.
    pub stamp: UTime,
    /// Which entry of this one's.
    pub seq: u64,
    /// `CLOG_*`: 0 debug, 1 info, 2 security, 3 warning, 4 error.
    pub priority: u16,
    /// `cluster`, `audit`, ...
    pub channel: String,
    /// What happened.
    pub text: String,
}

/// Entries, and the version of the log behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    /// The version.
    pub version: u64,
    /// In order.
    pub entries: Vec<Entry>,
}

/// Reads a message.
pub fn decode(message: &Message) -> Result<Entries> {
    let mut front = Reader::new(&message.front);
    let version = paxos::decode(&mut front, "log")?;
    front.take(16, "log: fsid")?;
    Ok(Entries { version, entries: front.list("log: entries")? })
}

impl Decode for Entry {
    const MIN_SIZE: usize = 6;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (version, mut body) = reader.versioned(VERSION, field)?;
        if version < 5 {
            return decode_old(version, &mut body);
        }
        let name = entity(&mut body)?;
        let rank = rank(&mut body)?;
        let addrs = EntityAddrs::decode(&mut body, "log entry: addrs")?;
        let stamp = UTime::decode(&mut body, "log entry: stamp")?;
        let seq = body.u64("log entry: seq")?;
        let priority = body.u16("log entry: priority")?;
        let text = text(&mut body, "log entry: message")?;
        let channel = body.string("log entry: channel")?;
        Ok(Entry { name, rank, addrs, stamp, seq, priority, channel, text })
    }
}

/// As monitors before Nautilus, and their stores, have them.
fn decode_old(version: u8, body: &mut Reader<'_>) -> Result<Entry> {
    let rank = rank(body)?;
    let addrs = EntityAddrs::decode(body, "log entry: addr")?;
    let stamp = UTime::decode(body, "log entry: stamp")?;
    let seq = body.u64("log entry: seq")?;
    let priority = body.u16("log entry: priority")?;
    let text = text(body, "log entry: message")?;
    let channel = match version {
        3.. => body.string("log entry: channel")?,
        _ => "cluster".to_owned(),
    };
    let name = if version >= 4 { entity(body)? } else { rank.clone() };
    Ok(Entry { name, rank, addrs, stamp, seq, priority, channel, text })
}

/// A name with its type in front, `EntityName` of `common/entity_name.h`.
fn entity(body: &mut Reader<'_>) -> Result<String> {
    let kind = kind(body.u32("log entry: type of name")?);
    Ok(format!("{kind}.{}", text(body, "log entry: name")?))
}

/// A type and a number, `entity_name_t`. Unlike elsewhere it may be nobody's.
fn rank(body: &mut Reader<'_>) -> Result<String> {
    let kind = kind(body.u8("log entry: type of rank")?.into());
    match body.i64("log entry: rank")? {
        ..0 => Ok(format!("{kind}.?")),
        number => Ok(format!("{kind}.{number}")),
    }
}

fn kind(number: u32) -> &'static str {
    EntityKind::from_number(number).map_or("unknown", EntityKind::text)
}

fn text(body: &mut Reader<'_>, field: &'static str) -> Result<String> {
    Ok(String::from_utf8_lossy(body.bytes(field)?).into_owned())
}
