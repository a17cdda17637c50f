//! Types, constants and callbacks of `rbd/librbd.h`.

use libc::{c_char, c_int, c_uint, c_void, time_t};

/// Major version of the interface, as rbd_version() answers.
pub const LIBRBD_VER_MAJOR: c_int = 1;
/// Minor version of the interface.
///
/// The interface of the library whose behaviour is the measure, Ceph 16.2.15. The functions of
/// later versions are there too: ask the LIBRBD_SUPPORTS_* macros, as programs do anyway, because
/// distributions backport. A higher number here would promise the later versions' behaviour.
pub const LIBRBD_VER_MINOR: c_int = 16;
/// Third part of the interface's version.
pub const LIBRBD_VER_EXTRA: c_int = 0;

/// rbd_aio_flush() is there.
pub const LIBRBD_SUPPORTS_AIO_FLUSH: c_int = 1;
/// rbd_aio_open() is there.
pub const LIBRBD_SUPPORTS_AIO_OPEN: c_int = 1;
/// rbd_compare_and_write() is there.
pub const LIBRBD_SUPPORTS_COMPARE_AND_WRITE: c_int = 1;
/// rbd_aio_compare_and_writev() is there.
pub const LIBRBD_SUPPORTS_COMPARE_AND_WRITE_IOVEC: c_int = 1;
/// rbd_lock_acquire() and its family are there.
pub const LIBRBD_SUPPORTS_LOCKING: c_int = 1;
/// rbd_invalidate_cache() is there.
pub const LIBRBD_SUPPORTS_INVALIDATE: c_int = 1;
/// rbd_aio_readv() and rbd_aio_writev() are there.
pub const LIBRBD_SUPPORTS_IOVEC: c_int = 1;
/// Always 0.
pub const LIBRBD_SUPPORTS_WATCH: c_int = 0;
/// rbd_writesame() is there.
pub const LIBRBD_SUPPORTS_WRITESAME: c_int = 1;
/// rbd_write_zeroes() is there.
pub const LIBRBD_SUPPORTS_WRITE_ZEROES: c_int = 1;
/// rbd_encryption_load() is there.
pub const LIBRBD_SUPPORTS_ENCRYPTION: c_int = 1;
/// rbd_encryption_load2() is there.
pub const LIBRBD_SUPPORTS_ENCRYPTION_LOAD2: c_int = 1;
/// rbd_group_snap_get_info() is there.
pub const LIBRBD_SUPPORTS_GROUP_SNAP_GET_INFO: c_int = 1;
/// rbd_diff_iterate3() is there.
pub const LIBRBD_SUPPORTS_DIFF_ITERATE3: c_int = 1;

/// Flag of an image: its object map must be rebuilt.
pub const RBD_FLAG_OBJECT_MAP_INVALID: c_int = 1 << 0;
/// Flag of an image: what its object map says about changes must be rebuilt.
pub const RBD_FLAG_FAST_DIFF_INVALID: c_int = 1 << 1;

/// The mirror_uuid that stands for this cluster in a list of site statuses.
pub const RBD_MIRROR_IMAGE_STATUS_LOCAL_MIRROR_UUID: &str = "";

/// An open image: rbd_open() and its family, rbd_close(). Any thread may use it.
pub type rbd_image_t = *mut c_void;
/// Options for creating, cloning and copying images: rbd_image_options_create().
pub type rbd_image_options_t = *mut c_void;
/// A set of questions about a pool's images: rbd_pool_stats_create().
pub type rbd_pool_stats_t = *mut c_void;
/// An asynchronous operation: made by rbd_aio_create_completion(), freed by rbd_aio_release().
pub type rbd_completion_t = *mut c_void;

/// Called once when an asynchronous operation is complete, on a thread of the library.
pub type rbd_callback_t = Option<unsafe extern "C" fn(cb: rbd_completion_t, arg: *mut c_void)>;

/// Told how far a long operation is. A negative answer stops it, where it can be stopped.
pub type librbd_progress_fn_t =
    Option<unsafe extern "C" fn(offset: u64, total: u64, ptr: *mut c_void) -> c_int>;

