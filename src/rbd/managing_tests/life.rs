//! The life of images: made, snapshotted, cloned, flattened, renamed, removed.

use std::time::Duration;

use super::*;
use crate::errno::{Errno, Result};
use crate::rbd::options::ImageOption;
use crate::rbd::{children, clone, directory, flatten, no_progress, remove, snapshot, trash};

fn fails<T: std::fmt::Debug>(result: Result<T>, errno: Errno) {
    assert_eq!(result.unwrap_err(), errno);
}

fn names(pool: &Pool) -> Vec<String> {
    block_on(directory::list_names(pool)).unwrap()
}

#[test]
fn an_image_is_made_and_removed_without_a_trace() {
    let pool = pool();
    make(&pool, "a", 20 * MIB);
    assert_eq!(names(&pool), ["a"]);
    let kinds: Vec<_> = count(&pool).into_keys().collect();
    let made = ["rbd_directory", "rbd_header", "rbd_id", "rbd_info", "rbd_object_map"];
    assert_eq!(kinds, made);
    fails(block_on(create::create(&pool, "a", 1, &mut ImageOptions::new())), Errno::EEXIST);

    let image = open(&pool, "a");
    write(&image, 5 * MIB, b"data");
    assert_eq!(read(&image, 5 * MIB - 1, 6), b"\0data\0");
    fails(block_on(remove::remove(&pool, "a", &no_progress())), Errno::EBUSY);
    close(&image);
    block_on(remove::remove(&pool, "a", &no_progress())).unwrap();
    fails(block_on(remove::remove(&pool, "a", &no_progress())), Errno::ENOENT);
    assert!(names(&pool).is_empty());
    let left: Vec<_> = count(&pool).into_keys().collect();
    assert_eq!(left, ["rbd_directory", "rbd_info", "rbd_trash"]);
}

#[test]
fn options_that_do_not_go_together_are_refused_before_anything_is_made() {
    let pool = pool();
    let with = |option, number| ImageOptions::new().with(option, number);
    let refused = |mut options: ImageOptions, errno| {
        fails(block_on(create::create(&pool, "x", MIB, &mut options)), errno);
    };
    refused(with(ImageOption::Order, 11), Errno::EDOM);
    refused(with(ImageOption::Order, 26), Errno::EDOM);
    refused(with(ImageOption::Format, 1), Errno::EINVAL);
    refused(with(ImageOption::Flatten, 1), Errno::EINVAL);
    refused(with(ImageOption::CloneFormat, 2), Errno::EINVAL);
    refused(with(ImageOption::StripeUnit, 4096), Errno::EINVAL);
    refused(with(ImageOption::StripeUnit, 3000).with(ImageOption::StripeCount, 2), Errno::EINVAL);
    refused(with(ImageOption::Features, 1 << 40), Errno::ENOSYS);
    refused(with(ImageOption::Features, 1 | 8), Errno::EINVAL);
    refused(with(ImageOption::Features, 1 | 4 | 64), Errno::EOPNOTSUPP);
    assert!(objects(&pool).is_empty());
}

#[test]
fn a_snapshot_keeps_what_was_and_the_head_can_go_back_to_it() {
    let pool = pool();
    make(&pool, "a", 20 * MIB);
    let image = open(&pool, "a");
    write(&image, 0, b"one");
    block_on(snapshot::create(&image, "s1", 0, no_progress())).unwrap();
    fails(block_on(snapshot::create(&image, "s1", 0, no_progress())), Errno::EEXIST);
    write(&image, 0, b"two");
    write(&image, 9 * MIB, b"more");
    let old = open_at(&pool, "a", "s1");
    assert_eq!(read(&old, 0, 3), b"one");
    assert_eq!(read(&old, 9 * MIB, 4), [0; 4]);
    close(&old);

    block_on(snapshot::rename(&image, "s1", "s2")).unwrap();
    fails(block_on(snapshot::rollback(&image, "s1", &no_progress())), Errno::ENOENT);
    block_on(image.resize(8 * MIB, true, no_progress())).unwrap();
    block_on(snapshot::rollback(&image, "s2", &no_progress())).unwrap();
    assert_eq!(image.size().unwrap(), 20 * MIB);
    assert_eq!(read(&image, 0, 3), b"one");
    assert_eq!(read(&image, 9 * MIB, 4), [0; 4]);

    block_on(snapshot::protect(&image, "s2")).unwrap();
    fails(block_on(snapshot::protect(&image, "s2")), Errno::EBUSY);
    fails(block_on(snapshot::remove(&image, "s2", 0, &no_progress())), Errno::EBUSY);
    close(&image);
    fails(block_on(remove::remove(&pool, "a", &no_progress())), Errno::ENOTEMPTY);
    let image = open(&pool, "a");
    let flags = snapshot::REMOVE_UNPROTECT;
    block_on(snapshot::remove(&image, "s2", flags, &no_progress())).unwrap();
    assert!(block_on(snapshot::list(&image)).unwrap().is_empty());
    assert_eq!(count(&pool)["rbd_object_map"], 1);
    close(&image);
    block_on(remove::remove(&pool, "a", &no_progress())).unwrap();
}

