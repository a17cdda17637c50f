//! Calls on `rbd_header.<id>` of an image that is migrating.

use std::collections::BTreeMap;

use super::mirror::MirrorImageMode;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;

byte_enum! {
    /// Which end of a migration an image is.
    MigrationHeader: u8 {
        /// Where it comes from.
        Source = 1,
        /// Where it goes.
        Destination = 2,
    }

    /// How far a migration is.
    MigrationState: u8 {
        /// It failed.
        Error = 0,
        /// It begins.
        Preparing = 1,
        /// The destination can be used.
        Prepared = 2,
        /// Data is being copied.
        Executing = 3,
        /// All data is copied.
        Executed = 4,
        /// It is being undone.
        Aborting = 5,
    }
}

/// A migration, as either end knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationSpec {
    /// Which end keeps this.
    pub header: MigrationHeader,
    /// The other end's pool.
    pub pool_id: i64,
    /// The other end's namespace.
    pub pool_namespace: String,
    /// The other end's name.
    pub image_name: String,
    /// The other end's id.
    pub image_id: String,
    /// The destination's snapshots by the source's.
    pub snap_seqs: BTreeMap<u64, u64>,
    /// Bytes that come from the source.
    pub overlap: u64,
    /// Whether the destination is flattened.
    pub flatten: bool,
    /// Whether the source was mirrored.
    pub mirroring: bool,
    /// How far it is.
    pub state: MigrationState,
    /// That in words.
    pub state_description: String,
    /// How the source was mirrored.
    pub mirror_image_mode: MirrorImageMode,
    /// Where data comes from that is not in a cluster, as JSON.
    pub source_spec: String,
}

impl Encode for MigrationSpec {
    fn encode(&self, writer: &mut Writer) {
        // Only an external source keeps older readers out.
        let compat = if self.source_spec.is_empty() { 1 } else { 3 };
        writer.versioned(3, compat, |writer| {
            writer.value(&self.header).i64(self.pool_id).bytes(&self.pool_namespace);
            writer.bytes(&self.image_name).bytes(&self.image_id).map(&self.snap_seqs);
            writer.u64(self.overlap).bool(self.flatten).bool(self.mirroring);
            writer.value(&self.state).bytes(&self.state_description);
            writer.value(&self.mirror_image_mode).bytes(&self.source_spec);
        });
    }
}

impl Decode for MigrationSpec {
    const MIN_SIZE: usize = 6;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (version, mut fields) = reader.versioned(3, field)?;
        Ok(MigrationSpec {
            header: MigrationHeader::decode(&mut fields, "migration header")?,
            pool_id: fields.i64("pool")?,
            pool_namespace: fields.string("namespace")?,
            image_name: fields.string("image name")?,
            image_id: fields.string("image id")?,
            snap_seqs: fields.map("snap seqs")?,
            overlap: fields.u64("overlap")?,
            flatten: fields.bool("flatten")?,
            mirroring: fields.bool("mirroring")?,
            state: MigrationState::decode(&mut fields, "migration state")?,
            state_description: fields.string("state description")?,
            mirror_image_mode: match version {
                0..2 => MirrorImageMode::default(),
                _ => MirrorImageMode::decode(&mut fields, "mirror image mode")?,
            },
            source_spec: match version {
                0..3 => String::new(),
                _ => fields.string("source")?,
            },
        })
    }
}

calls! { "rbd":
    /// Marks the image as migrating: `-EEXIST`.
    MigrationSet = "migration_set" { /** The migration. */ spec: MigrationSpec } -> ();
    /// Sets how far it is: `-EINVAL` if the image does not migrate.
    MigrationSetState = "migration_set_state" {
        /// The state.
        state: MigrationState,
        /// That in words.
        description: String,
    } -> ();
    /// The migration: `-EINVAL` if the image does not migrate.
    MigrationGet = "migration_get" {} -> MigrationSpec;
    /// Marks the image as not migrating.
    MigrationRemove = "migration_remove" {} -> ();
}
