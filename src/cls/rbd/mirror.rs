//! Calls on `rbd_mirroring`: which images of a pool are mirrored, and with whom.

use std::collections::BTreeMap;

use super::super::UTime;

byte_enum! {
    /// What of a pool is mirrored.
    MirrorMode: u32 {
        /// Nothing.
        Disabled = 0,
        /// Images for which it is enabled.
        Image = 1,
        /// All journaled images.
        Pool = 2,
    }

    /// How an image is mirrored.
    MirrorImageMode: u8 {
        /// By its journal.
        Journal = 0,
        /// By snapshots.
        Snapshot = 1,
    }

    /// Whether an image is mirrored.
    MirrorImageState: u8 {
        /// Not any more, soon.
        Disabling = 0,
        /// It is.
        Enabled = 1,
        /// It is not.
        Disabled = 2,
        /// It is being copied for the first time.
        Creating = 3,
    }

    /// Which way a peer mirrors.
    MirrorDirection: u8 {
        /// From it.
        Receive = 0,
        /// To it.
        Send = 1,
        /// Both.
        Both = 2,
    }
}

versioned! {
    /// A mirrored image.
    MirrorImage (2, 1) {
        /// Its id in all clusters.
        global_id: String;
        /// Whether it is mirrored.
        state: MirrorImageState;
        /// How.
        mode: MirrorImageMode, since 2;
    }

    /// Another cluster.
    MirrorPeer (2, 1) {
        /// Its id here.
        uuid: String;
        /// Its name.
        site_name: String;
        /// The user to be there.
        client_name: String;
        /// Not used any more; -1.
        pool_id: i64;
        /// Which way.
        direction: MirrorDirection, since 2;
        /// Its own id.
        mirror_uuid: String, since 2;
        /// When it was last seen.
        last_seen: UTime, since 2;
    }
}

calls! { "rbd":
    /// This pool's id for mirroring: `-ENOENT`.
    MirrorUuidGet = "mirror_uuid_get" {} -> String;
    /// Sets it: `-EINVAL` while mirroring is enabled.
    MirrorUuidSet = "mirror_uuid_set" { /** The id. */ uuid: String } -> ();
    /// What of the pool is mirrored: `-ENOENT`.
    MirrorModeGet = "mirror_mode_get" {} -> MirrorMode;
    /// Sets it.
    MirrorModeSet = "mirror_mode_set" { /** What. */ mode: MirrorMode } -> ();
    /// The peers.
    MirrorPeerList = "mirror_peer_list" {} -> Vec<MirrorPeer>;
    /// Adds a peer: `-EINVAL` while mirroring is disabled or for an incomplete one, `-ESTALE`,
    /// `-EEXIST`.
    MirrorPeerAdd = "mirror_peer_add" { /** The peer. */ peer: MirrorPeer } -> ();
    /// Removes a peer.
    MirrorPeerRemove = "mirror_peer_remove" { /** Its id here. */ uuid: String } -> ();
    /// Sets the user to be at a peer: `-ENOENT`.
    MirrorPeerSetClient = "mirror_peer_set_client" {
        /// The peer's id here.
        uuid: String,
        /// The user.
        client_name: String,
    } -> ();
    /// Renames a peer: `-ENOENT`, `-EEXIST`.
    MirrorPeerSetCluster = "mirror_peer_set_cluster" {
        /// The peer's id here.
        uuid: String,
        /// Its name from now on.
        site_name: String,
    } -> ();
    /// Sets which way a peer mirrors: `-ENOENT`.
    MirrorPeerSetDirection = "mirror_peer_set_direction" {
        /// The peer's id here.
        uuid: String,
        /// Which way.
        direction: MirrorDirection,
    } -> ();
    /// Global ids of mirrored images by image id, behind an id.
    MirrorImageList = "mirror_image_list" {
        /// Only ids behind this one.
        start: String,
        /// Most images.
        max: u64,
    } -> BTreeMap<String, String>;
    /// The image with a global id: `-ENOENT`.
    MirrorImageGetImageId = "mirror_image_get_image_id" {
        /** The global id. */ global_id: String
    } -> String;
    /// A mirrored image: `-ENOENT`.
    MirrorImageGet = "mirror_image_get" { /** The image's id. */ image_id: String } -> MirrorImage;
    /// Adds or changes a mirrored image.
    MirrorImageSet = "mirror_image_set" {
        /// The image's id.
        image_id: String,
        /// The rest.
        image: MirrorImage,
    } -> ();
    /// Removes a mirrored image: `-EBUSY` unless it is being disabled.
    MirrorImageRemove = "mirror_image_remove" { /** The image's id. */ image_id: String } -> ();
}