fn cloned(pool: &Pool, format: u64) -> Arc<Image> {
    make(pool, "parent", 20 * MIB);
    let parent = open(pool, "parent");
    write(&parent, 0, b"from the parent");
    write(&parent, 17 * MIB, b"far");
    block_on(snapshot::create(&parent, "s", 0, no_progress())).unwrap();
    if format == 1 {
        block_on(snapshot::protect(&parent, "s")).unwrap();
    }
    write(&parent, 0, b"changed");
    let mut options = ImageOptions::new().with(ImageOption::CloneFormat, format);
    let from = clone::CloneFrom::Name("s".to_owned());
    block_on(clone::clone(pool, "parent", &from, pool, "child", &mut options)).unwrap();
    parent
}

#[test]
fn a_clone_of_the_old_kind_needs_a_protected_snapshot_and_keeps_it_so() {
    let pool = pool();
    let parent = cloned(&pool, 1);
    let child = open(&pool, "child");
    assert_eq!(read(&child, 0, 15), b"from the parent");
    let (linked, snap) = block_on(children::parent(&child)).unwrap();
    assert_eq!((linked.name.as_str(), snap.name.as_str()), ("parent", "s"));
    let clones = block_on(children::list(&parent)).unwrap();
    assert_eq!(clones.len(), 1);
    assert_eq!((clones[0].name.as_str(), clones[0].pool_name.as_str()), ("child", "rbd"));
    fails(block_on(snapshot::unprotect(&parent, "s")), Errno::EBUSY);
    assert!(block_on(snapshot::is_protected(&parent, "s")).unwrap());

    write(&child, 5, b"THE");
    block_on(flatten::flatten(&child, no_progress())).unwrap();
    fails(block_on(flatten::flatten(&child, no_progress())), Errno::EINVAL);
    fails(block_on(children::parent(&child)), Errno::ENOENT);
    assert!(block_on(children::list(&parent)).unwrap().is_empty());
    block_on(snapshot::unprotect(&parent, "s")).unwrap();
    block_on(snapshot::remove(&parent, "s", 0, &no_progress())).unwrap();
    close(&parent);
    block_on(remove::remove(&pool, "parent", &no_progress())).unwrap();
    assert_eq!(read(&child, 0, 15), b"from THE parent");
    assert_eq!(read(&child, 17 * MIB, 3), b"far");
}

#[test]
fn a_snapshot_with_clones_of_the_new_kind_waits_in_the_trash() {
    let pool = pool();
    let parent = cloned(&pool, 2);
    block_on(snapshot::remove(&parent, "s", 0, &no_progress())).unwrap();
    let snaps = block_on(snapshot::list(&parent)).unwrap();
    assert_eq!(snaps.len(), 1);
    let (name, _) = block_on(snapshot::trash_namespace(&parent, snaps[0].id)).unwrap();
    assert_eq!(name, "s");
    let child = open(&pool, "child");
    assert_eq!(read(&child, 0, 15), b"from the parent");
    close(&child);
    close(&parent);
    fails(block_on(remove::remove(&pool, "parent", &no_progress())), Errno::ENOTEMPTY);
    block_on(remove::remove(&pool, "child", &no_progress())).unwrap();
    let parent = open(&pool, "parent");
    assert!(block_on(snapshot::list(&parent)).unwrap().is_empty());
    close(&parent);
    block_on(remove::remove(&pool, "parent", &no_progress())).unwrap();
    assert_eq!(count(&pool).get("rbd_data"), None);
}

#[test]
fn an_image_comes_back_from_the_trash_under_any_free_name() {
    let pool = pool();
    make(&pool, "a", MIB);
    block_on(trash::move_image(&pool, "a", Duration::from_secs(100))).unwrap();
    fails(block_on(trash::move_image(&pool, "a", Duration::ZERO)), Errno::ENOENT);
    assert!(names(&pool).is_empty());
    let listed = block_on(trash::list(&pool)).unwrap();
    let id = &listed[0].id;
    assert_eq!(listed[0].spec.name, "a");
    fails(block_on(trash::remove_image(&pool, id, false, &no_progress())), Errno::EPERM);
    make(&pool, "a", MIB);
    fails(block_on(trash::restore(&pool, id, "")), Errno::EEXIST);
    block_on(trash::restore(&pool, id, "b")).unwrap();
    assert_eq!(names(&pool), ["a", "b"]);
    block_on(remove::rename(&pool, "b", "c")).unwrap();
    fails(block_on(remove::rename(&pool, "c", "a")), Errno::EEXIST);
    assert_eq!(names(&pool), ["a", "c"]);

    block_on(trash::move_image(&pool, "a", Duration::ZERO)).unwrap();
    block_on(trash::move_image(&pool, "c", Duration::from_secs(100))).unwrap();
    let now = trash::Purge { expire: 0, threshold: -1.0 };
    block_on(trash::purge(&pool, now, &no_progress())).unwrap();
    let left = block_on(trash::list(&pool)).unwrap();
    assert_eq!(left.iter().map(|image| image.spec.name.as_str()).collect::<Vec<_>>(), ["c"]);
}
