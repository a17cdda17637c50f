//! Groups, namespaces, metadata, advisory locks, pools as a whole.

use super::*;
use crate::cls::rbd::GroupSnapState;
use crate::errno::{Errno, Result};
use crate::rbd::{
    advisory, directory, group, metadata, namespace, no_progress, pool_admin, remove, settings,
    snapshot,
};

fn fails<T: std::fmt::Debug>(result: Result<T>, errno: Errno) {
    assert_eq!(result.unwrap_err(), errno);
}

#[test]
fn a_group_snapshots_all_of_its_images_at_once() {
    let pool = pool();
    make(&pool, "a", 8 * MIB);
    make(&pool, "b", 8 * MIB);
    block_on(group::create(&pool, "g")).unwrap();
    fails(block_on(group::create(&pool, "g")), Errno::EEXIST);
    for name in ["a", "b"] {
        block_on(group::add(&pool, "g", &pool, name)).unwrap();
        let image = open(&pool, name);
        write(&image, 0, b"before");
        close(&image);
    }
    block_on(group::create(&pool, "other")).unwrap();
    fails(block_on(group::add(&pool, "other", &pool, "a")), Errno::EEXIST);
    block_on(group::remove(&pool, "other")).unwrap();
    let a = open(&pool, "a");
    let (_, name) = block_on(group::of_image(&a)).unwrap().unwrap();
    assert_eq!(name, "g");
    close(&a);
    block_on(group::snap_create(&pool, "g", "s", snapshot::SKIP_QUIESCE)).unwrap();
    let snaps = block_on(group::snap_list(&pool, "g")).unwrap();
    assert_eq!((snaps[0].name.as_str(), snaps[0].state), ("s", GroupSnapState::Complete));
    let a = open(&pool, "a");
    let own = block_on(snapshot::list(&a)).unwrap();
    let part = block_on(snapshot::group_namespace(&a, own[0].id)).unwrap();
    assert_eq!((part.group.as_str(), part.snapshot.as_str()), ("g", "s"));
    write(&a, 0, b"after!");
    close(&a);
    block_on(group::snap_rename(&pool, "g", "s", "t")).unwrap();
    fails(block_on(group::snap_rollback(&pool, "g", "s", &no_progress())), Errno::ENOENT);
    block_on(group::snap_rollback(&pool, "g", "t", &no_progress())).unwrap();
    let a = open(&pool, "a");
    assert_eq!(read(&a, 0, 6), b"before");
    close(&a);
    fails(block_on(remove::remove(&pool, "a", &no_progress())), Errno::ENOTEMPTY);
    block_on(group::snap_remove(&pool, "g", "t")).unwrap();
    fails(block_on(remove::remove(&pool, "a", &no_progress())), Errno(libc::EMLINK));
    block_on(group::rename(&pool, "g", "h")).unwrap();
    block_on(group::remove_by_name(&pool, "h", &pool, "a")).unwrap();
    let left = block_on(group::list_images(&pool, "h")).unwrap();
    assert_eq!(left.iter().map(|image| image.name.as_str()).collect::<Vec<_>>(), ["b"]);
    block_on(group::remove(&pool, "h")).unwrap();
    assert!(block_on(group::list(&pool)).unwrap().is_empty());
    for name in ["a", "b"] {
        block_on(remove::remove(&pool, name, &no_progress())).unwrap();
    }
}

#[test]
fn namespaces_keep_images_apart() {
    let pool = pool();
    block_on(namespace::create(&pool, "n")).unwrap();
    fails(block_on(namespace::create(&pool, "n")), Errno::EEXIST);
    fails(block_on(namespace::create(&pool, "")), Errno::EINVAL);
    let inside = pool.with_namespace("n");
    make(&inside, "a", MIB);
    fails(
        block_on(create::create(&pool.with_namespace("m"), "a", 1, &mut ImageOptions::new())),
        Errno::ENOENT,
    );
    assert!(block_on(directory::list(&pool)).unwrap().is_empty());
    assert_eq!(block_on(directory::list_names(&inside)).unwrap(), ["a"]);
    fails(block_on(namespace::remove(&pool, "n")), Errno::EBUSY);
    assert!(block_on(namespace::exists(&pool, "n")).unwrap());
    block_on(remove::remove(&inside, "a", &no_progress())).unwrap();
    assert_eq!(block_on(namespace::list(&pool)).unwrap(), ["n"]);
    block_on(namespace::remove(&pool, "n")).unwrap();
    assert!(!block_on(namespace::exists(&pool, "n")).unwrap());
    assert!(!objects(&pool).iter().any(|name| name.starts_with("n/")));
}