/// Told that an image's header changed, or that it should be quiesced; on a thread of the library.
pub type rbd_update_callback_t = Option<unsafe extern "C" fn(arg: *mut c_void)>;

c_enum! {
    /// Who made a snapshot.
    pub enum rbd_snap_namespace_type_t: c_uint {
        /// A user.
        RBD_SNAP_NAMESPACE_TYPE_USER = 0,
        /// A snapshot of the image's group.
        RBD_SNAP_NAMESPACE_TYPE_GROUP = 1,
        /// It was removed but clones still need it.
        RBD_SNAP_NAMESPACE_TYPE_TRASH = 2,
        /// Mirroring.
        RBD_SNAP_NAMESPACE_TYPE_MIRROR = 3,
    }
}

/// Id and name of an image.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_image_spec_t {
    /// Its id.
    pub id: *mut c_char,
    /// Its name.
    pub name: *mut c_char,
}

/// A parent or child of an image: where it is and what it is called.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_linked_image_spec_t {
    /// Id of its pool.
    pub pool_id: i64,
    /// Name of its pool.
    pub pool_name: *mut c_char,
    /// Its namespace, empty for the default one.
    pub pool_namespace: *mut c_char,
    /// Its id.
    pub image_id: *mut c_char,
    /// Its name.
    pub image_name: *mut c_char,
    /// Whether it is in the trash.
    pub trash: bool,
}

/// A snapshot: id, kind and name.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_snap_spec_t {
    /// Its id.
    pub id: u64,
    /// Who made it.
    pub namespace_type: rbd_snap_namespace_type_t,
    /// Its name.
    pub name: *mut c_char,
}

/// One snapshot in the answer of rbd_snap_list().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_snap_info_t {
    /// Its id.
    pub id: u64,
    /// Size of the image then, in bytes.
    pub size: u64,
    /// Its name.
    pub name: *const c_char,
}

/// One clone in the answer of rbd_list_children2().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_child_info_t {
    /// Name of its pool.
    pub pool_name: *const c_char,
    /// Its name.
    pub image_name: *const c_char,
    /// Its id.
    pub image_id: *const c_char,
    /// Whether it is in the trash.
    pub trash: bool,
}

/// Room for an image's name with its closing zero, in old calls.
pub const RBD_MAX_IMAGE_NAME_SIZE: c_int = 96;
/// Room for the prefix of an image's data objects with its closing zero, in old calls.
pub const RBD_MAX_BLOCK_NAME_SIZE: c_int = 24;

/// rbd_snap_create2(): do not ask the image's users to be quiet.
pub const RBD_SNAP_CREATE_SKIP_QUIESCE: c_int = 1 << 0;
/// rbd_snap_create2(): go on where a user of the image could not be quiet.
pub const RBD_SNAP_CREATE_IGNORE_QUIESCE_ERROR: c_int = 1 << 1;

/// rbd_snap_remove2(): unprotect the snapshot first.
pub const RBD_SNAP_REMOVE_UNPROTECT: c_int = 1 << 0;
/// rbd_snap_remove2(): flatten its clones first.
pub const RBD_SNAP_REMOVE_FLATTEN: c_int = 1 << 1;
/// rbd_snap_remove2(): both.
pub const RBD_SNAP_REMOVE_FORCE: c_int = RBD_SNAP_REMOVE_UNPROTECT | RBD_SNAP_REMOVE_FLATTEN;

c_enum! {
    /// What kind of descriptor rbd_set_image_notification() was given.
    pub enum _: c_int {
        /// A pipe: one byte is written to it.
        EVENT_TYPE_PIPE = 1,
        /// An eventfd: 1 is added to it.
        EVENT_TYPE_EVENTFD = 2,
    }
}

/// An image in the answer of rbd_stat().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_image_info_t {
    /// Bytes of the image.
    pub size: u64,
    /// Bytes of one object.
    pub obj_size: u64,
    /// Objects of a full image.
    pub num_objs: u64,
    /// Logarithm to base 2 of obj_size.
    pub order: c_int,
    /// Prefix of the data objects' names. Deprecated: rbd_get_block_name_prefix() has room for all.
    pub block_name_prefix: [c_char; 24],
    /// Deprecated, always -1: rbd_get_parent().
    pub parent_pool: i64,
    /// Deprecated, always empty: rbd_get_parent().
    pub parent_name: [c_char; 96],
}

