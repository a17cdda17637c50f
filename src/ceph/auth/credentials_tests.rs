use std::time::{Duration, Instant};

use super::*;
use crate::ceph::auth::cephx::tests::{Monitor, key};
use crate::ceph::auth::{MODE_CRC, MODE_SECURE};
use crate::ceph::clock::Hand;
use crate::conf::Config;

fn policy(methods: &[u32]) -> Policy {
    Policy {
        methods: methods.to_vec(),
        mon_modes: vec![MODE_SECURE, MODE_CRC],
        modes: vec![MODE_CRC, MODE_SECURE],
    }
}

fn credentials(methods: &[u32], key: Option<CryptoKey>) -> (Arc<Credentials>, Hand) {
    let (clock, hand) = Clock::by_hand(Instant::now());
    let name = EntityName::client("admin");
    (Credentials::with_key(name, key, policy(methods), clock), hand)
}

/// The number in a first payload to a monitor.
fn asked_id(request: &AuthRequest) -> u64 {
    let start = request.payload.len() - 8;
    u64::from_le_bytes(request.payload[start..].try_into().unwrap())
}

/// Logs in at the monitor, which gives this number.
fn log_in(attempt: &Attempt, monitor: &mut Monitor, id: u64) -> AuthDone {
    let mut client = attempt.client();
    assert_eq!(client.request().unwrap().method, METHOD_CEPHX);
    let request = client.more(&monitor.challenge()).unwrap();
    let reply = monitor.answer(&request).unwrap();
    client.done(id, MODE_SECURE, &reply).unwrap()
}

#[test]
fn only_the_session_that_is_kept_counts() {
    let (credentials, _) = credentials(&[METHOD_CEPHX, METHOD_NONE], Some(key(1)));
    let mut monitor = Monitor::new(key(1));
    let (first, second, apart) =
        (credentials.attempt(), credentials.attempt(), credentials.attempt_apart());
    log_in(&first, &mut monitor, 11);
    log_in(&second, &mut monitor, 12);
    log_in(&apart, &mut monitor, 13);
    assert_eq!(credentials.global_id(), 0);
    assert_eq!(credentials.client(EntityKind::Osd).err().unwrap(), Errno::EACCES);
    credentials.adopt(&second).unwrap();
    assert_eq!(credentials.global_id(), 12);
    let request = credentials.client(EntityKind::Osd).unwrap().request().unwrap();
    assert_eq!(request.payload[1..9], 12u64.to_le_bytes());
    assert_eq!(request.modes, [MODE_CRC, MODE_SECURE]);
    let unfinished = credentials.attempt();
    assert_eq!(credentials.adopt(&unfinished).unwrap_err(), Errno::EACCES);
}

#[test]
fn who_comes_back_asks_for_its_number_and_shows_its_ticket() {
    let (credentials, _) = credentials(&[METHOD_CEPHX], Some(key(1)));
    let mut monitor = Monitor::new(key(1));
    let first = credentials.attempt();
    assert_eq!(asked_id(&first.client().request().unwrap()), 0);
    log_in(&first, &mut monitor, 11);
    credentials.adopt(&first).unwrap();
    let again = credentials.attempt();
    assert!(again.is_return() && !first.is_return());
    assert_eq!(asked_id(&again.client().request().unwrap()), 11);
    // The monitor seals the new ticket with the key of the old one, since it was shown.
    log_in(&again, &mut monitor, 11);
    credentials.adopt(&again).unwrap();
    assert_eq!(asked_id(&credentials.attempt_apart().client().request().unwrap()), 0);
    assert!(credentials.forget());
    assert_eq!(asked_id(&credentials.attempt().client().request().unwrap()), 0);
}

#[test]
fn tickets_are_renewed_over_the_session() {
    let (credentials, hand) = credentials(&[METHOD_CEPHX], Some(key(1)));
    let mut monitor = Monitor::new(key(1));
    assert_eq!(credentials.renewal().unwrap(), None);
    let attempt = credentials.attempt();
    log_in(&attempt, &mut monitor, 11);
    credentials.adopt(&attempt).unwrap();
    assert_eq!(credentials.renewal().unwrap(), None);
    hand.advance(Duration::from_secs(76));
    let (method, request) = credentials.renewal().unwrap().unwrap();
    assert_eq!(method, METHOD_CEPHX);
    assert_eq!(credentials.renewed(-13, &[]).unwrap_err(), Errno::EACCES);
    credentials.renewed(0, &monitor.answer(&request).unwrap()).unwrap();
    assert_eq!(credentials.renewal().unwrap(), None);
}

