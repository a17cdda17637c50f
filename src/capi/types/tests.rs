//! Layouts: sizes and offsets as a C compiler gives them to the original's headers on x86-64,
//! measured with a C program against Ceph 16.2.15 and 20.2.4. All 64-bit Linux targets agree.

use super::*;
use std::mem::{align_of, offset_of, size_of};

/// Checks the size of a struct and the offset of each of its fields.
macro_rules! layout {
    ($($name:ident $size:literal { $($field:ident $offset:literal),* })*) => {
        $(
            assert_eq!(size_of::<$name>(), $size, stringify!($name));
            assert_eq!(align_of::<$name>(), 8, stringify!($name));
            $(assert_eq!(
                offset_of!($name, $field), $offset, "{}.{}", stringify!($name), stringify!($field)
            );)*
        )*
    };
}

#[test]
fn structs_are_laid_out_as_in_c() {
    layout! {
        obj_watch_t 280 { addr 0, watcher_id 256, cookie 264, timeout_seconds 272 }
        notify_ack_t 32 { notifier_id 0, cookie 8, payload 16, payload_len 24 }
        notify_timeout_t 16 { notifier_id 0, cookie 8 }
        rados_object_list_item 48 { oid_length 0, oid 8, nspace_length 16, nspace 24,
            locator_length 32, locator 40 }
        rados_pool_stat_t 128 { num_bytes 0, num_kb 8, num_objects 16, num_object_clones 24,
            num_object_copies 32, num_objects_missing_on_primary 40, num_objects_unfound 48,
            num_objects_degraded 56, num_rd 64, num_rd_kb 72, num_wr 80, num_wr_kb 88,
            num_user_bytes 96, compressed_bytes_orig 104, compressed_bytes 112,
            compressed_bytes_alloc 120 }
        rados_cluster_stat_t 32 { kb 0, kb_used 8, kb_avail 16, num_objects 24 }
        rbd_image_spec_t 16 { id 0, name 8 }
        rbd_linked_image_spec_t 48 { pool_id 0, pool_name 8, pool_namespace 16, image_id 24,
            image_name 32, trash 40 }
        rbd_snap_spec_t 24 { id 0, namespace_type 8, name 16 }
        rbd_snap_info_t 24 { id 0, size 8, name 16 }
        rbd_child_info_t 32 { pool_name 0, image_name 8, image_id 16, trash 24 }
        rbd_image_info_t 160 { size 0, obj_size 8, num_objs 16, order 24, block_name_prefix 28,
            parent_pool 56, parent_name 64 }
        rbd_mirror_peer_t 24 { uuid 0, cluster_name 8, client_name 16 }
        rbd_mirror_peer_site_t 48 { uuid 0, direction 8, site_name 16, mirror_uuid 24,
            client_name 32, last_seen 40 }
        rbd_mirror_image_info_t 16 { global_id 0, state 8, primary 12 }
        rbd_mirror_image_status_t 56 { name 0, info 8, state 24, description 32, last_update 40,
            up 48 }
        rbd_mirror_image_site_status_t 40 { mirror_uuid 0, state 8, description 16,
            last_update 24, up 32 }
        rbd_mirror_image_global_status_t 40 { name 0, info 8, site_statuses_count 24,
            site_statuses 32 }
        rbd_group_image_info_t 24 { name 0, pool 8, state 16 }
        rbd_group_info_t 16 { name 0, pool 8 }
        rbd_group_snap_info_t 16 { name 0, state 8 }
        rbd_snap_group_namespace_t 24 { group_pool 0, group_name 8, group_snap_name 16 }
        rbd_snap_mirror_namespace_t 56 { state 0, mirror_peer_uuids_count 8,
            mirror_peer_uuids 16, complete 24, primary_mirror_uuid 32, primary_snap_id 40,
            last_copied_object_number 48 }
        rbd_trash_image_info_t 40 { id 0, name 8, source 16, deletion_time 24,
            deferment_end_time 32 }
        rbd_image_watcher_t 24 { addr 0, id 8, cookie 16 }
        rbd_image_migration_status_t 80 { source_pool_id 0, source_pool_namespace 8,
            source_image_name 16, source_image_id 24, dest_pool_id 32, dest_pool_namespace 40,
            dest_image_name 48, dest_image_id 56, state 64, state_description 72 }
        rbd_config_option_t 24 { name 0, value 8, source 16 }
        rbd_encryption_luks1_format_options_t 24 { alg 0, passphrase 8, passphrase_size 16 }
        rbd_encryption_luks2_format_options_t 24 { alg 0, passphrase 8, passphrase_size 16 }
        rbd_encryption_spec_t 24 { format 0, opts 8, opts_size 16 }
        rbd_encryption_luks_format_options_t 16 { passphrase 0, passphrase_size 8 }
        rbd_group_image_snap_info_t 24 { image_name 0, pool_id 8, snap_id 16 }
        rbd_group_snap_info2_t 48 { id 0, name 8, image_snap_name 16, state 24,
            namespace_type 28, image_snaps_count 32, image_snaps 40 }
        rbd_snap_trash_namespace_t 16 { original_namespace_type 0, original_name 8 }
    }
}

#[test]
fn constants_have_the_values_of_ceph() {
    let values: &[(u64, u64)] = &[
        (RBD_FEATURES_DEFAULT, 0x3d),
        (RBD_FEATURES_INCOMPATIBLE, 0x883),
        (RBD_FEATURES_RW_INCOMPATIBLE, 0xfff),
        (RBD_FEATURES_ALL, 0xfff),
        (RBD_FEATURES_MUTABLE, 0xc5c),
        (RBD_FEATURES_MUTABLE_INTERNAL, 0xc00),
        (RBD_FEATURES_DISABLE_ONLY, 0x20),
        (RBD_FEATURES_SINGLE_CLIENT, 0x85c),
        (RBD_FEATURES_IMPLICIT_ENABLE, 0xf92),
        (RBD_FEATURES_INTERNAL, 0x300),
        (RBD_OPERATION_FEATURES_ALL, 15),
        (LIBRADOS_SNAP_HEAD, 0xffff_ffff_ffff_fffe),
    ];
    for (ours, ceph) in values {
        assert_eq!(ours, ceph);
    }
    assert_eq!(RBD_IMAGE_MIGRATION_STATE_UNKNOWN, -1);
    assert_eq!(LIBRADOS_ALL_NSPACES.as_bytes(), [1]);
}