c_enum! {
    /// Whether the images of a pool are mirrored.
    pub enum rbd_mirror_mode_t: c_uint {
        /// No.
        RBD_MIRROR_MODE_DISABLED = 0,
        /// Those for which it is turned on.
        RBD_MIRROR_MODE_IMAGE = 1,
        /// All those that have a journal.
        RBD_MIRROR_MODE_POOL = 2,
        /// Prepared but turned off.
        RBD_MIRROR_MODE_INIT_ONLY = 3,
    }
}

c_enum! {
    /// Which way a peer mirrors.
    pub enum rbd_mirror_peer_direction_t: c_uint {
        /// From the peer to here.
        RBD_MIRROR_PEER_DIRECTION_RX = 0,
        /// From here to the peer.
        RBD_MIRROR_PEER_DIRECTION_TX = 1,
        /// Both.
        RBD_MIRROR_PEER_DIRECTION_RX_TX = 2,
    }
}

/// A mirroring peer, as rbd_mirror_peer_list() knows it.
#[repr(C)]
#[derive(Clone, Copy)]
#[deprecated]
pub struct rbd_mirror_peer_t {
    /// Its id.
    pub uuid: *mut c_char,
    /// Name of its cluster.
    pub cluster_name: *mut c_char,
    /// The user that mirroring connects as.
    pub client_name: *mut c_char,
}

/// A mirroring peer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_mirror_peer_site_t {
    /// Its id.
    pub uuid: *mut c_char,
    /// Which way it mirrors.
    pub direction: rbd_mirror_peer_direction_t,
    /// Name of its site.
    pub site_name: *mut c_char,
    /// Id of its mirroring daemon.
    pub mirror_uuid: *mut c_char,
    /// The user that mirroring connects as.
    pub client_name: *mut c_char,
    /// When it was last heard of, in seconds since 1970.
    pub last_seen: time_t,
}

/// Attribute of a mirroring peer: addresses of its monitors.
pub const RBD_MIRROR_PEER_ATTRIBUTE_NAME_MON_HOST: &str = "mon_host";
/// Attribute of a mirroring peer: the user's key.
pub const RBD_MIRROR_PEER_ATTRIBUTE_NAME_KEY: &str = "key";

c_enum! {
    /// How an image is mirrored.
    pub enum rbd_mirror_image_mode_t: c_uint {
        /// Through its journal.
        RBD_MIRROR_IMAGE_MODE_JOURNAL = 0,
        /// By snapshots.
        RBD_MIRROR_IMAGE_MODE_SNAPSHOT = 1,
    }
}

c_enum! {
    /// Whether an image is mirrored.
    pub enum rbd_mirror_image_state_t: c_uint {
        /// It is being turned off.
        RBD_MIRROR_IMAGE_DISABLING = 0,
        /// Yes.
        RBD_MIRROR_IMAGE_ENABLED = 1,
        /// No.
        RBD_MIRROR_IMAGE_DISABLED = 2,
        /// It is being set up.
        RBD_MIRROR_IMAGE_CREATING = 3,
    }
}

/// An image's part in mirroring.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_mirror_image_info_t {
    /// The id it has on all sites.
    pub global_id: *mut c_char,
    /// Whether it is mirrored.
    pub state: rbd_mirror_image_state_t,
    /// Whether it is the original.
    pub primary: bool,
}

c_enum! {
    /// What mirroring is doing with an image.
    pub enum rbd_mirror_image_status_state_t: c_uint {
        /// Not known.
        MIRROR_IMAGE_STATUS_STATE_UNKNOWN = 0,
        /// It failed.
        MIRROR_IMAGE_STATUS_STATE_ERROR = 1,
        /// Copying the whole image.
        MIRROR_IMAGE_STATUS_STATE_SYNCING = 2,
        /// Starting to follow.
        MIRROR_IMAGE_STATUS_STATE_STARTING_REPLAY = 3,
        /// Following.
        MIRROR_IMAGE_STATUS_STATE_REPLAYING = 4,
        /// Stopping to follow.
        MIRROR_IMAGE_STATUS_STATE_STOPPING_REPLAY = 5,
        /// Stopped.
        MIRROR_IMAGE_STATUS_STATE_STOPPED = 6,
    }
}

