//! What happens between processes: this test binary runs itself as the other one.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use super::tests::{notify, open, watchers, write};
use super::*;
use crate::runtime::block_on;

const DIR: &str = "OXIRADOS_TEST_DIR";
const ROLE: &str = "OXIRADOS_TEST_ROLE";
const LONG: Duration = Duration::from_secs(30);

fn target() -> Target {
    Target::new(PoolId(1), "o")
}

/// The other process. It says what it does in lines that begin with `#`.
struct Other {
    child: Child,
    says: BufReader<ChildStdout>,
    hears: ChildStdin,
}

impl Other {
    /// Runs [`child`] on a store in a role.
    fn start(dir: &Path, role: &str) -> Other {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "local::engine::processes::child", "--ignored", "--nocapture"]);
        command.env(DIR, dir).env(ROLE, role);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        let hears = child.stdin.take().unwrap();
        Other { child, says, hears }
    }

    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.says.read_line(&mut line).unwrap() > 0, "the other process ended");
            if let Some((_, said)) = line.split_once('#') {
                return said.trim().to_owned();
            }
        }
    }

    fn tell(&mut self) {
        self.hears.write_all(b"go\n").unwrap();
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Watcher {
    engine: Arc<LocalEngine>,
    answers: bool,
}

impl WatchHandler for Watcher {
    fn notified(&self, notification: Notification) {
        println!("#notified");
        if self.answers {
            let Notification { notify_id, handle, .. } = notification;
            let answer = Bytes::from_static(b"from afar");
            block_on(self.engine.notify_ack(target(), notify_id, handle, answer)).unwrap();
        }
    }

    fn failed(&self, _handle: WatchHandle, error: Errno) {
        println!("#failed {error:?}");
    }
}

/// Runs in the other process, until its standard input ends or it is killed.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn child() {
    let (Ok(dir), Ok(role)) = (std::env::var(DIR), std::env::var(ROLE)) else { return };
    let engine = open(Path::new(&dir));
    if let Some(snap) = role.strip_prefix("trims ") {
        // Until it is killed.
        let snap = SnapId(snap.parse().unwrap());
        return block_on(engine.selfmanaged_snap_remove(PoolId(1), snap)).unwrap();
    }
    if role != "writes" {
        let handler = Watcher { engine: Arc::clone(&engine), answers: role == "answers" };
        block_on(engine.watch(target(), None, Arc::new(handler))).unwrap();
    }
    println!("#{} {}", engine.instance_id(), engine.addrs());
    for _ in std::io::stdin().lines() {
        let op = ObjectOp::write(target()).then(Op::WriteFull(Bytes::from_static(b"w").into()));
        println!("#{:?}", block_on(engine.run(op)).map_err(|error| error.errno()).err());
    }
}

fn store() -> (tempfile::TempDir, Arc<LocalEngine>) {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    assert_eq!(block_on(engine.pool_create("p", None)).unwrap(), PoolId(1));
    write(&engine, target(), b"x");
    (dir, engine)
}

fn introduced(other: &mut Other) -> (u64, String) {
    let line = other.line();
    let (id, addr) = line.split_once(' ').unwrap();
    (id.parse().unwrap(), addr.to_owned())
}

#[test]
fn a_watcher_in_another_process_answers() {
    let (dir, engine) = store();
    let mut other = Other::start(dir.path(), "answers");
    let (id, addr) = introduced(&mut other);
    let reply = notify(&engine, &target(), LONG);
    assert_eq!(reply.timeouts, []);
    let [(client, cookie, answer)] = &reply.acks[..] else { panic!("{reply:?}") };
    assert_eq!((*client, &answer[..]), (id, &b"from afar"[..]));
    let found = watchers(&engine, &target());
    assert_eq!((found[0].cookie, &found[0].addr), (*cookie, &addr));
}

#[test]
fn a_watcher_that_was_killed_is_cleared_away_when_it_is_met() {
    let (dir, engine) = store();
    for role in ["answers", "is silent"] {
        let mut other = Other::start(dir.path(), role);
        let (id, _) = introduced(&mut other);
        assert_eq!(watchers(&engine, &target()).len(), 1);
        other.kill();
        let met = Instant::now();
        match role {
            "answers" => assert_eq!(notify(&engine, &target(), LONG), NotifyReply::default()),
            _ => assert!(watchers(&engine, &target()).is_empty()),
        }
        assert!(met.elapsed() < Duration::from_secs(1), "{:?}", met.elapsed());
        assert!(!dir.path().join(format!("clients/{id}")).exists());
    }
}

