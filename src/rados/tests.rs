use super::{Cluster, IoCtx, LockKind, Locker};
use crate::conf::{Config, EntityName};
use crate::errno::Errno;
use crate::model::SnapId;
use crate::runtime::block_on;
use crate::tests::memory;
use std::time::Duration;

fn io() -> IoCtx {
    let (engine, pool) = memory::engine_with_pool();
    IoCtx::new(engine, pool).unwrap()
}

#[test]
fn an_object_is_written_read_and_removed() {
    let io = io();
    block_on(async {
        io.write("o", 2, &b"abc"[..]).await.unwrap();
        io.append("o", &b"d"[..]).await.unwrap();
        assert_eq!(io.read("o", 0, 100).await.unwrap(), &b"\0\0abcd"[..]);
        assert_eq!(io.stat("o").await.unwrap().0, 6);
        io.set_xattr("o", "key", "value").await.unwrap();
        assert_eq!(io.xattr("o", "key").await.unwrap(), "value");
        io.remove("o").await.unwrap();
        assert_eq!(io.read("o", 0, 1).await.unwrap_err(), Errno::ENOENT);
    });
}

#[test]
fn a_context_that_reads_a_snapshot_does_not_write() {
    let mut io = io();
    io.set_read_snap(SnapId(1));
    assert_eq!(block_on(io.remove("o")).unwrap_err(), Errno::EROFS);
}

#[test]
fn a_lock_excludes_another_cookie() {
    let io = io();
    let lock =
        |cookie| Locker { name: "l", cookie, description: "", duration: Duration::ZERO, flags: 0 };
    block_on(async {
        io.lock("o", LockKind::Exclusive, lock("a")).await.unwrap();
        let again = io.lock("o", LockKind::Exclusive, lock("b")).await;
        assert_eq!(again.unwrap_err(), Errno::EBUSY);
        let found = io.lockers("o", "l").await.unwrap();
        assert!(found.exclusive);
        let client = format!("client.{}", io.engine().instance_id());
        assert_eq!(found.holders, [(client.clone(), "a".into(), io.engine().addrs())]);
        io.break_lock("o", "l", &client, "a").await.unwrap();
        assert_eq!(io.unlock("o", "l", "a").await.unwrap_err(), Errno::ENOENT);
    });
}

#[test]
fn a_cluster_that_is_not_connected_says_so() {
    let cluster = Cluster::new(Config::new("ceph", EntityName::client("admin")));
    assert_eq!(cluster.pools().unwrap_err(), Errno::ENOTCONN);
    block_on(cluster.shutdown()).unwrap();
}
