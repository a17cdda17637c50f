//! Copies, differences, sparse images.

use super::*;
use crate::errno::Errno;
use crate::rbd::diff::{self, DiffFrom, DiffRange};
use crate::rbd::options::ImageOption;
use crate::rbd::{clone, copy, no_progress, rebuild, remove, snapshot, sparsify};

const KIB: usize = 1 << 10;

fn diff_of(image: &Arc<Image>, from: Option<&str>, whole_object: bool) -> Vec<(u64, u64, bool)> {
    let mut found = Vec::new();
    let from = from.map_or(DiffFrom::Nothing, |name| DiffFrom::Name(name.to_owned()));
    let len = image.size().unwrap();
    let range = DiffRange { offset: 0, len, include_parent: true, whole_object };
    let mut collect = |offset, len, exists| {
        found.push((offset, len, exists));
        0
    };
    block_on(diff::iterate(image, &from, range, &mut collect)).unwrap();
    found
}

fn snap(image: &Arc<Image>, name: &str) {
    block_on(snapshot::create(image, name, 0, no_progress())).unwrap();
}

/// An image with history: what is in it at `s1`, `s2` and now.
fn with_history(pool: &Pool) -> Arc<Image> {
    make(pool, "a", 40 * MIB);
    let image = open(pool, "a");
    write(&image, 0, &[1; 8 * KIB]);
    write(&image, 8 * MIB, &[2; 4 * KIB]);
    snap(&image, "s1");
    write(&image, 4 * KIB as u64, &[3; 4 * KIB]);
    block_on(image.discard_at(8 * MIB, 4 * MIB)).unwrap();
    write(&image, 39 * MIB, &[4; KIB]);
    block_on(image.resize(20 * MIB, true, no_progress())).unwrap();
    snap(&image, "s2");
    block_on(image.resize(24 * MIB, true, no_progress())).unwrap();
    write(&image, 21 * MIB, b"late");
    image
}

#[test]
fn a_diff_tells_what_was_written_and_what_became_zero() {
    let pool = pool();
    let image = with_history(&pool);
    let (k, m) = (KIB as u64, MIB);
    assert_eq!(diff_of(&image, None, false), [(0, 8 * k, true), (20 * m, m + 4, true)]);
    let since = diff_of(&image, Some("s1"), false);
    assert_eq!(since, [(4 * k, 4 * k, true), (8 * m, 4 * k, false), (20 * m, m + 4, true)]);
    let whole = [(0, 4 * m, true), (8 * m, 4 * m, false), (20 * m, 4 * m, true)];
    assert_eq!(diff_of(&image, Some("s1"), true), whole);
    assert_eq!(diff_of(&image, Some("s2"), false), [(20 * m, m + 4, true)]);
    let old = open_at(&pool, "a", "s1");
    assert_eq!(diff_of(&old, None, false), [(0, 8 * k, true), (8 * m, 4 * k, true)]);
    assert!(diff_of(&old, Some("s1"), false).is_empty());
    let range = DiffRange { offset: 0, len: 1, include_parent: false, whole_object: false };
    let newer = DiffFrom::Name("s2".to_owned());
    let error = block_on(diff::iterate(&old, &newer, range, &mut |_, _, _| 0)).unwrap_err();
    assert_eq!(error, Errno::EINVAL);
    let error = block_on(diff::iterate(&image, &DiffFrom::Nothing, range, &mut |_, _, _| -5));
    assert_eq!(error.unwrap_err(), Errno::EIO);
}

fn all(image: &Arc<Image>) -> Vec<u8> {
    read(image, 0, usize::try_from(image.size().unwrap()).unwrap())
}

#[test]
fn a_copy_has_what_is_open_and_other_objects() {
    let pool = pool();
    let image = with_history(&pool);
    let mut options = ImageOptions::new().with(ImageOption::Order, 20);
    let quiet = no_progress();
    // The stripe unit is taken over, and is larger than such an object.
    let error = block_on(copy::copy(&image, &pool, "b", &mut options, 4096, &quiet)).unwrap_err();
    assert_eq!(error, Errno::EINVAL);
    let mut options = ImageOptions::new().with(ImageOption::Order, 23);
    block_on(copy::copy(&image, &pool, "b", &mut options, 4096, &quiet)).unwrap();
    let copied = open(&pool, "b");
    assert!(all(&copied) == all(&image), "the copy differs");
    assert_eq!(copied.header().layout.stripe_unit(), 4 * MIB);
    assert!(copied.header().snapshots.is_empty());
    let old = open_at(&pool, "a", "s1");
    block_on(copy::copy(&old, &pool, "c", &mut ImageOptions::new(), 0, &quiet)).unwrap();
    assert!(all(&open(&pool, "c")) == all(&old), "the copy of the snapshot differs");
}

