//! An I/O context: a pool and how its objects are named and seen.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use crate::errno::{Errno, Result};
use crate::model::{
    Engine, EngineExt, Name, ObjectOp, Op, Out, Payload, PoolId, PoolInfo, ReqFlags, SnapContext,
    SnapId, SnapSpec, Target,
};

/// A pool of a connected cluster, with the namespace, locator and snapshots that operations use.
///
/// A value: cloning is cheap, and changing a clone does not change the original.
#[derive(Clone)]
pub struct IoCtx {
    engine: Arc<dyn Engine>,
    pool: PoolId,
    namespace: Name,
    locator: Name,
    read_at: SnapId,
    context: Arc<SnapContext>,
    flags: ReqFlags,
}

impl IoCtx {
    /// A context of a pool, which must exist; `-ENOENT`.
    pub fn new(engine: Arc<dyn Engine>, pool: PoolId) -> Result<Self> {
        engine.pool(pool)?;
        Ok(IoCtx {
            engine,
            pool,
            namespace: Name::empty(),
            locator: Name::empty(),
            read_at: SnapId::HEAD,
            context: Arc::new(SnapContext::none()),
            flags: ReqFlags::empty(),
        })
    }

    /// The engine behind it.
    #[must_use]
    pub fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }

    /// The pool's number.
    #[must_use]
    pub fn pool(&self) -> PoolId {
        self.pool
    }

    /// What the cluster's map says of the pool; `-ENOENT` when it was removed meanwhile.
    pub fn pool_info(&self) -> Result<PoolInfo> {
        self.engine.pool(self.pool)
    }

    /// The namespace of later operations; empty is the default one.
    #[must_use]
    pub fn namespace(&self) -> &Name {
        &self.namespace
    }

    /// Sets the namespace of later operations.
    pub fn set_namespace(&mut self, namespace: impl Into<Name>) {
        self.namespace = namespace.into();
    }

    /// Sets the locator key of later operations; empty for none.
    pub fn set_locator(&mut self, locator: impl Into<Name>) {
        self.locator = locator.into();
    }

    /// Sets the snapshot that later operations read; while it is not [`SnapId::HEAD`], writes fail
    /// with `-EROFS`.
    pub fn set_read_snap(&mut self, snap: SnapId) {
        self.read_at = snap;
    }

    /// The snapshot that operations read.
    #[must_use]
    pub fn read_snap(&self) -> SnapId {
        self.read_at
    }

    /// Sets the snapshots that later writes are made under; `-EINVAL` unless they descend.
    pub fn set_write_context(&mut self, context: SnapContext) -> Result<()> {
        if !context.is_valid() {
            return Err(Errno::EINVAL.because("a snap context must descend from its sequence"));
        }
        self.context = Arc::new(context);
        Ok(())
    }

    /// Adds or takes away flags of later operations.
    pub fn set_flags(&mut self, flags: ReqFlags, on: bool) {
        self.flags.set(flags, on);
    }

    /// The object of this name as this context sees it.
    pub fn target(&self, name: impl Into<Name>) -> Target {
        Target {
            pool: self.pool,
            namespace: self.namespace.clone(),
            locator: self.locator.clone(),
            name: name.into(),
        }
    }

    /// A reading operation on an object, without steps yet.
    pub fn read_op(&self, name: impl Into<Name>) -> ObjectOp {
        let mut op = ObjectOp::read_at(self.target(name), self.read_at);
        op.flags = self.flags;
        op
    }

    /// A writing operation on an object, without steps yet; `-EROFS` while a snapshot is read.
    pub fn write_op(&self, name: impl Into<Name>) -> Result<ObjectOp> {
        if self.read_at != SnapId::HEAD {
            return Err(Errno::EROFS.because("this context reads a snapshot"));
        }
        let mut op = ObjectOp::read(self.target(name));
        op.snap = SnapSpec::Under(Arc::clone(&self.context));
        op.flags = self.flags;
        Ok(op)
    }

    /// Reads up to `len` bytes from `off` on; fewer at the object's end.
    pub async fn read(&self, name: impl Into<Name>, off: u64, len: u64) -> Result<Bytes> {
        let op = self.read_op(name).then(Op::Read { off, len, into: None });
        Ok(self.engine.run(op).await?.take_data(0))
    }

    /// Writes at `off`.
    pub async fn write(
        &self,
        name: impl Into<Name>,
        off: u64,
        data: impl Into<Payload>,
    ) -> Result<()> {
        self.change(name, Op::Write { off, data: data.into() }).await
    }

    /// Replaces the object's data.
    pub async fn write_full(&self, name: impl Into<Name>, data: impl Into<Payload>) -> Result<()> {
        self.change(name, Op::WriteFull(data.into())).await
    }

    /// Writes at the object's end.
    pub async fn append(&self, name: impl Into<Name>, data: impl Into<Payload>) -> Result<()> {
        self.change(name, Op::Append(data.into())).await
    }

    /// Removes the object.
    pub async fn remove(&self, name: impl Into<Name>) -> Result<()> {
        self.change(name, Op::Remove).await
    }

    /// The object's size in bytes and its modification time.
    pub async fn stat(&self, name: impl Into<Name>) -> Result<(u64, SystemTime)> {
        match self.engine.run(self.read_op(name).then(Op::Stat)).await?.take(0) {
            Out::Stat { size, mtime } => Ok((size, mtime)),
            _ => Err(Errno::EIO.because("stat: no answer in the reply")),
        }
    }

    /// Sets an xattr.
    pub async fn set_xattr(
        &self,
        name: impl Into<Name>,
        xattr: impl Into<Bytes>,
        value: impl Into<Bytes>,
    ) -> Result<()> {
        self.change(name, Op::SetXattr { name: xattr.into(), value: value.into() }).await
    }

    /// An xattr's value; `-ENODATA`.
    pub async fn xattr(&self, name: impl Into<Name>, xattr: impl Into<Bytes>) -> Result<Bytes> {
        let op = self.read_op(name).then(Op::GetXattr(xattr.into()));
        Ok(self.engine.run(op).await?.take_data(0))
    }

    /// Calls a method of an object class as a write and returns its output.
    pub async fn exec(
        &self,
        name: impl Into<Name>,
        class: &str,
        method: &str,
        input: impl Into<Bytes>,
    ) -> Result<Bytes> {
        let op = self.write_op(name)?.then(Op::CallNamed {
            class: class.to_owned(),
            method: method.to_owned(),
            input: input.into(),
        });
        Ok(self.engine.run(op).await?.take_data(0))
    }

    /// Runs one step that changes an object.
    pub(super) async fn change(&self, name: impl Into<Name>, op: Op) -> Result<()> {
        let op = self.write_op(name)?.then(op);
        self.engine.run(op).await.map(drop)
    }
}