/// What mirroring is doing with an image, seen from one site.
#[repr(C)]
#[derive(Clone, Copy)]
#[deprecated]
pub struct rbd_mirror_image_status_t {
    /// Name of the image.
    pub name: *mut c_char,
    /// Its part in mirroring.
    pub info: rbd_mirror_image_info_t,
    /// What is being done.
    pub state: rbd_mirror_image_status_state_t,
    /// The same in words.
    pub description: *mut c_char,
    /// When this was reported, in seconds since 1970.
    pub last_update: time_t,
    /// Whether the reporting daemon is alive.
    pub up: bool,
}

/// What one site is doing with a mirrored image.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_mirror_image_site_status_t {
    /// The site; RBD_MIRROR_IMAGE_STATUS_LOCAL_MIRROR_UUID for this one.
    pub mirror_uuid: *mut c_char,
    /// What is being done.
    pub state: rbd_mirror_image_status_state_t,
    /// The same in words.
    pub description: *mut c_char,
    /// When this was reported, in seconds since 1970.
    pub last_update: time_t,
    /// Whether the reporting daemon is alive.
    pub up: bool,
}

/// What all sites are doing with a mirrored image.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_mirror_image_global_status_t {
    /// Name of the image.
    pub name: *mut c_char,
    /// Its part in mirroring.
    pub info: rbd_mirror_image_info_t,
    /// Elements of site_statuses.
    pub site_statuses_count: u32,
    /// One for each site.
    pub site_statuses: *mut rbd_mirror_image_site_status_t,
}

c_enum! {
    /// Whether an image is in its group for good.
    pub enum rbd_group_image_state_t: c_uint {
        /// Yes.
        RBD_GROUP_IMAGE_STATE_ATTACHED = 0,
        /// It is being added or removed.
        RBD_GROUP_IMAGE_STATE_INCOMPLETE = 1,
    }
}

/// An image of a group.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_group_image_info_t {
    /// Its name.
    pub name: *mut c_char,
    /// Id of its pool.
    pub pool: i64,
    /// Whether it is in for good.
    pub state: rbd_group_image_state_t,
}

/// A group of images.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_group_info_t {
    /// Its name.
    pub name: *mut c_char,
    /// Id of its pool.
    pub pool: i64,
}

c_enum! {
    /// Whether a group's snapshot is finished.
    pub enum rbd_group_snap_state_t: c_uint {
        /// Some image's snapshot is missing.
        RBD_GROUP_SNAP_STATE_INCOMPLETE = 0,
        /// Yes.
        RBD_GROUP_SNAP_STATE_COMPLETE = 1,
    }
}

c_enum! {
    /// Who made a group's snapshot.
    pub enum rbd_group_snap_namespace_type_t: c_uint {
        /// A user.
        RBD_GROUP_SNAP_NAMESPACE_TYPE_USER = 0,
    }
}

/// A snapshot of a group, as rbd_group_snap_list() knows it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_group_snap_info_t {
    /// Its name.
    pub name: *mut c_char,
    /// Whether it is finished.
    pub state: rbd_group_snap_state_t,
}

/// One image's snapshot within a snapshot of its group.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_group_image_snap_info_t {
    /// Name of the image.
    pub image_name: *mut c_char,
    /// Id of the image's pool.
    pub pool_id: i64,
    /// Id of the image's snapshot.
    pub snap_id: u64,
}

/// A snapshot of a group, as rbd_group_snap_list2() knows it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_group_snap_info2_t {
    /// Its id.
    pub id: *mut c_char,
    /// Its name.
    pub name: *mut c_char,
    /// Name of the images' snapshots.
    pub image_snap_name: *mut c_char,
    /// Whether it is finished.
    pub state: rbd_group_snap_state_t,
    /// Who made it.
    pub namespace_type: rbd_group_snap_namespace_type_t,
    /// Elements of image_snaps.
    pub image_snaps_count: usize,
    /// One for each image.
    pub image_snaps: *mut rbd_group_image_snap_info_t,
}