#[test]
fn a_deep_copy_has_the_same_history() {
    let pool = pool();
    let image = with_history(&pool);
    block_on(snapshot::protect(&image, "s1")).unwrap();
    block_on(crate::rbd::metadata::set(&image, "k", "v")).unwrap();
    for order in [22, 23] {
        let name = format!("copy{order}");
        let mut options = ImageOptions::new().with(ImageOption::Order, order);
        let quiet = no_progress();
        block_on(copy::deep_copy(&image, &pool, &name, &mut options, &quiet)).unwrap();
        let copied = open(&pool, &name);
        assert!(all(&copied) == all(&image), "the head of {name} differs");
        for snap in ["s1", "s2"] {
            let (old, new) = (open_at(&pool, "a", snap), open_at(&pool, &name, snap));
            assert!(all(&old) == all(&new), "{snap} of {name} differs");
        }
        assert!(block_on(snapshot::is_protected(&copied, "s1")).unwrap());
        assert_eq!(block_on(crate::rbd::metadata::get(&copied, "k")).unwrap(), b"v");
        if order == 22 {
            for from in [None, Some("s1"), Some("s2")] {
                assert_eq!(diff_of(&copied, from, true), diff_of(&image, from, true));
                assert_eq!(diff_of(&copied, from, false), diff_of(&image, from, false));
            }
        }
    }
}

#[test]
fn a_deep_copy_of_a_clone_stays_one_unless_flattened() {
    let pool = pool();
    make(&pool, "parent", 12 * MIB);
    let parent = open(&pool, "parent");
    write(&parent, 0, &[7; 64 * KIB]);
    write(&parent, 9 * MIB, &[8; 64 * KIB]);
    snap(&parent, "s");
    let from = clone::CloneFrom::Name("s".to_owned());
    let mut options = ImageOptions::new().with(ImageOption::CloneFormat, 2);
    block_on(clone::clone(&pool, "parent", &from, &pool, "a", &mut options)).unwrap();
    let image = open(&pool, "a");
    write(&image, 5 * MIB, &[9; KIB]);
    snap(&image, "s1");
    write(&image, 4 * KIB as u64, &[6; 4 * KIB]);
    for (name, flatten) in [("tied", 0), ("flat", 1)] {
        let mut options = ImageOptions::new().with(ImageOption::Flatten, flatten);
        if flatten == 0 {
            options = options.with(ImageOption::CloneFormat, 2);
        }
        let quiet = no_progress();
        block_on(copy::deep_copy(&image, &pool, name, &mut options, &quiet)).unwrap();
        let copied = open(&pool, name);
        assert!(all(&copied) == all(&image), "the head of {name} differs");
        let (old, new) = (open_at(&pool, "a", "s1"), open_at(&pool, name, "s1"));
        assert!(all(&old) == all(&new), "s1 of {name} differs");
        assert_eq!(copied.parent().is_some(), flatten == 0);
    }
}

#[test]
fn zeros_are_given_back_and_a_lost_object_map_is_made_anew() {
    let pool = pool();
    make(&pool, "a", 20 * MIB);
    let image = open(&pool, "a");
    write(&image, 0, &[0; 64 * KIB]);
    write(&image, 4 * MIB, &[5; 4 * KIB]);
    assert_eq!(count(&pool)["rbd_data"], 2);
    block_on(sparsify::sparsify(&image, 4096, no_progress())).unwrap();
    assert_eq!(count(&pool)["rbd_data"], 1);
    assert_eq!(diff_of(&image, None, true), [(4 * MIB, 4 * MIB, true)]);
    let bad = block_on(sparsify::sparsify(&image, 5000, no_progress())).unwrap_err();
    assert_eq!(bad, Errno::EINVAL);

    use crate::rbd::{Features, ImageFlags, feature_update};
    let map = Features::OBJECT_MAP.bits();
    block_on(feature_update::update(&image, map, false)).unwrap();
    assert_eq!(count(&pool).get("rbd_object_map"), None);
    assert!(!image.has(Features::FAST_DIFF));
    block_on(feature_update::update(&image, map, true)).unwrap();
    block_on(image.refresh()).unwrap();
    assert_eq!(image.header().flags, ImageFlags::all());
    block_on(rebuild::rebuild(&image, no_progress())).unwrap();
    assert_eq!(image.header().flags, ImageFlags::empty());
    assert_eq!(diff_of(&image, None, true), [(4 * MIB, 4 * MIB, true)]);
    let states = image.object_map_states().unwrap();
    assert_eq!(states.get(1), crate::cls::rbd::ObjectState::Exists);
    assert_eq!(states.get(0), crate::cls::rbd::ObjectState::Nonexistent);
    let lock = Features::EXCLUSIVE_LOCK.bits();
    let needed = block_on(feature_update::update(&image, lock, false)).unwrap_err();
    assert_eq!(needed, Errno::EINVAL);
    block_on(feature_update::update(&image, map, false)).unwrap();
    block_on(feature_update::update(&image, lock, false)).unwrap();
    write(&image, 0, b"without lock");
    close(&image);
    block_on(remove::remove(&pool, "a", &no_progress())).unwrap();
}

