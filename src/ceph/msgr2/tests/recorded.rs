//! What a monitor of Ceph 16.2.15 really said.

use super::*;
use crate::ceph::auth::AuthNone;
use crate::ceph::types::features;

/// The address the monitor was asked by.
fn monitor() -> EntityAddr {
    addr(21000)
}

/// From the banner to the answer to `MMonGetMap`, in a cluster without authentication.
const RECORDED: &[u8] = include_bytes!("mon-16.2.15.bin");

fn client() -> (Connection, Instant) {
    let now = Instant::now();
    let target = Target { kind: EntityKind::Mon, addr: monitor() };
    let auth = AuthNone::new(EntityKind::Mon, "client.admin", 0, vec![MODE_CRC]).unwrap();
    let local = Local { features: features::SUPPORTED, ..client_local() };
    let timeouts = Timeouts::default();
    (Connection::client(local, target, Box::new(auth), 0, timeouts, now), now)
}

#[test]
fn a_monitor_is_understood() {
    let (mut client, now) = client();
    give(&mut client, RECORDED, now);
    let told = events(&mut client);
    let established = ready(&told);
    assert_eq!(established.peer.to_string(), "mon.0");
    assert_eq!(established.peer_addrs.to_string(), "[v2:127.0.0.1:21000/0,v1:127.0.0.1:21001/0]");
    assert_eq!(established.features, features::SUPPORTED & !features::CRUSH_MSR);
    assert_eq!(established.local_addr.to_string(), "any:127.0.0.1:0/77");
    assert!(established.lossy && established.global_id > 0);
    let maps = messages(told).into_iter().filter(|message| message.kind == 4);
    assert_eq!(maps.map(|map| map.front.len()).collect::<Vec<_>>(), [205]);
}

#[test]
fn what_we_say_is_what_a_client_says() {
    let (mut client, now) = client();
    give(&mut client, RECORDED, now);
    let sent = take(&mut client, usize::MAX);
    // Banner, then a Hello as entity type 8 with the monitor's address.
    assert!(sent.starts_with(b"ceph v2\n\x10\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01"));
    let name = b"\x0a\x08\0\0\0\x05\0\0\0admin";
    assert!(sent.windows(name.len()).any(|window| window == name));
}

#[test]
fn a_part_of_it_is_waited_on() {
    for len in 0..RECORDED.len() {
        let (mut client, now) = client();
        give(&mut client, &RECORDED[..len], now);
        let told = events(&mut client);
        assert!(!told.iter().any(|event| matches!(event, Event::Closed(_))), "{len}: {told:?}");
        assert!(messages(told).iter().all(|message| message.kind != 4 || len == RECORDED.len()));
    }
}
