//! Messages between clients and monitors, against objects that Ceph encoded.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;

use super::mon_subscribe::Item;
use super::mon_version::Versions;
use super::{auth, config, log, mon_command, mon_map, mon_subscribe, mon_version};
use crate::ceph::auth::METHOD_CEPHX;
use crate::ceph::message::Message;
use crate::ceph::mon::{MonInfo, MonMap};
use crate::codec::{Decode, Reader, Writer};

fn vector(name: &str) -> Vec<u8> {
    let lines = include_str!("mon_vectors.txt").lines();
    let found = lines.filter_map(|line| line.split_once(' ')).find(|(key, _)| *key == name);
    let digits: Vec<u32> = found.unwrap().1.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn message(name: &str, version: u16) -> Message {
    Message::new(0, version, 0, vector(name).into())
}

fn map(name: &str) -> MonMap {
    let bytes = vector(&format!("MonMap:{name}"));
    let mut reader = Reader::new(&bytes);
    let map = MonMap::decode(&mut reader, "monmap").unwrap();
    reader.finish("monmap").unwrap();
    map
}

#[test]
fn requests_are_what_ceph_writes() {
    let fsid = Uuid::parse_str("9b3cdeef-6a4b-41dd-b94e-047dbfe16ecb").unwrap();
    let command = concat!(
        r#"{"prefix": "auth get-or-create", "entity": "client.libcephfs_user_test.800721642", "#,
        r#""caps": ["mon", "allow *", "osd", "allow rw", "mds", "#,
        r#""allow rw uid=123 gids=456,789"], "format": "json"}"#
    );
    let message = mon_command::message(fsid, 9, &[command.to_owned()], Bytes::from_static(b"in"));
    assert_eq!((&message.front[..], message.tid), (&vector("MMonCommand:11.2")[..], 9));
    assert_eq!(message.data.to_bytes(), "in");

    assert_eq!(mon_version::message(15, "osdmap").front, vector("MMonGetVersion:11.2"));

    let item = Item { start: 0, once: false };
    let items = ["mgrmap", "osd_pg_creates"].map(|what| (what.to_owned(), item));
    let mut expected = vector("MMonSubscribe:11.2");
    // Newer clients tell the name of their host.
    expected.extend(b"\x04\0\0\0host");
    assert_eq!(mon_subscribe::message(&BTreeMap::from(items), "host").front, expected);

    let expected = vector("MAuth:11.2");
    let payload = Reader::new(&expected[22..]).bytes("payload").unwrap();
    assert_eq!(auth::message(METHOD_CEPHX, payload, 0).front, expected);
}

#[test]
fn answers_are_what_ceph_wrote() {
    let versions = mon_version::reply(&message("MMonGetVersionReply:11.2", 2)).unwrap();
    assert_eq!(versions, (2, Versions { newest: 25, oldest: 1 }));
    let old = mon_version::reply(&message("MMonGetVersionReply:11.2", 1)).unwrap();
    assert_eq!(old.1, Versions { newest: 25, oldest: 0 });

    let ack = mon_command::reply(&message("MMonCommandAck:11.2", 1)).unwrap();
    assert_eq!((ack.code, &*ack.status), (0, ""));

    let reply = auth::reply(&message("MAuthReply:11.2", 1)).unwrap();
    assert_eq!((reply.result, reply.payload.len()), (0, 540));

    let log = log::decode(&message("MLog:11.2", 1)).unwrap();
    assert_eq!(log.entries.len(), 1);
    let entry = &log.entries[0];
    assert_eq!(entry.text, "mon.c calling new monitor election");
    assert_eq!((&*entry.rank, &*entry.name, &*entry.channel), ("mon.2", "mon.2", "cluster"));
    assert_eq!((entry.priority, entry.seq), (1, 1));

    let bytes = message("MMonMap:11.2", 1);
    let map = MonMap::decode(&mut Reader::new(mon_map::decode(&bytes).unwrap()), "map").unwrap();
    assert_eq!((map.epoch, map.monitors.len()), (2, 3));
    assert_eq!(map.monitors[0].name, "a");

    let mut settings = Writer::new();
    settings.u32(1).bytes("debug_ms").bytes("1");
    let settings = Message::new(config::KIND, 1, 1, settings.into_bytes());
    assert_eq!(config::decode(&settings).unwrap()["debug_ms"], "1");
}

#[test]
fn entries_of_every_version_of_the_log_are_read() {
    for version in ["0.52", "11.2", "16.2", "20.3"] {
        let bytes = vector(&format!("LogEntry:{version}"));
        let mut reader = Reader::new(&bytes);
        log::Entry::decode(&mut reader, "entry").unwrap();
        reader.finish("entry").unwrap();
    }
    let bytes = vector("LogEntry:16.2");
    let entry = log::Entry::decode(&mut Reader::new(&bytes), "entry").unwrap();
    assert_eq!((&*entry.name, &*entry.rank), ("mon.c", "mon.2"));
    assert_eq!(entry.addrs.0.len(), 2);
}

#[test]
fn maps_of_every_version_are_read() {
    let names = |map: &MonMap| {
        map.monitors.iter().map(|info| info.name.clone()).collect::<Vec<_>>().join(" ")
    };
    let oldest = map("0.46-0");
    assert_eq!(names(&oldest), "a b c");
    assert_eq!(oldest.monitors[1].addrs.to_string(), "v1:192.168.106.220:6790/0");
    assert_eq!((oldest.epoch, oldest.min_release), (1, 0));
    assert_eq!(names(&map("0.61-1")), "one");
    assert_eq!(names(&map("15.2-2")), "one");
    assert_eq!(
        names(&map("16.2-2")),
        "empty_addr_zero empty_addr_one empty_addr_two filled_pub_addr"
    );

    let cluster = map("cluster");
    assert_eq!(cluster.fsid.to_string(), "14cb33a5-8340-409c-8863-c6650c79b966");
    assert_eq!((cluster.epoch, cluster.min_release, cluster.features.0), (1, 16, 255));
    let addrs = &cluster.monitors[0].addrs;
    assert_eq!(addrs.to_string(), "[v2:127.0.0.1:20100/0,v1:127.0.0.1:20101/0]");
    assert_eq!(cluster.rank_of("a"), Some(0));
    assert_eq!(cluster.rank_at(addrs), Some(0));
}

#[test]
fn maps_are_written_as_ceph_writes_them() {
    // A blank address (in 16.2-2) is written shorter here.
    for name in ["16.2-0", "16.2-1", "cluster"] {
        assert_eq!(Writer::of(&map(name)), vector(&format!("MonMap:{name}")), "{name}");
    }
    let mut rich = map("cluster");
    rich.monitors.push(MonInfo {
        name: "b".into(),
        priority: 7,
        weight: 9,
        location: BTreeMap::from([("rack".into(), "r1".into())]),
        ..MonInfo::default()
    });
    rich.removed_ranks = vec![3];
    rich.strategy = (3, vec!["b".into()]);
    rich.stretch = (true, "a".into(), vec!["b".into()]);
    let bytes = Writer::of(&rich);
    assert_eq!(MonMap::decode(&mut Reader::new(&bytes), "map").unwrap(), rich);
}

/// Gives a front to every decoder.
fn decode_all(front: &[u8], version: u16) {
    let message = Message::new(0, version, 0, Bytes::copy_from_slice(front));
    _ = mon_version::reply(&message);
    _ = mon_command::reply(&message);
    _ = auth::reply(&message);
    _ = log::decode(&message);
    _ = config::decode(&message);
    _ = mon_map::decode(&message);
    _ = MonMap::decode(&mut Reader::new(front), "map");
    _ = log::Entry::decode(&mut Reader::new(front), "entry");
}

proptest! {
    #[test]
    fn changed_objects_do_no_harm(
        which: prop::sample::Index,
        changes: Vec<(prop::sample::Index, u8)>,
        cut: prop::sample::Index,
        version in 0u16..4,
    ) {
        let names: Vec<_> = include_str!("mon_vectors.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(' '))
            .map(|(name, _)| name)
            .collect();
        let mut bytes = vector(names[which.index(names.len())]);
        for (at, value) in changes.iter().take(4) {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        decode_all(&bytes, version);
        decode_all(&bytes[..cut.index(bytes.len())], version);
    }

    #[test]
    fn random_bytes_do_no_harm(bytes: Vec<u8>, version in 0u16..4) {
        decode_all(&bytes, version);
    }
}
