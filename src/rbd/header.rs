//! What the header object of an image says, as of one refresh.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Pool;
use super::features::{Features, ImageFlags, OpFeatures};
use super::layout::Layout;
use crate::cls::rbd::{
    GetAccessTimestamp, GetCreateTimestamp, GetDataPool, GetFeatures, GetFlags, GetModifyTimestamp,
    GetObjectPrefix, GetOpFeatures, GetSize, GetSnapContext, GetStripeUnitCount, GroupSpec,
    ImageGroupGet, ParentGet, ParentImageSpec, ParentOverlapGet, ProtectionStatus, SnapNamespace,
    SnapshotGet, SnapshotInfo,
};
use crate::cls::{Method, UTime};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, Name, ObjectOp, PoolId, Reply, SnapContext, SnapId, Target};

/// A header, never changed: a refresh makes a new one.
#[derive(Clone, Debug)]
pub struct Header {
    /// Bytes of the head.
    pub size: u64,
    /// How the image is cut into objects.
    pub layout: Layout,
    /// What a client must know.
    pub features: Features,
    /// What is wrong with the head.
    pub flags: ImageFlags,
    /// Features of operations in use.
    pub op_features: OpFeatures,
    /// Data objects are called this, a dot and 16 hex digits.
    pub object_prefix: String,
    /// Where data objects are: mostly the header's own pool.
    pub data_pool: PoolId,
    /// The parent's identity, also where the head no longer uses it but a snapshot does.
    pub parent_spec: Option<ParentImageSpec>,
    /// The parent of the head.
    pub parent: Option<ParentLink>,
    /// Snapshots by number.
    pub snapshots: BTreeMap<SnapId, Snapshot>,
    /// What data objects are written under.
    pub snap_context: Arc<SnapContext>,
    /// The group the image is in.
    pub group: Option<GroupSpec>,
    /// When it was made.
    pub created: UTime,
    /// When it was last read, as far as that is recorded; else zero.
    pub accessed: UTime,
    /// When it was last written, as far as that is recorded; else zero.
    pub modified: UTime,
}

/// A parent in use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParentLink {
    /// Which snapshot of which image.
    pub spec: ParentImageSpec,
    /// Only the first so many bytes of the child come from it.
    pub overlap: u64,
}

/// A snapshot of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Its number in the data pool.
    pub id: SnapId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub namespace: SnapNamespace,
    /// Bytes.
    pub size: u64,
    /// Its parent: never another than the head's, but it may be in use longer.
    pub parent: Option<ParentLink>,
    /// Whether it is protected from removal.
    pub protection: ProtectionStatus,
    /// What is wrong with it.
    pub flags: ImageFlags,
    /// When it was taken.
    pub created: UTime,
    /// Clones of the new kind it has.
    pub child_count: u32,
}

/// What never changes in a header. Read once, when the image is opened.
#[derive(Clone, Debug)]
pub(super) struct Fixed {
    layout: Layout,
    object_prefix: String,
    data_pool: PoolId,
    created: UTime,
}

/// A snapshot that vanishes while the header is read makes the read start again, so often.
const RETRIES_MAX: u32 = 10;

impl Fixed {
    /// Reads it. `-ENOENT` without a header.
    pub(super) async fn read(pool: &Pool, id: &str) -> Result<Fixed> {
        let op = ObjectOp::read(pool.header(id))
            .then(GetSize { snap_id: SnapId::HEAD }.call())
            .then(GetObjectPrefix {}.call())
            .then(GetFeatures { snap_id: SnapId::HEAD, read_only: true }.call())
            .then(GetCreateTimestamp {}.call())
            .then(GetDataPool {}.call());
        let mut reply = pool.engine.run(op).await?;
        let size = take::<GetSize>(&mut reply, 0)?;
        let object_prefix = take::<GetObjectPrefix>(&mut reply, 1)?;
        let features = take::<GetFeatures>(&mut reply, 2)?.features;
        let created = take::<GetCreateTimestamp>(&mut reply, 3)?;
        let data_pool = match take::<GetDataPool>(&mut reply, 4)? {
            -1 => pool.id,
            id => PoolId(id),
        };
        let mut striping = (0, 0);
        if Features::from_bits_retain(features).contains(Features::STRIPINGV2) {
            striping = read_striping(pool, id).await?;
        }
        let layout = Layout::new(size.order, striping.0, striping.1)
            .ok_or_else(|| Errno::EINVAL.because(format!("image {id}: bad striping")))?;
        Ok(Fixed { layout, object_prefix, data_pool, created })
    }
}

