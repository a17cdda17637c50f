//! What a Rust program does with this crate, on an embedded store or on a cluster:
//!
//! ```text
//! cargo run --example tour local:/tmp/store
//! cargo run --example tour                    # the cluster of /etc/ceph/ceph.conf
//! ```

use std::sync::Arc;

use oxirados::conf::{Config, EntityName};
use oxirados::errno::{Errno, Result};
use oxirados::model::{Notification, WatchHandle, WatchHandler};
use oxirados::rados::{Cluster, IoCtx};
use oxirados::rbd::clone::{CloneFrom, clone};
use oxirados::rbd::{
    Image, ImageOptions, ImageRef, OpenOptions, Pool, create, flatten, no_progress, remove,
    snapshot,
};
use oxirados::runtime;

const GIB: u64 = 1 << 30;

fn main() -> Result<()> {
    let config = Config::create("", EntityName::client("admin"));
    match std::env::args().nth(1) {
        Some(mon_host) => config.set("mon_host", &mon_host)?,
        None => config.read_file(None)?,
    }
    runtime::block_on(tour(config))
}

async fn tour(config: Config) -> Result<()> {
    let cluster = Cluster::new(config.clone());
    cluster.connect().await?;
    println!("cluster {}", cluster.engine()?.fsid());
    cluster.pool_create("tour").await?;
    let io = cluster.ioctx("tour")?;
    objects(&io).await?;
    let pool = Pool::new(cluster.engine()?, io.pool(), config);
    images(&pool).await?;
    cluster.pool_delete("tour").await?;
    cluster.shutdown().await
}

/// Answers every notification with what it said.
struct Echo(IoCtx);

impl WatchHandler for Echo {
    fn notified(&self, notification: Notification) {
        let io = self.0.clone();
        runtime::spawn(async move {
            let Notification { notify_id, handle, payload, .. } = notification;
            if let Err(error) = io.notify_ack("greeting", notify_id, handle, payload).await {
                eprintln!("not acknowledged: {error}");
            }
        });
    }

    fn failed(&self, handle: WatchHandle, error: Errno) {
        eprintln!("watch {} is lost: {error}", handle.0);
    }
}

async fn objects(io: &IoCtx) -> Result<()> {
    io.write_full("greeting", &b"hello"[..]).await?;
    io.append("greeting", &b", world"[..]).await?;
    println!("greeting: {:?}", io.read("greeting", 0, 0).await?);
    io.omap_set("greeting", [("language", "en"), ("tone", "kind")]).await?;
    for (key, value) in io.omap("greeting", "", 10).await?.entries {
        println!("  {key:?} = {value:?}");
    }
    let watch = io.watch("greeting", Arc::new(Echo(io.clone()))).await?;
    let reply = io.notify("greeting", "anybody there?", None).await?;
    println!("{} answered: {:?}", reply.acks.len(), reply.acks.first().map(|ack| &ack.2));
    io.unwatch(watch).await?;
    io.remove("greeting").await
}

async fn open(pool: &Pool, name: &str) -> Result<Arc<Image>> {
    Image::open(pool.clone(), ImageRef::Name(name.into()), OpenOptions::default()).await
}

async fn images(pool: &Pool) -> Result<()> {
    create::create(pool, "disk", 4 * GIB, &mut ImageOptions::default()).await?;
    let disk = open(pool, "disk").await?;
    disk.write_at(GIB, &b"before"[..]).await?;
    snapshot::create(&disk, "monday", 0, no_progress()).await?;
    snapshot::protect(&disk, "monday").await?;
    disk.write_at(GIB, &b"after "[..]).await?;

    let from = CloneFrom::Name("monday".into());
    clone(pool, "disk", &from, pool, "copy", &mut ImageOptions::default()).await?;
    let copy = open(pool, "copy").await?;
    println!("disk: {:?}, copy: {:?}", disk.read_at(GIB, 6).await?, copy.read_at(GIB, 6).await?);
    flatten::flatten(&copy, no_progress()).await?;
    copy.close().await?;

    snapshot::unprotect(&disk, "monday").await?;
    snapshot::remove(&disk, "monday", 0, &no_progress()).await?;
    disk.close().await?;
    remove::remove(pool, "disk", &no_progress()).await?;
    remove::remove(pool, "copy", &no_progress()).await
}