#[test]
fn a_watcher_that_is_killed_while_it_thinks_is_not_waited_for() {
    let (dir, engine) = store();
    let mut other = Other::start(dir.path(), "is silent");
    introduced(&mut other);
    std::thread::scope(|scope| {
        let notifying = scope.spawn(|| notify(&engine, &target(), LONG));
        assert_eq!(other.line(), "notified");
        other.kill();
        let killed = Instant::now();
        assert_eq!(notifying.join().unwrap(), NotifyReply::default());
        assert!(killed.elapsed() < Duration::from_secs(1), "{:?}", killed.elapsed());
    });
}

#[test]
fn a_watcher_that_does_not_answer_is_a_timeout() {
    let (dir, engine) = store();
    let mut other = Other::start(dir.path(), "is silent");
    let (id, _) = introduced(&mut other);
    let reply = notify(&engine, &target(), Duration::from_millis(400));
    assert_eq!((reply.acks.len(), reply.timeouts[0].0), (0, id));
}

#[test]
fn a_blocklisted_process_is_out_at_once() {
    let (dir, engine) = store();
    let mut other = Other::start(dir.path(), "answers");
    let (_, addr) = introduced(&mut other);
    other.tell();
    assert_eq!(other.line(), "None");
    let expiry = BlocklistExpiry::After(Duration::from_secs(100));
    block_on(engine.blocklist_add(&addr, expiry)).unwrap();
    other.tell();
    let mut said = [other.line(), other.line()];
    said.sort();
    assert_eq!(said, ["Some(ESHUTDOWN)", "failed ENOTCONN"]);
    assert!(watchers(&engine, &target()).is_empty());
}

/// How many clones a snapshot still has, and how much is noted to be cleared away.
fn clones_left(engine: &LocalEngine) -> (i64, i64) {
    let count = "SELECT (SELECT count(*) FROM clone_snap), (SELECT count(*) FROM clearing)";
    let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    engine.store.db().read(|db| Ok(db.query_row(count, [], pair)?)).unwrap()
}

#[test]
fn a_trim_whose_process_was_killed_is_taken_up_by_the_next_client() {
    const OBJECTS: i64 = 600;
    let (dir, engine) = store();
    let pool = PoolId(1);
    let snap = block_on(engine.selfmanaged_snap_create(pool)).unwrap();
    let context = Arc::new(SnapContext { seq: snap.0, snaps: [snap.0].into_iter().collect() });
    for object in 0..OBJECTS {
        for (context, data) in [(SnapContext::none(), "before"), (context.as_ref().clone(), "now")]
        {
            let target = Target::new(pool, format!("{object}"));
            let mut op = ObjectOp::write_under(target, Arc::new(context));
            op.durability = Durability::OnFlush;
            let step = Op::WriteFull(Bytes::from_static(data.as_bytes()).into());
            block_on(engine.run(op.then(step))).unwrap();
        }
    }
    assert_eq!(clones_left(&engine), (OBJECTS, 0));
    let mut other = Other::start(dir.path(), &format!("trims {}", snap.0));
    let limit = Instant::now() + LONG;
    while clones_left(&engine).0 == OBJECTS {
        assert!(Instant::now() < limit, "the other process does not trim");
    }
    other.kill();
    let (left, noted) = clones_left(&engine);
    assert!(left > 0 && left < OBJECTS && noted == 1, "{left} clones left, {noted} noted");
    drop(engine);
    let next = open(dir.path());
    while clones_left(&next) != (0, 0) {
        assert!(Instant::now() < limit + LONG, "nobody trims");
        std::thread::yield_now();
    }
    assert_eq!(next.store.check(), Vec::<String>::new());
    let read = ObjectOp::read(Target::new(pool, "7")).then(Op::Read { off: 0, len: 0, into: None });
    assert_eq!(&block_on(next.run(read)).unwrap().take_data(0)[..], b"now");
}
