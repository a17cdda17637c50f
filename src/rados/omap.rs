//! An object's omap, and who watches it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::ioctx::IoCtx;
use crate::errno::Result;
use crate::model::{EngineExt, Name, NotifyReply, OmapValues, Op, Out, WatchHandle, WatchHandler};

impl IoCtx {
    /// Sets omap entries: keys and values.
    pub async fn omap_set<K: Into<Bytes>, V: Into<Bytes>>(
        &self,
        name: impl Into<Name>,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<()> {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value.into()));
        self.change(name, Op::OmapSet(entries.collect())).await
    }

    /// At most `max` omap entries behind the key `start_after`, in key order, and whether there are
    /// more.
    pub async fn omap(
        &self,
        name: impl Into<Name>,
        start_after: impl Into<Bytes>,
        max: u64,
    ) -> Result<OmapValues> {
        let (start_after, prefix) = (start_after.into(), Bytes::new());
        let op = self.read_op(name).then(Op::OmapGetVals { start_after, prefix, max });
        match self.engine().run(op).await?.take(0) {
            Out::Omap(values) => Ok(values),
            _ => Ok(OmapValues::default()),
        }
    }

    /// Watches an object; `-ENOENT`. The handler acknowledges with [`IoCtx::notify_ack`].
    pub async fn watch(
        &self,
        name: impl Into<Name>,
        handler: Arc<dyn WatchHandler>,
    ) -> Result<WatchHandle> {
        self.engine().watch(self.target(name), None, handler).await
    }

    /// Ends a watch.
    pub async fn unwatch(&self, handle: WatchHandle) -> Result<()> {
        self.engine().unwatch(handle).await
    }

    /// Notifies the watchers of an object and waits for their answers. `timeout`: `None` for
    /// `client_notify_timeout`; who did not answer in time is listed.
    pub async fn notify(
        &self,
        name: impl Into<Name>,
        payload: impl Into<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<NotifyReply> {
        self.engine().notify(self.target(name), payload.into(), timeout).await
    }

    /// Answers a notification that arrived at a watch of this client.
    pub async fn notify_ack(
        &self,
        name: impl Into<Name>,
        notify_id: u64,
        handle: WatchHandle,
        payload: impl Into<Bytes>,
    ) -> Result<()> {
        self.engine().notify_ack(self.target(name), notify_id, handle, payload.into()).await
    }
}
