//! Sessions over real sockets, with a server made of the same protocol and with real daemons.

use std::io::{IoSlice, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Net, Settings};
use crate::ceph::auth::{AuthClient, AuthNoneSource, Credentials, MODE_CRC, MODE_SECURE};
use crate::ceph::clock::Clock;
use crate::ceph::message::Message;
use crate::ceph::msgr2::{Connection, Event, Local, Timeouts};
use crate::ceph::sim::auth::Shared;
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::{AddrKind, EntityAddr, EntityAddrs, EntityKind};
use crate::conf::{Config, EntityName};
use crate::errno::{Errno, Error};

/// What a handler was told.
#[derive(Debug)]
enum Told {
    Ready,
    Message(Message),
    KeepaliveAck,
    Closed(Error),
}

struct Handler {
    told: Mutex<mpsc::Sender<Told>>,
    auth: Mutex<Option<Box<dyn AuthClient>>>,
}

impl Handler {
    fn tell(&self, told: Told) {
        let _ = self.told.lock().send(told);
    }
}

impl SessionHandler for Handler {
    fn auth(&self) -> Option<Box<dyn AuthClient>> {
        self.auth.lock().take()
    }

    fn ready(&self) {
        self.tell(Told::Ready);
    }

    fn message(&self, message: Message) {
        self.tell(Told::Message(message));
    }

    fn keepalive_ack(&self) {
        self.tell(Told::KeepaliveAck);
    }

    fn closed(&self, error: Error) {
        self.tell(Told::Closed(error));
    }
}

const LONG: Duration = Duration::from_secs(20);

struct Opened {
    net: Arc<Net>,
    link: Arc<dyn Link>,
    told: Receiver<Told>,
}

impl Opened {
    /// With a secret shared with [`echo`], or with the method "none".
    fn new(kind: EntityKind, addr: EntityAddr, auth: Option<Shared>, modes: &[u32]) -> Self {
        let name = "client.admin".to_owned();
        let source = AuthNoneSource { name, global_id: 0, modes: modes.to_vec() };
        let net = Net::new(Settings::default(), Arc::new(source)).unwrap();
        Opened::over(Arc::new(net), kind, addr, auth.map(|auth| Box::new(auth) as _))
    }

    fn over(
        net: Arc<Net>,
        kind: EntityKind,
        addr: EntityAddr,
        auth: Option<Box<dyn AuthClient>>,
    ) -> Self {
        let (sender, told) = mpsc::channel();
        let handler = Arc::new(Handler { told: Mutex::new(sender), auth: Mutex::new(auth) });
        let peer = Peer { kind, id: 0, addrs: EntityAddrs(vec![addr]) };
        let link = net.connect(peer, handler);
        Opened { net, link, told }
    }

    fn next(&self) -> Told {
        self.told.recv_timeout(LONG).unwrap()
    }

    fn ready(&self) {
        let told = self.next();
        assert!(matches!(told, Told::Ready), "{told:?}");
    }

    fn message(&self) -> Message {
        match self.next() {
            Told::Message(message) => message,
            told => panic!("{told:?}"),
        }
    }

    fn closed(&self) -> Error {
        match self.next() {
            Told::Closed(error) => error,
            told => panic!("{told:?}"),
        }
    }
}

/// A daemon that sends every message back, in one thread, until its client goes.
fn echo(modes: &[u32]) -> EntityAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = EntityAddr::new(AddrKind::Msgr2, listener.local_addr().unwrap(), 5);
    let auth = Shared::new(3, modes);
    thread::spawn(move || {
        let (mut stream, seen) = listener.accept().unwrap();
        let seen = EntityAddr::new(AddrKind::Msgr2, seen, 0);
        let local = Local {
            kind: EntityKind::Osd,
            number: Some(0),
            addrs: EntityAddrs(vec![addr]),
            nonce: 0,
            features: u64::MAX,
            features_required: 0,
            global_seq: 1,
            lossy: true,
            crc_data: true,
            revision_1: true,
            compression: None,
        };
        let (timeouts, now) = (Timeouts::default(), Instant::now());
        let mut server = Connection::server(local, seen, Box::new(auth), 1, timeouts, now);
        let mut bytes = vec![0; 60_000];
        loop {
            while let Some(event) = server.poll_event() {
                match event {
                    Event::Message(message) => server.send(message),
                    Event::Closed(_) => return,
                    _ => {}
                }
            }
            loop {
                let mut slices = [IoSlice::new(&[]); 8];
                let count = server.transmit(&mut slices);
                if count == 0 {
                    break;
                }
                let Ok(written) = stream.write_vectored(&slices[..count]) else { return };
                server.sent(written);
            }
            match stream.read(&mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(count) => server.buffer().extend_from_slice(&bytes[..count]),
            }
            server.process(now);
        }
    });
    addr
}