/// Where a snapshot made for a group comes from.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_snap_group_namespace_t {
    /// Id of the group's pool.
    pub group_pool: i64,
    /// Name of the group.
    pub group_name: *mut c_char,
    /// Name of the group's snapshot.
    pub group_snap_name: *mut c_char,
}

/// What a removed snapshot that clones still need was before.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_snap_trash_namespace_t {
    /// Who had made it.
    pub original_namespace_type: rbd_snap_namespace_type_t,
    /// Its name then.
    pub original_name: *mut c_char,
}

c_enum! {
    /// What a snapshot made for mirroring is.
    pub enum rbd_snap_mirror_state_t: c_uint {
        /// Made on the original.
        RBD_SNAP_MIRROR_STATE_PRIMARY = 0,
        /// Made when the original became a copy.
        RBD_SNAP_MIRROR_STATE_PRIMARY_DEMOTED = 1,
        /// Made on a copy.
        RBD_SNAP_MIRROR_STATE_NON_PRIMARY = 2,
        /// Copied from one made when the original became a copy.
        RBD_SNAP_MIRROR_STATE_NON_PRIMARY_DEMOTED = 3,
    }
}

/// Where a snapshot made for mirroring comes from and how far it is copied.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_snap_mirror_namespace_t {
    /// What it is.
    pub state: rbd_snap_mirror_state_t,
    /// Strings in mirror_peer_uuids.
    pub mirror_peer_uuids_count: usize,
    /// Peers that still need it: strings one after the other, each ended by a zero byte.
    pub mirror_peer_uuids: *mut c_char,
    /// Whether it is copied to its end.
    pub complete: bool,
    /// The site of the original.
    pub primary_mirror_uuid: *mut c_char,
    /// Its snapshot id on the original.
    pub primary_snap_id: u64,
    /// How far the copy is, in objects.
    pub last_copied_object_number: u64,
}

c_enum! {
    /// Ways to own an image: rbd_lock_acquire().
    pub enum rbd_lock_mode_t: c_uint {
        /// Alone, until released.
        RBD_LOCK_MODE_EXCLUSIVE = 0,
        /// With others. Not supported by Ceph either.
        RBD_LOCK_MODE_SHARED = 1,
        /// Alone for a short time: others wait instead of failing.
        RBD_LOCK_MODE_EXCLUSIVE_TRANSIENT = 2,
    }
}

c_enum! {
    /// Options of rbd_image_options_set_string() and rbd_image_options_set_uint64().
    pub enum _: c_int {
        /// Number: format of the image, 2.
        RBD_IMAGE_OPTION_FORMAT = 0,
        /// Number: RBD_FEATURE_*, instead of the defaults.
        RBD_IMAGE_OPTION_FEATURES = 1,
        /// Number: logarithm to base 2 of the object size.
        RBD_IMAGE_OPTION_ORDER = 2,
        /// Number: bytes of a stripe unit.
        RBD_IMAGE_OPTION_STRIPE_UNIT = 3,
        /// Number: objects striped over.
        RBD_IMAGE_OPTION_STRIPE_COUNT = 4,
        /// Number: logarithm to base 2 of the size of the journal's objects.
        RBD_IMAGE_OPTION_JOURNAL_ORDER = 5,
        /// Number: journal objects written at a time.
        RBD_IMAGE_OPTION_JOURNAL_SPLAY_WIDTH = 6,
        /// String: pool of the journal.
        RBD_IMAGE_OPTION_JOURNAL_POOL = 7,
        /// Number: RBD_FEATURE_* to add to the defaults.
        RBD_IMAGE_OPTION_FEATURES_SET = 8,
        /// Number: RBD_FEATURE_* to take from the defaults.
        RBD_IMAGE_OPTION_FEATURES_CLEAR = 9,
        /// String: pool of the data.
        RBD_IMAGE_OPTION_DATA_POOL = 10,
        /// Number: not 0 to make a copy independent of the parent.
        RBD_IMAGE_OPTION_FLATTEN = 11,
        /// Number: 1 or 2.
        RBD_IMAGE_OPTION_CLONE_FORMAT = 12,
        /// Number: rbd_mirror_image_mode_t.
        RBD_IMAGE_OPTION_MIRROR_IMAGE_MODE = 13,
    }
}