#[test]
fn tickets_that_a_service_refuses_are_renewed_at_once() {
    let (credentials, _) = credentials(&[METHOD_CEPHX], Some(key(1)));
    let mut monitor = Monitor::new(key(1));
    let attempt = credentials.attempt();
    log_in(&attempt, &mut monitor, 11);
    credentials.adopt(&attempt).unwrap();
    let mut client = credentials.client(EntityKind::Osd).unwrap();
    client.request().unwrap();
    assert!(client.bad_method(METHOD_CEPHX, -13, &[METHOD_CEPHX], &[MODE_CRC]).is_err());
    let (_, request) = credentials.renewal().unwrap().unwrap();
    credentials.renewed(0, &monitor.answer(&request).unwrap()).unwrap();
    assert_eq!(credentials.renewal().unwrap(), None);
}

#[test]
fn the_next_method_is_tried_when_one_is_not_taken() {
    let (credentials, _) = credentials(&[METHOD_CEPHX, METHOD_NONE], Some(key(1)));
    let attempt = credentials.attempt();
    let mut client = attempt.client();
    assert_eq!(client.request().unwrap().method, METHOD_CEPHX);
    let second = client.bad_method(METHOD_CEPHX, -95, &[METHOD_NONE], &[MODE_CRC]).unwrap();
    assert_eq!((second.method, &second.modes[..]), (METHOD_NONE, &[MODE_CRC][..]));
    assert!(client.more(b"x").is_err());
    client.done(21, MODE_CRC, b"").unwrap();
    credentials.adopt(&attempt).unwrap();
    assert_eq!(credentials.global_id(), 21);
    let osd = credentials.client(EntityKind::Osd).unwrap().request().unwrap();
    assert_eq!((osd.method, &osd.modes[..]), (METHOD_NONE, &[MODE_CRC][..]));
    assert_eq!(credentials.renewal().unwrap(), None);
}

#[test]
fn a_refusal_says_where_to_look() {
    let refusal = |methods: &[u32], key: Option<CryptoKey>, tried, allowed: &[u32]| {
        let (credentials, _) = credentials(methods, key);
        let mut client = credentials.attempt().client();
        client.request().unwrap();
        let error = client.bad_method(tried, -13, allowed, &[]).unwrap_err();
        assert_eq!(error, Errno::EACCES);
        error.to_string()
    };
    let cephx = &[METHOD_CEPHX];
    let wrong = refusal(&[METHOD_CEPHX, METHOD_NONE], Some(key(1)), METHOD_CEPHX, cephx);
    assert!(wrong.contains("does not know client.admin, or not by this key"), "{wrong}");
    let absent = refusal(&[METHOD_CEPHX, METHOD_NONE], None, METHOD_CEPHX, cephx);
    assert!(absent.contains("no key for client.admin"), "{absent}");
    let none = refusal(&[METHOD_NONE], None, METHOD_NONE, cephx);
    assert!(none.contains("wants cephx") && none.contains("auth_client_required"), "{none}");
    let other = refusal(&[METHOD_NONE], None, METHOD_NONE, &[4]);
    assert!(other.contains("auth_client_required"), "{other}");
}

#[test]
fn settings_decide_what_is_left() {
    let made = |options: &[(&str, &str)]| {
        let name = EntityName::client("admin");
        let config = Config::new("ceph", name.clone());
        config.set("keyring", "/nope").unwrap();
        for (option, value) in options {
            config.set(option, value).unwrap();
        }
        let read = |path: &str| match path {
            "/empty" => Ok(Vec::new()),
            "/bad" => Ok(b"[x".to_vec()),
            _ => Err(Errno::ENOENT.into()),
        };
        let made = Credentials::new(&config, &name, &read, Clock::system());
        made.map(|credentials| credentials.policy.methods.clone())
    };
    // Measured on 16.2.15: without a keyring "none" is left, if it was allowed.
    assert_eq!(made(&[]).unwrap(), [METHOD_NONE]);
    assert_eq!(made(&[("auth_client_required", "cephx")]).unwrap_err(), Errno::ENOENT);
    assert_eq!(made(&[("auth_client_required", "bogus")]).unwrap_err(), Errno::ENOENT);
    assert_eq!(made(&[("keyring", "/empty")]).unwrap(), [METHOD_CEPHX, METHOD_NONE]);
    assert_eq!(made(&[("keyring", "/bad")]).unwrap_err(), Errno::EIO);
    assert_eq!(made(&[("keyring", "/bad"), ("auth_supported", "none")]).unwrap(), [METHOD_NONE]);
}