fn message(tid: u64, data: usize) -> Message {
    let mut message = Message::new(42, 1, 1, Bytes::from(vec![1; 200]));
    message.tid = tid;
    message.data = vec![tid as u8; data].into();
    message
}

#[test]
fn messages_go_there_and_back_in_both_modes() {
    for mode in [MODE_CRC, MODE_SECURE] {
        let addr = echo(&[mode]);
        let opened = Opened::new(EntityKind::Osd, addr, Some(Shared::new(3, &[mode])), &[]);
        opened.link.keepalive();
        opened.link.send(message(1, 100));
        opened.ready();
        assert_eq!(opened.link.local_addr().kind, AddrKind::Any);
        assert_eq!(opened.net.addr(), Some(opened.link.local_addr()));
        assert!(matches!(opened.next(), Told::KeepaliveAck));
        assert_eq!(opened.message().tid, 1);
        // More than sockets hold, so that writes are blocked and go on.
        let sizes = [4 << 20, 1, 0, 8 << 20, 70_000, 4096];
        for (tid, size) in sizes.iter().enumerate() {
            opened.link.send(message(tid as u64, *size));
        }
        for (tid, size) in sizes.iter().enumerate() {
            let back = opened.message();
            assert_eq!((back.tid, back.data.len()), (tid as u64, *size));
            assert!(back.data.to_bytes().iter().all(|byte| *byte == tid as u8));
        }
        opened.link.close();
        opened.link.send(message(9, 9));
        assert_eq!(opened.told.recv_timeout(LONG).err(), Some(RecvTimeoutError::Disconnected));
    }
}

#[test]
fn threads_share_a_session_and_nothing_is_lost() {
    let addr = echo(&[MODE_CRC]);
    let opened = Opened::new(EntityKind::Osd, addr, Some(Shared::new(3, &[MODE_CRC])), &[]);
    let count = 2000;
    thread::scope(|scope| {
        for part in 0..4 {
            let link = &opened.link;
            scope.spawn(move || {
                (0..count)
                    .for_each(|i| link.send(message(part * count + i, (i % 9) as usize * 999)));
            });
        }
    });
    opened.ready();
    let mut next = [0; 4];
    for _ in 0..4 * count {
        let tid = opened.message().tid;
        let part = (tid / count) as usize;
        assert_eq!(tid % count, next[part], "in order");
        next[part] += 1;
    }
}

#[test]
fn refusals_say_what_they_are() {
    // Nobody listens.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let addr = EntityAddr::new(AddrKind::Msgr2, free, 0);
    assert_eq!(Opened::new(EntityKind::Osd, addr, None, &[MODE_CRC]).closed(), Errno::ECONNREFUSED);
    // Only the first protocol.
    let addr = EntityAddr::new(AddrKind::Legacy, free, 0);
    let error = Opened::new(EntityKind::Mon, addr, None, &[MODE_CRC]).closed();
    assert_eq!(error, Errno::EOPNOTSUPP);
    assert!(error.to_string().contains("msgr2"), "{error}");
    // No common mode.
    let addr = echo(&[MODE_SECURE]);
    let auth = Some(Shared::new(3, &[MODE_CRC]));
    assert_eq!(Opened::new(EntityKind::Osd, addr, auth, &[]).closed(), Errno::EOPNOTSUPP);
    // Another kind of daemon.
    let addr = echo(&[MODE_CRC]);
    assert_eq!(Opened::new(EntityKind::Mon, addr, None, &[MODE_CRC]).closed(), Errno::EBADMSG);
    // Another secret: the signatures differ.
    let addr = echo(&[MODE_CRC]);
    let auth = Some(Shared::new(4, &[MODE_CRC]));
    assert_eq!(Opened::new(EntityKind::Osd, addr, auth, &[]).closed(), Errno::EACCES);
    // A process that is not the one in the map.
    let addr = EntityAddr { nonce: 6, ..echo(&[MODE_CRC]) };
    let auth = Some(Shared::new(3, &[MODE_CRC]));
    let error = Opened::new(EntityKind::Osd, addr, auth, &[]).closed();
    assert_eq!(error, Errno::ECONNRESET);
}