c_enum! {
    /// Who moved an image to the trash.
    pub enum rbd_trash_image_source_t: c_uint {
        /// A user.
        RBD_TRASH_IMAGE_SOURCE_USER = 0,
        /// Mirroring.
        RBD_TRASH_IMAGE_SOURCE_MIRRORING = 1,
        /// A migration.
        RBD_TRASH_IMAGE_SOURCE_MIGRATION = 2,
        /// A removal on its way.
        RBD_TRASH_IMAGE_SOURCE_REMOVING = 3,
        /// A user, of an image that clones still need.
        RBD_TRASH_IMAGE_SOURCE_USER_PARENT = 4,
    }
}

/// An image in the trash.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_trash_image_info_t {
    /// Its id, which is what it is restored and removed by.
    pub id: *mut c_char,
    /// Its name before.
    pub name: *mut c_char,
    /// Who moved it.
    pub source: rbd_trash_image_source_t,
    /// When it was moved, in seconds since 1970.
    pub deletion_time: time_t,
    /// Until when it cannot be removed without force, in seconds since 1970.
    pub deferment_end_time: time_t,
}

/// A client that has an image open.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_image_watcher_t {
    /// Its address.
    pub addr: *mut c_char,
    /// Its global id.
    pub id: i64,
    /// Cookie of its watch.
    pub cookie: u64,
}

c_enum! {
    /// How far a live migration is.
    pub enum rbd_image_migration_state_t: c_int {
        /// Not known.
        RBD_IMAGE_MIGRATION_STATE_UNKNOWN = -1,
        /// It failed.
        RBD_IMAGE_MIGRATION_STATE_ERROR = 0,
        /// Being prepared.
        RBD_IMAGE_MIGRATION_STATE_PREPARING = 1,
        /// Prepared.
        RBD_IMAGE_MIGRATION_STATE_PREPARED = 2,
        /// Copying.
        RBD_IMAGE_MIGRATION_STATE_EXECUTING = 3,
        /// Copied, not yet committed.
        RBD_IMAGE_MIGRATION_STATE_EXECUTED = 4,
        /// Being undone.
        RBD_IMAGE_MIGRATION_STATE_ABORTING = 5,
    }
}

/// A live migration.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_image_migration_status_t {
    /// Id of the source's pool.
    pub source_pool_id: i64,
    /// Namespace of the source.
    pub source_pool_namespace: *mut c_char,
    /// Name of the source.
    pub source_image_name: *mut c_char,
    /// Id of the source.
    pub source_image_id: *mut c_char,
    /// Id of the target's pool.
    pub dest_pool_id: i64,
    /// Namespace of the target.
    pub dest_pool_namespace: *mut c_char,
    /// Name of the target.
    pub dest_image_name: *mut c_char,
    /// Id of the target.
    pub dest_image_id: *mut c_char,
    /// How far it is.
    pub state: rbd_image_migration_state_t,
    /// The same in words.
    pub state_description: *mut c_char,
}

c_enum! {
    /// Where an image's setting comes from.
    pub enum rbd_config_source_t: c_uint {
        /// ceph.conf, the program, or the default.
        RBD_CONFIG_SOURCE_CONFIG = 0,
        /// The pool.
        RBD_CONFIG_SOURCE_POOL = 1,
        /// The image.
        RBD_CONFIG_SOURCE_IMAGE = 2,
    }
}

/// A setting of an image or pool.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_config_option_t {
    /// Its name.
    pub name: *mut c_char,
    /// Its value as text.
    pub value: *mut c_char,
    /// Where the value comes from.
    pub source: rbd_config_source_t,
}