#[test]
fn metadata_overrides_options_where_it_may() {
    let pool = pool();
    make(&pool, "a", MIB);
    let image = open(&pool, "a");
    block_on(metadata::set(&image, "key", "value")).unwrap();
    fails(block_on(metadata::set(&image, "conf_rbd_nothing", "1")), Errno::EINVAL);
    fails(block_on(metadata::set(&image, "conf_rbd_default_order", "20")), Errno::EINVAL);
    block_on(metadata::set(&image, "conf_rbd_cache", "false")).unwrap();
    let listed = block_on(metadata::list(&image, "", 0)).unwrap();
    let keys: Vec<_> = listed.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["conf_rbd_cache", "key"]);
    let config = block_on(metadata::list_config(&image)).unwrap();
    let cache = config.iter().find(|option| option.name == "rbd_cache").unwrap();
    assert_eq!((cache.value.as_str(), cache.source), ("false", crate::conf::rbd::Source::Image));
    block_on(metadata::remove(&image, "key")).unwrap();
    fails(block_on(metadata::remove(&image, "key")), Errno::ENOENT);
    fails(block_on(metadata::get(&image, "key")), Errno::ENOENT);

    block_on(settings::pool_metadata_set(&pool, "conf_rbd_default_order", "20")).unwrap();
    make(&pool, "b", MIB);
    assert_eq!(open(&pool, "b").header().layout.order(), 20);
    block_on(settings::pool_metadata_remove(&pool, "conf_rbd_default_order")).unwrap();
    assert!(block_on(settings::pool_metadata_list(&pool, "", 0)).unwrap().is_empty());
}

#[test]
fn an_advisory_lock_is_held_by_those_who_asked_for_it() {
    let pool = pool();
    let mut options = ImageOptions::new();
    options.set_number(crate::rbd::ImageOption::Features, 1).unwrap();
    block_on(create::create(&pool, "a", MIB, &mut options)).unwrap();
    let image = open(&pool, "a");
    block_on(advisory::lock(&image, false, "c1", "tag")).unwrap();
    block_on(advisory::lock(&image, false, "c2", "tag")).unwrap();
    fails(block_on(advisory::lock(&image, true, "c3", "")), Errno::EBUSY);
    let held = block_on(advisory::lockers(&image)).unwrap();
    assert_eq!((held.lockers.len(), held.exclusive, held.tag.as_str()), (2, false, "tag"));
    block_on(advisory::unlock(&image, "c1")).unwrap();
    fails(block_on(advisory::unlock(&image, "c1")), Errno::ENOENT);
    fails(block_on(advisory::break_lock(&image, "nobody", "c2")), Errno::EINVAL);
    assert_eq!(block_on(advisory::watchers(&image)).unwrap().len(), 1);
}

#[test]
fn a_pool_adds_up_its_images() {
    let pool = pool();
    block_on(pool_admin::init(&pool, false)).unwrap();
    make(&pool, "a", 8 * MIB);
    make(&pool, "b", MIB);
    let image = open(&pool, "a");
    block_on(snapshot::create(&image, "s", 0, no_progress())).unwrap();
    block_on(image.resize(2 * MIB, true, no_progress())).unwrap();
    close(&image);
    block_on(crate::rbd::trash::move_image(&pool, "b", std::time::Duration::ZERO)).unwrap();
    let (images, trash) = block_on(pool_admin::stats(&pool)).unwrap();
    assert_eq!((images.images, images.snapshots), (1, 1));
    assert_eq!((images.provisioned, images.max_provisioned), (2 * MIB, 8 * MIB));
    assert_eq!((trash.images, trash.provisioned), (1, MIB));
}