/// A peer that says `what` to whoever comes, and hangs up if it is to.
fn says(what: &'static [u8], hang_up: bool) -> EntityAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = EntityAddr::new(AddrKind::Msgr2, listener.local_addr().unwrap(), 0);
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(what).unwrap();
        if !hang_up {
            // Until the other side goes.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    addr
}

#[test]
fn peers_that_are_no_daemons_are_given_up() {
    let banner = b"ceph v2\n\x10\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for (what, hang_up, errno) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], false, Errno::EBADMSG),
        (b"ceph v027 and so on", false, Errno::EOPNOTSUPP),
        (b"", true, Errno::ECONNRESET),
        (banner, true, Errno::ECONNRESET),
    ] {
        let opened = Opened::new(EntityKind::Mon, says(what, hang_up), None, &[MODE_CRC]);
        assert_eq!(opened.closed(), errno, "{what:?}");
        assert_eq!(opened.told.recv_timeout(LONG).err(), Some(RecvTimeoutError::Disconnected));
    }
    // One that says nothing more.
    let name = "client.admin".to_owned();
    let source = Arc::new(AuthNoneSource { name, global_id: 0, modes: vec![MODE_CRC] });
    let ready = Duration::from_millis(20);
    let timeouts = Timeouts { ready, ..Timeouts::default() };
    let settings = Settings { timeouts, ..Settings::default() };
    let net = Arc::new(Net::new(settings, source).unwrap());
    let opened = Opened::over(net, EntityKind::Mon, says(banner, false), None);
    assert_eq!(opened.closed(), Errno::ETIMEDOUT);
}

#[test]
fn sessions_end_quietly_whenever_they_are_closed() {
    for round in 0..60 {
        let addr = echo(&[MODE_CRC]);
        let opened = Opened::new(EntityKind::Osd, addr, Some(Shared::new(3, &[MODE_CRC])), &[]);
        thread::scope(|scope| {
            let link = &opened.link;
            scope.spawn(move || (0..50).for_each(|tid| link.send(message(tid, 10_000))));
            // Sooner or later: before it stands, while writes are blocked, after some answers.
            for _ in 0..round.min(50) {
                let _ = opened.told.recv_timeout(LONG);
            }
            link.close();
        });
        while let Ok(told) = opened.told.recv_timeout(LONG) {
            assert!(!matches!(told, Told::Closed(_)), "closed by itself: {told:?}");
        }
    }
}

#[test]
fn a_dropped_link_closes_before_and_after_it_stands() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = EntityAddr::new(AddrKind::Msgr2, listener.local_addr().unwrap(), 0);
    let opened = Opened::new(EntityKind::Osd, addr, None, &[MODE_CRC]);
    let (mut stream, _) = listener.accept().unwrap();
    drop(opened.link);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(opened.told.recv_timeout(LONG).err(), Some(RecvTimeoutError::Disconnected));
}

/// The cluster whose configuration `CEPH_CONF` names.
fn cluster() -> Config {
    let config = Config::new("ceph", EntityName::client("admin"));
    config.read_file(None).unwrap();
    config
}

/// Its monitors.
fn monitors(config: &Config) -> Vec<EntityAddr> {
    let hosts = config.get("mon_host").unwrap();
    let v2 = hosts.split("v2:").skip(1).map(|rest| rest.split([',', ']']).next().unwrap());
    v2.map(|host| EntityAddr::new(AddrKind::Msgr2, host.parse().unwrap(), 0)).collect()
}

/// Its first OSD.
fn osd() -> EntityAddr {
    let dump = Command::new("ceph").args(["osd", "dump", "-f", "json"]).output().unwrap();
    let dump: serde_json::Value = serde_json::from_slice(&dump.stdout).unwrap();
    let addr = &dump["osds"][0]["public_addrs"]["addrvec"][0];
    let socket = addr["addr"].as_str().unwrap().parse().unwrap();
    EntityAddr::new(AddrKind::Msgr2, socket, addr["nonce"].as_u64().unwrap() as u32)
}

/// Asks for the monitors' map and returns its length.
fn ask_for_map(opened: &Opened) -> usize {
    const MON_MAP: u16 = 4;
    const MON_GET_MAP: u16 = 5;
    opened.ready();
    opened.link.send(Message::new(MON_GET_MAP, 1, 1, Bytes::new()));
    loop {
        let message = opened.message();
        if message.kind == MON_MAP {
            return message.front.len();
        }
    }
}

/// Waits for the answer to a keepalive.
fn ask_for_life(opened: &Opened) {
    opened.link.keepalive();
    opened.ready();
    loop {
        match opened.next() {
            Told::KeepaliveAck => return,
            // The map, which an OSD gives to every new client.
            Told::Message(_) => {}
            told => panic!("{told:?}"),
        }
    }
}

