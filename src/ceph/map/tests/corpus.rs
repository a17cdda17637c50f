//! Maps of real clusters; `src/tests/corpus/osdmap/README.md` says which.

use crate::codec::Reader;

macro_rules! measured {
    ($($name:literal),*) => {
        &[$((
            include_bytes!(concat!("../../../tests/corpus/osdmap/", $name, ".osdmap")).as_slice(),
            include_str!(concat!("../../../tests/corpus/osdmap/", $name, ".txt")),
        )),*]
    };
}

pub(super) const EPOCH_60: &[u8] = include_bytes!("../../../tests/corpus/osdmap/epoch-60.osdmap");

/// Maps and what osdmaptool says of their placements.
pub(super) const MEASURED: &[(&[u8], &str)] =
    measured!("epoch-60", "epoch-122", "random-11", "random-35");

/// A piece of a cluster's history.
#[derive(Clone, Copy)]
pub(super) enum Record {
    /// A whole map.
    Map(&'static [u8]),
    /// What leads to the next one.
    Update(&'static [u8]),
}

/// The history, from the first map on.
pub(super) fn history() -> Vec<Record> {
    let mut reader = Reader::new(include_bytes!("../../../tests/corpus/osdmap/history.bin"));
    let mut records = Vec::new();
    while !reader.is_empty() {
        let kind = reader.u8("kind").unwrap();
        let bytes = reader.bytes("record").unwrap();
        records.push(if kind == b'f' { Record::Map(bytes) } else { Record::Update(bytes) });
    }
    records
}
