//! Calls on `rbd_header.<id>` and `rbd_id.<name>`: what an image is.

use super::super::UTime;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;
use crate::model::SnapId;

plain! {
    /// Reply of [`GetSize`].
    Size {
        /// Objects are `1 << order` bytes.
        order: u8,
        /// Bytes of the image.
        size: u64,
    }

    /// Reply of [`GetFeatures`].
    Features {
        /// Features of the image.
        features: u64,
        /// Those of them that a client must know.
        incompatible: u64,
    }

    /// Reply of [`GetStripeUnitCount`].
    Striping {
        /// Bytes of a stripe unit.
        unit: u64,
        /// Objects in a stripe.
        count: u64,
    }
}

calls! { "rbd":
    /// Writes a new header: `-EEXIST`, `-ENOSYS` for unknown features, `-EINVAL` for an empty
    /// prefix.
    Create = "create" {
        /// Bytes.
        size: u64,
        /// Objects are `1 << order` bytes.
        order: u8,
        /// Features.
        features: u64,
        /// What data objects' names begin with, such as `rbd_data.10226b8b4567`.
        object_prefix: String,
        /// The pool of the data, or -1 for the header's.
        data_pool: i64,
    } -> ();
    /// Features, now or of a snapshot; `incompatible` depends on whether the image is opened to
    /// read only.
    GetFeatures = "get_features" {
        /// Ignored since Luminous; [`SnapId::HEAD`].
        snap_id: SnapId,
        /// Whether the image is to be read only.
        read_only: bool,
    } -> Features;
    /// Changes the features in a mask: `-EINVAL` for one that cannot be changed.
    SetFeatures = "set_features" {
        /// The features of the mask that shall be on.
        features: u64,
        /// Features to change.
        mask: u64,
    } -> ();
    /// Size, now or of a snapshot (`-ENOENT`).
    GetSize = "get_size" { /** The snapshot or [`SnapId::HEAD`]. */ snap_id: SnapId } -> Size;
    /// Sets the size, and shrinks the overlap with the parent when the image gets smaller.
    SetSize = "set_size" { /** Bytes. */ size: u64 } -> ();
    /// What data objects' names begin with.
    GetObjectPrefix = "get_object_prefix" {} -> String;
    /// The pool of the data, or -1 for the header's.
    GetDataPool = "get_data_pool" {} -> i64;
    /// Striping; `-ENOEXEC` without the feature STRIPINGV2.
    GetStripeUnitCount = "get_stripe_unit_count" {} -> Striping;
    /// Sets the striping: `-EINVAL`, `-ENOEXEC` without the feature STRIPINGV2.
    SetStripeUnitCount = "set_stripe_unit_count" {
        /// Bytes of a stripe unit.
        unit: u64,
        /// Objects in a stripe.
        count: u64,
    } -> ();
    /// When the image was created.
    GetCreateTimestamp = "get_create_timestamp" {} -> UTime;
    /// When it was last read; zero if that is not on record.
    GetAccessTimestamp = "get_access_timestamp" {} -> UTime;
    /// When it was last written; zero if that is not on record.
    GetModifyTimestamp = "get_modify_timestamp" {} -> UTime;
    /// Sets the time it was last read to now.
    SetAccessTimestamp = "set_access_timestamp" {} -> ();
    /// Sets the time it was last written to now.
    SetModifyTimestamp = "set_modify_timestamp" {} -> ();
    /// Flags, now or of a snapshot (`-ENOENT`).
    GetFlags = "get_flags" { /** The snapshot or [`SnapId::HEAD`]. */ snap_id: SnapId } -> u64;
    /// Changes the flags in a mask, now or of a snapshot.
    SetFlags = "set_flags" {
        /// The flags of the mask that shall be on.
        flags: u64,
        /// Flags to change.
        mask: u64,
        /// The snapshot or [`SnapId::HEAD`].
        snap_id: SnapId,
    } -> ();
    /// Operation features.
    GetOpFeatures = "op_features_get" {} -> u64;
    /// Changes the operation features in a mask; `-EINVAL` for unknown ones.
    SetOpFeatures = "op_features_set" {
        /// The features of the mask that shall be on.
        features: u64,
        /// Features to change.
        mask: u64,
    } -> ();
    /// Features the class knows.
    GetAllFeatures = "get_all_features" {} -> u64;
    /// The id of the image with this name; on `rbd_id.<name>`.
    GetId = "get_id" {} -> String;
    /// Sets it: `-EINVAL` for an id that is not alphanumeric, `-ENOENT` without the object,
    /// `-EEXIST` if it has one.
    SetId = "set_id" { /** The id. */ id: String } -> ();
}

/// A list of snapshots as [`super::GetSnapContext`] returns it: numbers, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapList {
    /// The newest number given out.
    pub seq: u64,
    /// Those that exist.
    pub snaps: Vec<u64>,
}

impl Encode for SnapList {
    fn encode(&self, writer: &mut Writer) {
        writer.u64(self.seq).list(&self.snaps);
    }
}

impl Decode for SnapList {
    const MIN_SIZE: usize = 12;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        Ok(SnapList { seq: reader.u64(field)?, snaps: reader.list(field)? })
    }
}
