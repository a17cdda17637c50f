//! A cluster handle: configuration first, then a connection.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;

use super::ioctx::IoCtx;
use crate::conf::Config;
use crate::connect;
use crate::errno::{Errno, Result};
use crate::model::{Engine, PoolId};
use crate::runtime::Generation;

/// A cluster: its configuration and, once connected, its engine.
pub struct Cluster {
    config: Config,
    connection: RwLock<Option<Connection>>,
}

/// An engine, and the process it works in.
struct Connection {
    engine: Arc<dyn Engine>,
    generation: Generation,
}

impl Cluster {
    /// A handle that is not connected yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Cluster { config, connection: RwLock::new(None) }
    }

    /// Its configuration, to be changed before [`Cluster::connect`].
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Connects to what `mon_host` names. `-EISCONN` when it is connected.
    pub async fn connect(&self) -> Result<()> {
        if self.connection.read().is_some() {
            return Err(Errno::EISCONN.into());
        }
        let engine = connect::connect(&self.config).await?;
        let fsid = engine.fsid().to_string();
        if let Some(late) = self.keep(engine) {
            // Another thread was faster.
            late.shutdown().await?;
            return Err(Errno::EISCONN.into());
        }
        // The option says which cluster this is from now on (measured on 16.2.15).
        self.config.set("fsid", &fsid)?;
        self.config.fix();
        Ok(())
    }

    /// Takes the engine unless there is one; gives it back then.
    fn keep(&self, engine: Arc<dyn Engine>) -> Option<Arc<dyn Engine>> {
        let mut slot = self.connection.write();
        if slot.is_some() {
            return Some(engine);
        }
        *slot = Some(Connection { engine, generation: Generation::current() });
        None
    }

    /// The engine; `-ENOTCONN` before [`Cluster::connect`] and after [`Cluster::shutdown`], and in
    /// a child of the process that connected.
    pub fn engine(&self) -> Result<Arc<dyn Engine>> {
        match &*self.connection.read() {
            Some(connection) if connection.generation == Generation::current() => {
                Ok(connection.engine.clone())
            }
            Some(_) => Err(Errno::ENOTCONN.because("connected before this process was forked")),
            None => Err(Errno::ENOTCONN.into()),
        }
    }

    /// Asks the monitor of this name for a sign of life: its health and status as JSON. Also before
    /// [`Cluster::connect`]. `-ENOENT`.
    pub async fn ping_monitor(&self, name: &str) -> Result<Bytes> {
        match self.engine() {
            Ok(engine) => engine.ping_monitor(name).await,
            Err(_) => connect::ping_monitor(&self.config, name).await,
        }
    }

    /// An I/O context of the pool with this name; `-ENOENT`.
    pub fn ioctx(&self, pool: &str) -> Result<IoCtx> {
        let engine = self.engine()?;
        let pool = engine.pool_by_name(pool)?;
        IoCtx::new(engine, pool)
    }

    /// Makes a pool; `-EEXIST`.
    pub async fn pool_create(&self, name: &str) -> Result<PoolId> {
        self.engine()?.pool_create(name, None).await
    }

    /// Removes a pool with all that is in it; `-ENOENT`.
    pub async fn pool_delete(&self, name: &str) -> Result<()> {
        self.engine()?.pool_delete(name).await
    }

    /// The names of all pools, by number.
    pub fn pools(&self) -> Result<Vec<String>> {
        Ok(self.engine()?.pools()?.into_iter().map(|(_, name)| name).collect())
    }

    /// Ends the connection. Nothing happens when there is none. In a child of the process that
    /// connected the connection stays as it is: its sockets and files are the parent's too.
    pub async fn shutdown(&self) -> Result<()> {
        let connection = self.connection.write().take();
        match connection {
            Some(Connection { engine, generation }) if generation == Generation::current() => {
                engine.shutdown().await
            }
            Some(inherited) => {
                std::mem::forget(inherited);
                Ok(())
            }
            None => Ok(()),
        }
    }
}