c_enum! {
    /// Questions of rbd_pool_stats_option_add_uint64(). Each answer is an uint64_t.
    pub enum rbd_pool_stat_option_t: c_uint {
        /// Images.
        RBD_POOL_STAT_OPTION_IMAGES = 0,
        /// Sum of their sizes, in bytes.
        RBD_POOL_STAT_OPTION_IMAGE_PROVISIONED_BYTES = 1,
        /// Sum of the largest sizes among each image and its snapshots.
        RBD_POOL_STAT_OPTION_IMAGE_MAX_PROVISIONED_BYTES = 2,
        /// Snapshots of images.
        RBD_POOL_STAT_OPTION_IMAGE_SNAPSHOTS = 3,
        /// Images in the trash.
        RBD_POOL_STAT_OPTION_TRASH_IMAGES = 4,
        /// Sum of their sizes, in bytes.
        RBD_POOL_STAT_OPTION_TRASH_PROVISIONED_BYTES = 5,
        /// Sum of the largest sizes among each of them and its snapshots.
        RBD_POOL_STAT_OPTION_TRASH_MAX_PROVISIONED_BYTES = 6,
        /// Snapshots of images in the trash.
        RBD_POOL_STAT_OPTION_TRASH_SNAPSHOTS = 7,
    }
}

c_enum! {
    /// Flags of rbd_write_zeroes() and rbd_aio_write_zeroes().
    pub enum _: c_int {
        /// Keep the space allocated.
        RBD_WRITE_ZEROES_FLAG_THICK_PROVISION = 1 << 0,
    }
}

c_enum! {
    /// Flags of rbd_diff_iterate3().
    pub enum _: c_int {
        /// Data of the parent counts too.
        RBD_DIFF_ITERATE_FLAG_INCLUDE_PARENT = 1 << 0,
        /// Report whole objects instead of exact extents.
        RBD_DIFF_ITERATE_FLAG_WHOLE_OBJECT = 1 << 1,
    }
}

c_enum! {
    /// Formats of encryption.
    pub enum rbd_encryption_format_t: c_uint {
        /// LUKS, first version.
        RBD_ENCRYPTION_FORMAT_LUKS1 = 0,
        /// LUKS, second version.
        RBD_ENCRYPTION_FORMAT_LUKS2 = 1,
        /// Whichever of the two the image has: for loading only.
        RBD_ENCRYPTION_FORMAT_LUKS = 2,
    }
}

c_enum! {
    /// Ciphers.
    pub enum rbd_encryption_algorithm_t: c_uint {
        /// AES in XTS mode, keys of 128 bits.
        RBD_ENCRYPTION_ALGORITHM_AES128 = 0,
        /// AES in XTS mode, keys of 256 bits.
        RBD_ENCRYPTION_ALGORITHM_AES256 = 1,
    }
}

/// One of the rbd_encryption_*_format_options_t, whichever fits the format given beside it.
pub type rbd_encryption_options_t = *mut c_void;

/// How to open one image of a chain of clones: rbd_encryption_load2().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_encryption_spec_t {
    /// Its format.
    pub format: rbd_encryption_format_t,
    /// Options of that format.
    pub opts: rbd_encryption_options_t,
    /// Bytes of them.
    pub opts_size: usize,
}

/// Options of RBD_ENCRYPTION_FORMAT_LUKS1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_encryption_luks1_format_options_t {
    /// The cipher, where the image is being formatted.
    pub alg: rbd_encryption_algorithm_t,
    /// The passphrase, which may contain zero bytes.
    pub passphrase: *const c_char,
    /// Bytes of it.
    pub passphrase_size: usize,
}

/// Options of RBD_ENCRYPTION_FORMAT_LUKS2.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_encryption_luks2_format_options_t {
    /// The cipher, where the image is being formatted.
    pub alg: rbd_encryption_algorithm_t,
    /// The passphrase, which may contain zero bytes.
    pub passphrase: *const c_char,
    /// Bytes of it.
    pub passphrase_size: usize,
}

/// Options of RBD_ENCRYPTION_FORMAT_LUKS.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rbd_encryption_luks_format_options_t {
    /// The passphrase, which may contain zero bytes.
    pub passphrase: *const c_char,
    /// Bytes of it.
    pub passphrase_size: usize,
}