async fn read_striping(pool: &Pool, id: &str) -> Result<(u64, u64)> {
    let op = ObjectOp::read(pool.header(id)).then(GetStripeUnitCount {}.call());
    match pool.engine.run(op).await {
        Ok(mut reply) => {
            let striping = take::<GetStripeUnitCount>(&mut reply, 0)?;
            Ok((striping.unit, striping.count))
        }
        // -ENOEXEC: the feature is on but nothing was stored.
        Err(error) if error == Errno(libc::ENOEXEC) || error == Errno::EINVAL => Ok((0, 0)),
        Err(error) => Err(error),
    }
}

impl Header {
    /// Reads what may have changed. `read_only` decides which features must be known: `-ENOSYS`
    /// otherwise.
    pub(super) async fn read(
        pool: &Pool,
        id: &str,
        fixed: &Fixed,
        read_only: bool,
    ) -> Result<Header> {
        let mut tries = 0;
        loop {
            match Header::read_once(pool, id, fixed, read_only).await {
                Err(error) if error == Errno::ENOENT && tries < RETRIES_MAX => tries += 1,
                result => return result,
            }
        }
    }

    async fn read_once(pool: &Pool, id: &str, fixed: &Fixed, read_only: bool) -> Result<Header> {
        let head = SnapId::HEAD;
        let op = ObjectOp::read(pool.header(id))
            .then(GetSize { snap_id: head }.call())
            .then(GetFeatures { snap_id: head, read_only }.call())
            .then(GetFlags { snap_id: head }.call())
            .then(GetSnapContext {}.call())
            .then(GetAccessTimestamp {}.call())
            .then(GetModifyTimestamp {}.call())
            .then(ParentGet {}.call())
            .then(ParentOverlapGet { snap_id: head }.call())
            .then(ImageGroupGet {}.call());
        let mut reply = pool.engine.run(op).await?;
        let size = take::<GetSize>(&mut reply, 0)?.size;
        let features = take::<GetFeatures>(&mut reply, 1)?;
        let unknown = features.incompatible & !Features::SUPPORTED.bits();
        if unknown != 0 {
            return Err(Errno::ENOSYS
                .because(format!("image {id}: features {unknown:#x} are beyond this library")));
        }
        let snaps = take::<GetSnapContext>(&mut reply, 3)?;
        let context = SnapContext { seq: snaps.seq, snaps: snaps.snaps.into_iter().collect() };
        if !context.is_valid() {
            return Err(Errno::EIO.because(format!("image {id}: snapshots out of order")));
        }
        let parent_spec = Some(take::<ParentGet>(&mut reply, 6)?).filter(|p| p.exists());
        let overlap = take::<ParentOverlapGet>(&mut reply, 7)?;
        let group = take::<ImageGroupGet>(&mut reply, 8)?;
        let mut header = Header {
            size,
            layout: fixed.layout,
            features: Features::from_bits_retain(features.features),
            flags: ImageFlags::from_bits_retain(take::<GetFlags>(&mut reply, 2)?),
            op_features: OpFeatures::empty(),
            object_prefix: fixed.object_prefix.clone(),
            data_pool: fixed.data_pool,
            parent: link(parent_spec.as_ref(), overlap),
            parent_spec,
            snapshots: BTreeMap::new(),
            snap_context: Arc::new(context),
            group: Some(group).filter(|group| group.pool_id >= 0 && !group.group_id.is_empty()),
            created: fixed.created,
            accessed: take::<GetAccessTimestamp>(&mut reply, 4)?,
            modified: take::<GetModifyTimestamp>(&mut reply, 5)?,
        };
        if header.features.contains(Features::OPERATIONS) {
            let op = ObjectOp::read(pool.header(id)).then(GetOpFeatures {}.call());
            let bits = take::<GetOpFeatures>(&mut pool.engine.run(op).await?, 0)?;
            header.op_features = OpFeatures::from_bits_retain(bits);
        }
        header.read_snapshots(pool, id).await?;
        Ok(header)
    }

