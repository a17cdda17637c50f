//! The class `rbd`, as an OSD of release 16.2 (with `require_osd_release` nautilus or later) runs
//! it.
//!
//! Facts: `src/cls/rbd/cls_rbd.cc`; the stored forms are checked against objects of a real cluster.

mod data;
mod directory;
mod group;
mod image;
mod keys;
mod migration;
mod mirror;
mod object_map;
mod parent;
mod snapshot;
mod trash;

use super::table::Method;

/// The methods, those of hot paths first.
pub(super) const METHODS: &[&[Method]] = &[
    data::METHODS,
    object_map::METHODS,
    image::METHODS,
    snapshot::METHODS,
    parent::METHODS,
    directory::METHODS,
    trash::METHODS,
    group::METHODS,
    mirror::METHODS,
    migration::METHODS,
];