/// What 16.2.15 tells of an image whose objects came, went, grew and shrank between three
/// snapshots.
#[test]
fn diffs_are_those_of_the_original() {
    const K: u64 = 1 << 10;
    for features in [61, 1] {
        let pool = pool();
        let mut options = ImageOptions::new().with(ImageOption::Features, features);
        block_on(create::create(&pool, "a", 40 * MIB, &mut options)).unwrap();
        let image = open(&pool, "a");
        let fill = |offset, byte, len: u64| write(&image, offset, &vec![byte; len as usize]);
        let discard = |offset, len| block_on(image.discard_at(offset, len)).unwrap();
        fill(0, 1, 4 * K);
        fill(4 * MIB, 1, 4 * K);
        for object in [3, 4, 5] {
            fill(object * 4 * MIB, 1, 16 * K);
        }
        snap(&image, "s1");
        fill(0, 2, 16 * K);
        discard(4 * MIB, 4 * MIB);
        fill(8 * MIB, 2, 4 * K);
        discard(12 * MIB + 8 * K, 4 * MIB - 8 * K);
        discard(16 * MIB + 4 * K, 4 * K);
        snap(&image, "s2");
        discard(0, 4 * MIB);
        fill(4 * MIB + 64 * K, 3, 4 * K);
        discard(8 * MIB, 4 * MIB);
        snap(&image, "s3");
        fill(24 * MIB, 3, K);
        fill(16 * MIB + 64 * K, 3, K);

        let s2 = open_at(&pool, "a", "s2");
        let (old, new) = ((4 * MIB, 68 * K, true), (12 * MIB + 16 * K, 48 * K, true));
        let late = [(16 * MIB + 16 * K, 49 * K, true), (24 * MIB, K, true)];
        let mut expected =
            vec![old, (12 * MIB, 64 * K, true), (16 * MIB, 65 * K, true), (20 * MIB, 16 * K, true)];
        expected.push(late[1]);
        assert_eq!(diff_of(&image, None, false), expected);
        let s1 = [(0, 4 * K, false), old, new, late[0], late[1]];
        assert_eq!(diff_of(&image, Some("s1"), false), s1);
        let since_s2 = [(0, 16 * K, false), old, (8 * MIB, 4 * K, false), late[0], late[1]];
        assert_eq!(diff_of(&image, Some("s2"), false), since_s2);
        let to_s2 = [(0, 16 * K, true), (4 * MIB, 4 * K, false), (8 * MIB, 4 * K, true), new];
        assert_eq!(diff_of(&s2, Some("s1"), false), to_s2);

        let whole = |objects: &[(u64, bool)]| -> Vec<_> {
            objects.iter().map(|(object, exists)| (object * 4 * MIB, 4 * MIB, *exists)).collect()
        };
        let all = [(1, true), (3, true), (4, true), (5, true), (6, true)];
        assert_eq!(diff_of(&image, None, true), whole(&all));
        let since = [(0, false), (1, true), (3, true), (4, true), (6, true)];
        assert_eq!(diff_of(&image, Some("s1"), true), whole(&since));
        let since = [(0, false), (1, true), (2, false), (4, true), (6, true)];
        assert_eq!(diff_of(&image, Some("s2"), true), whole(&since));
        assert_eq!(diff_of(&image, Some("s3"), true), whole(&[(4, true), (6, true)]));
    }
}
