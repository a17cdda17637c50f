//! A store whose files are not what it wrote.

use std::path::Path;
use std::sync::{Arc, OnceLock, mpsc};

use rusqlite::Connection;

use super::bitmap::Bitmap;
use super::ranges::Ranges;
use super::{OpenOptions, Store};
use crate::codec::Reader;
use crate::errno::{Errno, Result};
use crate::local::classes::Caller;
use crate::local::fuzz::Scratch;
use crate::model::{Durability, ObjectOp, Op, PoolId, Reply, SnapContext, SnapId, Target};

/// What is stored as text or as a blob with a form.
pub(in crate::local) fn values(bytes: &[u8]) {
    if let Some(map) = Bitmap::from_blob(bytes) {
        assert_eq!(Bitmap::from_blob(&map.to_blob()).map(|map| map.runs()), Some(map.runs()));
    }
    let text = String::from_utf8_lossy(bytes);
    if let Some(ranges) = Ranges::parse(&text) {
        assert_eq!(Ranges::parse(&ranges.to_string()), Some(ranges));
    }
}

const POOL: PoolId = PoolId(1);
const NAMES: [&str; 2] = ["one", "two"];

/// Tables with the columns that are changed. Only what a row says of others, or of data, can lead
/// anywhere.
const COLUMNS: &[(&str, &[&str])] = &[
    ("meta", &["value"]),
    ("pool", &["snap_seq", "snap_mode", "pg_num", "last_change", "applications", "options"]),
    ("pool_snap", &["id", "time"]),
    ("removed_snap", &["snap"]),
    ("clearing", &["pool", "snap"]),
    ("object", &["pool", "position", "name", "head", "snap_seq", "version"]),
    ("body", &["object", "size", "mtime", "version", "hint_object", "hint_flags"]),
    ("clone", &["snap", "body", "overlap"]),
    ("clone_snap", &["snap", "object", "clone"]),
    ("xattr", &["body", "value"]),
    ("omap", &["body", "value"]),
    ("slot", &["id", "epoch", "data", "hole", "changed", "tail", "writes", "mtime"]),
    ("layer", &["body", "idx", "depth", "slot"]),
    ("slot_free", &["id", "punched"]),
    ("redo", &["stripe", "gen", "slot", "off", "bytes"]),
];

fn caller() -> Arc<Caller> {
    Arc::new(Caller { client: 4100, addr: "127.0.0.1:0/1".into() })
}

fn run(store: &Store, op: ObjectOp) -> Option<Reply> {
    let (sender, receiver) = mpsc::channel();
    store.execute(&caller(), op, Box::new(move |reply| drop(sender.send(reply))));
    receiver.recv().ok()
}

fn write(name: &str, snaps: &[u64], durability: Durability) -> ObjectOp {
    let seq = snaps.first().copied().unwrap_or(0);
    let context = SnapContext { seq, snaps: snaps.iter().copied().collect() };
    let mut op = ObjectOp::write_under(Target::new(POOL, name), Arc::new(context));
    op.durability = durability;
    op
}

fn data(off: u64, len: usize) -> Op {
    Op::Write { off, data: vec![7; len].into() }
}

