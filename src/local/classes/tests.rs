//! Plays the calls that were recorded on a real OSD and compares results, replies and stored bytes.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::memory::MemoryObject;
use super::*;
use crate::errno::Errno;
use crate::model::Payload;

const RECORDED: &str = include_str!("recorded.txt");

fn unhex(text: &str) -> Bytes {
    let digits = text.trim_start_matches('.');
    (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return ".".into();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Replaces what is a UUID in text form by zeros: snapshots get a random one in the trash.
fn without_uuids(bytes: &[u8]) -> Vec<u8> {
    let is_uuid = |text: &[u8]| {
        text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len().saturating_sub(35) {
        if is_uuid(&bytes[at..at + 36]) {
            bytes[at..at + 36].copy_from_slice(b"00000000-0000-0000-0000-000000000000");
        }
    }
    bytes
}

type Map = BTreeMap<Bytes, Bytes>;

/// What an object holds, in the notation of the recording, by line kind and key.
fn lines(object: &MemoryObject) -> BTreeMap<(String, String), String> {
    let mut lines = BTreeMap::new();
    if !object.exists {
        return lines;
    }
    lines.insert(("d".into(), String::new()), hex(&without_uuids(&object.data)));
    let mut add = |kind: &str, map: &Map| {
        for (key, value) in map {
            lines.insert((kind.to_owned(), hex(key)), hex(&without_uuids(value)));
        }
    };
    add("x", &object.xattrs);
    add("m", &object.omap);
    lines
}

/// Changes `expected` as a recorded line says.
fn apply(expected: &mut BTreeMap<(String, String), String>, kind: &str, rest: &str) {
    match kind {
        "there" => {
            expected.insert(("d".into(), String::new()), ".".into());
        }
        "gone" => expected.clear(),
        "d" => {
            expected.insert(("d".into(), String::new()), rest.into());
        }
        "-x" | "-m" => {
            expected.remove(&(kind[1..].to_owned(), rest.to_owned())).unwrap();
        }
        _ => {
            let (key, value) = rest.split_once(' ').unwrap();
            expected.insert((kind.to_owned(), key.to_owned()), value.to_owned());
        }
    }
}

/// Runs one recorded call; the object stays as it was when it fails.
fn replay(object: &mut MemoryObject, call: &str) {
    let words: Vec<&str> = call.split(' ').collect();
    let [class, method, input, "->", result, output] = words[..] else { panic!("{call}") };
    let writes = flags(class, method).is_ok_and(|flags| flags.write);
    let before = object.clone();
    let answer = match object.exists || writes {
        true => object.call(class, method, &unhex(input)),
        // An OSD does not get as far as the class, unless there is none.
        false => flags(class, method).and(Err(Errno::ENOENT.into())),
    };
    if answer.is_err() {
        *object = before;
    }
    let (code, reply) = match &answer {
        Ok(reply) => (0, if writes { ".".into() } else { hex(&without_uuids(reply)) }),
        Err(error) => (error.to_c(), ".".into()),
    };
    assert_eq!((code.to_string().as_str(), reply.as_str()), (result, output), "{call}\n{answer:?}");
}

#[test]
fn classes_answer_and_store_as_a_real_osd() {
    let mut object = MemoryObject::default();
    let mut caller = object.caller.clone();
    let mut expected = BTreeMap::new();
    let mut last = "";
    let mut calls = 0;
    for line in RECORDED.lines().filter(|line| !line.starts_with('#')) {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        if matches!(kind, "object" | "call" | "create" | "write") {
            assert_eq!(lines(&object), expected, "after {last}");
            last = line;
        }
        match kind {
            "caller" => {
                let (client, addr) = rest.split_once(' ').unwrap();
                caller = Caller { client: client.parse().unwrap(), addr: addr.to_owned() };
            }
            "object" => {
                object = MemoryObject { caller: caller.clone(), ..MemoryObject::default() };
                expected.clear();
            }
            "create" | "write" => {
                object.write_full(Payload::from(unhex(rest))).unwrap();
                expected = lines(&object);
            }
            "call" => {
                replay(&mut object, rest);
                calls += 1;
            }
            kind => apply(&mut expected, kind, rest),
        }
    }
    assert_eq!(lines(&object), expected, "after {last}");
    assert!(calls > 500);
}

#[test]
fn an_unknown_class_or_method_is_refused_as_by_an_osd() {
    let mut object = MemoryObject::default();
    for (class, method, errno) in
        [("nonsense", "get", Errno::EPERM), ("rbd", "nonsense", Errno::EOPNOTSUPP)]
    {
        assert_eq!(flags(class, method).unwrap_err(), errno);
        assert_eq!(object.call(class, method, &Bytes::new()).unwrap_err(), errno);
    }
}

#[test]
fn a_lock_ends_with_its_duration_and_can_be_renewed() {
    use crate::cls::Method;
    use crate::cls::lock::{GetInfo, Lock, LockType, MUST_RENEW};
    use std::time::Duration;

    let mut object = MemoryObject::default();
    let lock = |flags| Lock {
        name: "l".into(),
        lock_type: LockType::Exclusive,
        cookie: "c".into(),
        duration: Duration::from_secs(10).into(),
        flags,
        ..Lock::default()
    };
    let take = |object: &mut MemoryObject, flags| {
        object.call("lock", "lock", &crate::codec::Writer::of(&lock(flags)))
    };
    let holders = |object: &mut MemoryObject| {
        let input = crate::codec::Writer::of(&GetInfo { name: "l".into() });
        GetInfo::reply(&object.call("lock", "get_info", &input).unwrap()).unwrap().lockers.len()
    };
    take(&mut object, 0).unwrap();
    object.now += Duration::from_secs(9);
    take(&mut object, MUST_RENEW).unwrap();
    object.now += Duration::from_secs(9);
    assert_eq!(holders(&mut object), 1);
    object.caller.client += 1;
    assert_eq!(take(&mut object, 0).unwrap_err(), Errno::EBUSY);
    object.now += Duration::from_secs(2);
    assert_eq!(holders(&mut object), 0);
    assert_eq!(take(&mut object, MUST_RENEW).unwrap_err(), Errno::ENOENT);
    take(&mut object, 0).unwrap();
}
