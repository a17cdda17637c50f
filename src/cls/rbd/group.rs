//! Calls for groups of images: on `rbd_group_directory`, on `rbd_group_header.<id>` and, for the
//! way back, on the headers of its images.

use std::collections::BTreeMap;

use crate::model::SnapId;

byte_enum! {
    /// Whether an image is wholly in a group: both sides know.
    GroupLinkState: u8 {
        /// Yes.
        Attached = 0,
        /// It is being added or removed.
        Incomplete = 1,
    }

    /// Whether a group snapshot has all images.
    GroupSnapState: u8 {
        /// Not yet.
        Incomplete = 0,
        /// Yes.
        Complete = 1,
    }
}

versioned! {
    /// An image of a group.
    GroupImageSpec (1, 1) {
        /// Its id.
        image_id: String;
        /// Its pool.
        pool_id: i64;
    }

    /// An image of a group and its state.
    GroupImageStatus (1, 1) {
        /// The image.
        spec: GroupImageSpec;
        /// Its state.
        state: GroupLinkState;
    }

    /// A group, as its images know it.
    GroupSpec (1, 1) {
        /// Its pool; -1 for none.
        pool_id: i64;
        /// Its id; empty for none.
        group_id: String;
    }

    /// A snapshot of one image.
    ImageSnapSpec (1, 1) {
        /// The image's pool.
        pool: i64;
        /// The image.
        image_id: String;
        /// The snapshot.
        snap_id: SnapId;
    }

    /// A snapshot of a group.
    GroupSnap (1, 1) {
        /// Its id.
        id: String;
        /// Its name.
        name: String;
        /// Its state.
        state: GroupSnapState;
        /// Its images' snapshots.
        snaps: Vec<ImageSnapSpec>;
    }
}

impl GroupSpec {
    /// No group.
    #[must_use]
    pub fn none() -> Self {
        GroupSpec { pool_id: -1, group_id: String::new() }
    }

    /// Whether this names a group.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.pool_id >= 0 && !self.group_id.is_empty()
    }
}

calls! { "rbd":
    /// Lists groups, ids by name, behind a name.
    GroupDirList = "group_dir_list" {
        /// Only names behind this one.
        start: String,
        /// Most groups.
        max: u64,
    } -> BTreeMap<String, String>;
    /// Adds a group: `-EEXIST`.
    GroupDirAdd = "group_dir_add" {
        /// Its name.
        name: String,
        /// Its id.
        id: String,
    } -> ();
    /// Removes a group: `-ENOENT`, `-ESTALE`.
    GroupDirRemove = "group_dir_remove" {
        /// Its name.
        name: String,
        /// Its id.
        id: String,
    } -> ();
    /// Renames a group: `-ESTALE`, `-EEXIST`.
    GroupDirRename = "group_dir_rename" {
        /// Its name.
        source: String,
        /// Its name from now on.
        destination: String,
        /// Its id.
        id: String,
    } -> ();
    /// Adds an image to a group, or changes its state.
    GroupImageSet = "group_image_set" { /** The image. */ status: GroupImageStatus } -> ();
    /// Removes an image from a group.
    GroupImageRemove = "group_image_remove" { /** The image. */ spec: GroupImageSpec } -> ();
    /// Lists the images of a group, behind an image.
    GroupImageList = "group_image_list" {
        /// Only images behind this one.
        start: GroupImageSpec,
        /// Most images.
        max: u64,
    } -> Vec<GroupImageStatus>;
    /// Tells an image its group: `-EEXIST` for another one.
    ImageGroupAdd = "image_group_add" { /** The group. */ group: GroupSpec } -> ();
    /// Tells an image that it left a group: `-EBADF` for another one, `-ENOENT`.
    ImageGroupRemove = "image_group_remove" { /** The group. */ group: GroupSpec } -> ();
    /// The group of an image; an empty one for none.
    ImageGroupGet = "image_group_get" {} -> GroupSpec;
    /// Adds a group snapshot or changes it: `-EEXIST` for a name or id that is there.
    GroupSnapSet = "group_snap_set" { /** The snapshot. */ snapshot: GroupSnap } -> ();
    /// Removes a group snapshot.
    GroupSnapRemove = "group_snap_remove" { /** Its id. */ id: String } -> ();
    /// One group snapshot: `-ENOENT`.
    GroupSnapGetById = "group_snap_get_by_id" { /** Its id. */ id: String } -> GroupSnap;
    /// Lists group snapshots, behind one.
    GroupSnapList = "group_snap_list" {
        /// Only snapshots behind this one, by id.
        start: GroupSnap,
        /// Most snapshots.
        max: u64,
    } -> Vec<GroupSnap>;
}
