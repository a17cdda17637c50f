use std::fmt::Write;

use bytes::Bytes;

use super::*;

#[test]
fn a_data_object_name_needs_no_allocation() {
    let mut name = Name::empty();
    let id = "10226b8b4567";
    write!(name, "rbd_data.{id}.{:016x}", 77).unwrap();
    assert_eq!(name.as_bytes(), b"rbd_data.10226b8b4567.000000000000004d");
    assert!(size_of::<Name>() <= 72);
}

#[test]
fn a_payload_splits_across_its_pieces() {
    let mut payload = Payload::new();
    payload.push(Bytes::from_static(b"abc"));
    payload.push(Bytes::new());
    payload.push(Bytes::from_static(b"defg"));
    let head = payload.split_to(4);
    assert_eq!((head.len(), &head.to_bytes()[..]), (4, &b"abcd"[..]));
    assert_eq!((payload.len(), &payload.to_bytes()[..]), (3, &b"efg"[..]));
    assert_eq!(payload.split_to(99).len(), 3);
    assert!(payload.is_empty());
}

#[test]
fn a_snap_context_must_descend() {
    let context = |seq, snaps: &[u64]| SnapContext { seq, snaps: snaps.iter().copied().collect() };
    assert!(context(5, &[5, 3, 1]).is_valid());
    assert!(context(0, &[]).is_valid());
    assert!(!context(4, &[5, 3]).is_valid());
    assert!(!context(5, &[3, 3]).is_valid());
}