#[test]
#[ignore = "needs CEPH_CONF of a cluster with auth_*_required = none"]
fn real_daemons_without_authentication_speak_both_revisions() {
    let config = cluster();
    if config.get("auth_client_required").unwrap() != "none" {
        return println!("not this cluster");
    }
    for revision_1 in [true, false] {
        let name = "client.admin".to_owned();
        let source = AuthNoneSource { name, global_id: 0, modes: vec![MODE_CRC] };
        let settings = Settings { revision_1, ..Settings::from_config(&config) };
        let net = Arc::new(Net::new(settings, Arc::new(source)).unwrap());
        let addr = monitors(&config)[0];
        let mon = Opened::over(net.clone(), EntityKind::Mon, addr, None);
        assert!(ask_for_map(&mon) > 100);
        ask_for_life(&Opened::over(net, EntityKind::Osd, osd(), None));
        // Encryption takes keys, which the method "none" has not.
        let opened = Opened::new(EntityKind::Mon, addr, None, &[MODE_SECURE]);
        assert_eq!(opened.closed(), Errno::EACCES);
    }
}

#[test]
#[ignore = "needs CEPH_CONF of a cluster with cephx"]
fn real_daemons_with_cephx_speak_both_modes_in_both_revisions() {
    for (mode, revision_1) in [("crc", true), ("secure", true), ("crc", false), ("secure", false)] {
        let config = cluster();
        if config.get("auth_client_required").unwrap() == "none" {
            return println!("not this cluster");
        }
        config.set("ms_mon_client_mode", mode).unwrap();
        config.set("ms_client_mode", mode).unwrap();
        let read = |path: &str| std::fs::read(path).map_err(Error::from);
        let name = config.name().clone();
        let credentials = Credentials::new(&config, &name, &read, Clock::system()).unwrap();
        let settings = Settings { revision_1, ..Settings::from_config(&config) };
        let net = Arc::new(Net::new(settings, credentials.clone()).unwrap());
        let attempt = credentials.attempt();
        let addr = monitors(&config)[0];
        let mon = Opened::over(net.clone(), EntityKind::Mon, addr, Some(attempt.client()));
        assert!(ask_for_map(&mon) > 100, "{mode}");
        credentials.adopt(&attempt).unwrap();
        ask_for_life(&Opened::over(net, EntityKind::Osd, osd(), None));
    }
}

#[test]
#[ignore = "needs CEPH_CONF of a cluster with ms_osd_compress_mode = force, _min_size = 0, secure"]
fn real_osds_compress_with_one_that_says_it_is_an_osd() {
    let read = |path: &str| std::fs::read(path).map_err(Error::from);
    for mode in ["crc", "secure"] {
        for algorithm in ["snappy", "zlib", "zstd", "lz4"] {
            let config = Config::new("ceph", EntityName::parse("osd.0").unwrap());
            config.read_file(None).unwrap();
            config.set("ms_cluster_mode", mode).unwrap();
            config.set("ms_client_mode", mode).unwrap();
            config.set("ms_osd_compression_algorithm", algorithm).unwrap();
            let name = config.name().clone();
            let credentials = Credentials::new(&config, &name, &read, Clock::system()).unwrap();
            let settings = Settings { kind: EntityKind::Osd, ..Settings::from_config(&config) };
            assert!(settings.compression.is_some(), "not this cluster");
            let net = Arc::new(Net::new(settings, credentials.clone()).unwrap());
            let attempt = credentials.attempt();
            let addr = monitors(&config)[0];
            let mon = Opened::over(net.clone(), EntityKind::Mon, addr, Some(attempt.client()));
            assert!(ask_for_map(&mon) > 100, "{mode}");
            credentials.adopt(&attempt).unwrap();
            // Every frame, also the session's identification, is compressed from here on.
            ask_for_life(&Opened::over(net, EntityKind::Osd, osd(), None));
        }
    }
}

#[test]
#[ignore = "a measurement: round trips with a daemon in the same process"]
fn round_trips_per_second() {
    for (size, rounds) in [(0, 20_000), (4096, 20_000), (4 << 20, 50)] {
        let addr = echo(&[MODE_CRC]);
        let opened = Opened::new(EntityKind::Osd, addr, Some(Shared::new(3, &[MODE_CRC])), &[]);
        opened.ready();
        let start = Instant::now();
        for tid in 0..rounds {
            opened.link.send(message(tid, size));
            assert_eq!(opened.message().tid, tid);
        }
        println!("{size} bytes: {:?} a round trip", start.elapsed() / rounds as u32);
    }
}