    async fn read_snapshots(&mut self, pool: &Pool, id: &str) -> Result<()> {
        if self.snap_context.snaps.is_empty() {
            return Ok(());
        }
        let mut op = ObjectOp::read(pool.header(id));
        for snap in &self.snap_context.snaps {
            let snap_id = SnapId(*snap);
            op = op
                .then(SnapshotGet { snap_id }.call())
                .then(ParentOverlapGet { snap_id }.call())
                .then(GetFlags { snap_id }.call())
                .then(crate::cls::rbd::GetProtectionStatus { snap_id }.call());
        }
        let mut reply = pool.engine.run(op).await?;
        for at in 0..self.snap_context.snaps.len() {
            let info: SnapshotInfo = take::<SnapshotGet>(&mut reply, 4 * at)?;
            let overlap = take::<ParentOverlapGet>(&mut reply, 4 * at + 1)?;
            let flags = ImageFlags::from_bits_retain(take::<GetFlags>(&mut reply, 4 * at + 2)?);
            let protection = take::<crate::cls::rbd::GetProtectionStatus>(&mut reply, 4 * at + 3)?;
            let snapshot = Snapshot {
                id: info.id,
                name: info.name,
                namespace: info.namespace,
                size: info.image_size,
                parent: link(self.parent_spec.as_ref(), overlap),
                protection,
                flags,
                created: info.timestamp,
                child_count: info.child_count,
            };
            self.snapshots.insert(snapshot.id, snapshot);
        }
        Ok(())
    }

    /// The size of the head or of a snapshot; `None` for a snapshot that does not exist.
    #[must_use]
    pub fn size_at(&self, snap: SnapId) -> Option<u64> {
        match snap {
            SnapId::HEAD => Some(self.size),
            id => self.snapshots.get(&id).map(|snap| snap.size),
        }
    }

    /// The parent of the head or of a snapshot.
    #[must_use]
    pub fn parent_at(&self, snap: SnapId) -> Option<&ParentLink> {
        match snap {
            SnapId::HEAD => self.parent.as_ref(),
            id => self.snapshots.get(&id).and_then(|snap| snap.parent.as_ref()),
        }
    }

    /// The flags of the head or of a snapshot; `None` for a snapshot that does not exist.
    #[must_use]
    pub fn flags_at(&self, snap: SnapId) -> Option<ImageFlags> {
        match snap {
            SnapId::HEAD => Some(self.flags),
            id => self.snapshots.get(&id).map(|snap| snap.flags),
        }
    }

    /// A snapshot by what it is for and its name.
    #[must_use]
    pub fn snapshot(&self, namespace: &SnapNamespace, name: &str) -> Option<&Snapshot> {
        self.snapshots
            .values()
            .find(|snap| snap.name == name && snap.namespace.kind() == namespace.kind())
    }

    /// A snapshot made by a user, by name.
    #[must_use]
    pub fn user_snapshot(&self, name: &str) -> Option<&Snapshot> {
        self.snapshot(&SnapNamespace::User, name)
    }
}

fn link(spec: Option<&ParentImageSpec>, overlap: Option<u64>) -> Option<ParentLink> {
    Some(ParentLink { spec: spec?.clone(), overlap: overlap? })
}

/// Takes a method's answer out of a reply.
fn take<M: Method>(reply: &mut Reply, step: usize) -> Result<M::Reply> {
    M::reply(&reply.take_data(step))
}

impl Header {
    /// A data object.
    #[must_use]
    pub fn data_object(&self, namespace: &Name, object: u64) -> Target {
        let mut name = Name::from(self.object_prefix.as_str());
        let mut digits = *b".0000000000000000";
        for (at, digit) in digits.iter_mut().skip(1).enumerate() {
            *digit = b"0123456789abcdef"[(object >> (60 - 4 * at)) as usize & 15];
        }
        name.extend(&digits);
        Target::new(self.data_pool, name).in_namespace(namespace.clone())
    }
}
