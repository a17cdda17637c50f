//! Calls on `rbd_trash`: images that wait for their end.

use std::collections::BTreeMap;

use super::super::UTime;

byte_enum! {
    /// Who put an image into the trash.
    TrashSource: u8 {
        /// A user.
        User = 0,
        /// Mirroring.
        Mirroring = 1,
        /// A migration.
        Migration = 2,
        /// A removal that is under way.
        Removing = 3,
        /// A user, who removes a parent that still has clones.
        UserParent = 4,
    }

    /// What is happening to it.
    TrashState: u8 {
        /// Nothing.
        Normal = 0,
        /// It is being moved there.
        Moving = 1,
        /// It is being removed.
        Removing = 2,
        /// It is being restored.
        Restoring = 3,
    }
}

versioned! {
    /// An image in the trash.
    TrashSpec (2, 1) {
        /// Who put it there.
        source: TrashSource;
        /// What it was called.
        name: String;
        /// When it was put there.
        deletion_time: UTime;
        /// Until when it must not be removed.
        deferment_end_time: UTime;
        /// What is happening to it.
        state: TrashState, since 2;
    }
}

calls! { "rbd":
    /// Adds an image: `-EEXIST` unless it is the same.
    TrashAdd = "trash_add" {
        /// Its id.
        id: String,
        /// The rest.
        spec: TrashSpec,
    } -> ();
    /// Removes an image: `-ENOENT`.
    TrashRemove = "trash_remove" { /** Its id. */ id: String } -> ();
    /// Lists images by id, behind an id.
    TrashList = "trash_list" {
        /// Only ids behind this one.
        start: String,
        /// Most images.
        max: u64,
    } -> BTreeMap<String, TrashSpec>;
    /// One image: `-ENOENT`.
    TrashGet = "trash_get" { /** Its id. */ id: String } -> TrashSpec;
    /// Changes its state: `-ESTALE` if it is not the expected one.
    TrashStateSet = "trash_state_set" {
        /// Its id.
        id: String,
        /// From now on.
        state: TrashState,
        /// Before.
        expect: TrashState,
    } -> ();
}