/// Objects with data, clones, an omap and bytes in redo rows.
fn make(dir: &Path) -> Result<()> {
    let store = OpenOptions::default().open(dir)?;
    let insert = "INSERT OR IGNORE INTO pool (id, name) VALUES (1, 'p')";
    store.db().write(|tx| Ok(tx.execute(insert, [])?))?;
    for name in NAMES {
        let omap = vec![("key".into(), "value".into())];
        let op = write(name, &[], Durability::OnFlush).then(data(0, 9000));
        run(&store, op.then(Op::OmapSet(omap)));
        run(&store, write(name, &[3], Durability::OnFlush).then(data(4096, 100)));
        run(&store, write(name, &[5, 3], Durability::OnAck).then(data(4000, 5000)));
        run(&store, write(name, &[5, 3], Durability::OnAck).then(data(0, 300)));
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// One change of a row, or of a file's bytes, as the input has it.
fn change(reader: &mut Reader<'_>, dir: &Path, db: &Connection) -> Result<()> {
    let (table, column) = (reader.u8("table")?, reader.u8("column")?);
    let (row, kind) = (reader.u8("row")?, reader.u8("kind")?);
    if table & 0x80 != 0 {
        // The slots' records, which are shared memory.
        let path = dir.join("slots");
        let mut bytes = std::fs::read(&path)?;
        let (at, value) = (usize::from(column) << 2 | usize::from(row & 3), reader.u64("word")?);
        if let Some(place) = bytes.get_mut(at * 8..at * 8 + 8) {
            place.copy_from_slice(&value.to_le_bytes());
        }
        return Ok(std::fs::write(path, bytes)?);
    }
    let (table, columns) = COLUMNS[usize::from(table) % COLUMNS.len()];
    let column = columns[usize::from(column) % columns.len()];
    let sql = format!(
        "UPDATE OR REPLACE {table} SET {column} = ?1 WHERE ({table}.{column}, 1) IN \
         (SELECT {column}, 1 FROM {table} LIMIT 1 OFFSET {})",
        row & 7
    );
    let mut update = db.prepare(&sql)?;
    match kind & 7 {
        0 => update.execute([None::<i64>]),
        1 => update.execute([f64::from_bits(reader.u64("float")?)]),
        2 => {
            let len = usize::from(reader.u8("length")?).min(reader.rest().len());
            update.execute([String::from_utf8_lossy(reader.take(len, "text")?)])
        }
        3 => {
            let len = usize::from(reader.u8("length")?).min(reader.rest().len());
            update.execute([reader.take(len, "blob")?])
        }
        4 => update.execute([vec![reader.u8("fill")?; 128]]),
        5 => update.execute([i64::from(reader.u8("small")?) - 2]),
        _ => update.execute([reader.i64("number")?]),
    }?;
    Ok(())
}

/// All that can be asked of the objects.
fn use_it(store: &Store) {
    let _ = store.check();
    for name in NAMES {
        for snap in [SnapId(3), SnapId(5), SnapId::HEAD] {
            let op = ObjectOp::read_at(Target::new(POOL, name), snap);
            let op = op.then(Op::Stat).then(Op::SparseRead { off: 0, len: 1 << 20 });
            let _ = run(store, op.then(Op::Read { off: 0, len: 1 << 14, into: None }));
        }
        let op = ObjectOp::read(Target::new(POOL, name)).then(Op::ListSnaps).then(Op::GetXattrs);
        let _ = run(store, op);
        for durability in [Durability::OnFlush, Durability::OnAck] {
            let _ = run(store, write(name, &[7, 5, 3], durability).then(data(8000, 300)));
        }
        let _ = run(store, write(name, &[], Durability::OnAck).then(Op::Truncate(100)));
        let _ = run(store, write(name, &[], Durability::OnAck).then(Op::Remove));
    }
    let _ = store.flush();
    let _ = (store.trim_snap(POOL, SnapId(3)), store.purge_pool(POOL));
}

/// A store is made, changed behind its back, opened and used.
pub(in crate::local) fn rows(bytes: &[u8]) {
    static MADE: OnceLock<Option<Scratch>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let dir = Scratch::new().ok()?;
        make(&dir.0).ok()?;
        Some(dir)
    });
    let Some(made) = made else { return };
    let _ = changed_store(&made.0, bytes);
}

fn changed_store(made: &Path, bytes: &[u8]) -> Result<()> {
    let dir = Scratch::new()?;
    copy(made, &dir.0)?;
    let mut reader = Reader::new(bytes);
    let db = Connection::open(dir.0.join("store.db"))?;
    for _ in 0..6 {
        if change(&mut reader, &dir.0, &db).is_err() {
            break;
        }
    }
    db.close().map_err(|_| Errno::EIO)?;
    let store = Store::open(&dir.0)?;
    use_it(&store);
    Ok(())
}
