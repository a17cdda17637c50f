//! Calls that tie a clone to its parent: on the clone's `rbd_header.<id>`, on the parent's header
//! (v2) and on `rbd_children` (v1).

use std::collections::BTreeSet;

use crate::model::SnapId;

versioned! {
    /// Which snapshot an image was cloned from. A pool of -1 stands for no parent.
    ParentImageSpec (1, 1) {
        /// Its pool.
        pool_id: i64;
        /// Its namespace.
        pool_namespace: String;
        /// The image's id.
        image_id: String;
        /// The snapshot.
        snap_id: SnapId;
    }

    /// A clone.
    ChildImageSpec (2, 1) {
        /// Its pool.
        pool_id: i64;
        /// Its id.
        image_id: String;
        /// Its namespace.
        pool_namespace: String, since 2;
    }
}

impl ParentImageSpec {
    /// No parent.
    #[must_use]
    pub fn none() -> Self {
        ParentImageSpec { pool_id: -1, snap_id: SnapId::HEAD, ..Default::default() }
    }

    /// Whether this names a parent.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.pool_id >= 0 && !self.image_id.is_empty() && self.snap_id != SnapId::HEAD
    }
}

plain! {
    /// Reply of [`GetParent`]: pool -1 if there is none.
    Parent {
        /// Its pool.
        pool_id: i64,
        /// The image's id.
        image_id: String,
        /// The snapshot.
        snap_id: SnapId,
        /// Bytes of the image that come from it.
        overlap: u64,
    }
}

calls! { "rbd":
    /// The parent of the image or of one of its snapshots (before Nautilus).
    GetParent = "get_parent" { /** The snapshot or [`SnapId::HEAD`]. */ snap_id: SnapId } -> Parent;
    /// Sets the parent (before Nautilus): `-EEXIST`, `-EINVAL`.
    SetParent = "set_parent" {
        /// Its pool.
        pool_id: i64,
        /// The image's id.
        image_id: String,
        /// The snapshot.
        snap_id: SnapId,
        /// Bytes of it.
        overlap: u64,
    } -> ();
    /// Removes the parent (before Nautilus): `-ENOENT`.
    RemoveParent = "remove_parent" {} -> ();
    /// The parent; [`ParentImageSpec::none`] if there is none.
    ParentGet = "parent_get" {} -> ParentImageSpec;
    /// Bytes of the image, or of one of its snapshots, that come from the parent; `None` when it
    /// has none.
    ParentOverlapGet = "parent_overlap_get" {
        /** The snapshot or [`SnapId::HEAD`]. */ snap_id: SnapId
    } -> Option<u64>;
    /// Sets the parent: `-EEXIST` unless it is the same, `-EINVAL`.
    ParentAttach = "parent_attach" {
        /// The parent.
        parent: ParentImageSpec,
        /// Bytes of it.
        overlap: u64,
        /// Whether another parent may be replaced (migration).
        reattach: bool,
    } -> ();
    /// Removes the parent: `-ENOENT`.
    ParentDetach = "parent_detach" {} -> ();

    /// Records a v1 clone: `-EEXIST`.
    AddChild = "add_child" {
        /// The parent's pool.
        pool_id: i64,
        /// The parent's id.
        image_id: String,
        /// The snapshot.
        snap_id: SnapId,
        /// The clone's id.
        child_id: String,
    } -> ();
    /// Forgets a v1 clone: `-ENOENT`.
    RemoveChild = "remove_child" {
        /// The parent's pool.
        pool_id: i64,
        /// The parent's id.
        image_id: String,
        /// The snapshot.
        snap_id: SnapId,
        /// The clone's id.
        child_id: String,
    } -> ();
    /// The ids of the v1 clones of a snapshot that are in the pool: `-ENOENT`.
    GetChildren = "get_children" {
        /// The parent's pool.
        pool_id: i64,
        /// The parent's id.
        image_id: String,
        /// The snapshot.
        snap_id: SnapId,
    } -> BTreeSet<String>;

    /// Records a v2 clone of a snapshot: `-EEXIST`.
    ChildAttach = "child_attach" {
        /// The snapshot.
        snap_id: SnapId,
        /// The clone.
        child: ChildImageSpec,
    } -> ();
    /// Forgets a v2 clone: `-ENOENT`.
    ChildDetach = "child_detach" {
        /// The snapshot.
        snap_id: SnapId,
        /// The clone.
        child: ChildImageSpec,
    } -> ();
    /// The v2 clones of a snapshot: `-ENOENT`.
    ChildrenList = "children_list" { /** The snapshot. */ snap_id: SnapId } -> Vec<ChildImageSpec>;
}
