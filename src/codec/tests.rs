use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Reader, Writer};
use crate::errno::Errno;

#[test]
fn a_newer_struct_is_read_by_an_older_reader_and_skipped_to_its_end() {
    let mut writer = Writer::new();
    writer.versioned(3, 1, |w| {
        w.u32(7).bytes("name").u64(99);
    });
    writer.u8(42);
    let bytes = writer.into_bytes();
    let mut reader = Reader::new(&bytes);
    let (version, mut fields) = reader.versioned(2, "thing").unwrap();
    assert_eq!((version, fields.u32("a").unwrap()), (3, 7));
    assert_eq!(fields.string("b").unwrap(), "name");
    assert_eq!(reader.u8("after").unwrap(), 42);
    reader.finish("end").unwrap();
}

#[test]
fn a_struct_for_newer_readers_only_is_refused() {
    let mut writer = Writer::new();
    writer.versioned(9, 8, |_| {});
    let error = Reader::new(&writer.into_bytes()).versioned(7, "thing").unwrap_err();
    assert_eq!(error, Errno::EBADMSG);
}

#[test]
fn a_count_beyond_the_bytes_left_is_refused_before_allocation() {
    let mut writer = Writer::new();
    writer.u32(u32::MAX).u64(1);
    let bytes = writer.into_bytes();
    assert_eq!(Reader::new(&bytes).list::<u64>("list").unwrap_err(), Errno::EBADMSG);
    assert_eq!(Reader::new(&bytes).bytes("bytes").unwrap_err(), Errno::EBADMSG);
}

proptest! {
    #[test]
    fn maps_and_options_come_back(map: BTreeMap<String, u64>, some: Option<i32>) {
        let mut writer = Writer::new();
        writer.map(&map).option(some.as_ref());
        let bytes = writer.into_bytes();
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(reader.map::<String, u64>("map").unwrap(), map);
        prop_assert_eq!(reader.option::<i32>("some").unwrap(), some);
        prop_assert!(reader.is_empty());
    }
}
