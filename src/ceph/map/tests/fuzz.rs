//! Maps with wrong bytes: refused or read, but never a panic, an endless search or memory beyond
//! what the bytes are worth.

use super::corpus::{Record, history};
use super::random::Dice;
use crate::ceph::map::fuzz::{apply, osdmap, seal};
use crate::ceph::map::{Incremental, OsdMap};

/// Turns some bytes into others, such as lengths and weights do not like.
fn damage(dice: &mut Dice, bytes: &mut [u8]) {
    for _ in 0..dice.between(1, 6) {
        let at = dice.below(bytes.len());
        let value = match dice.below(4) {
            0 => 0,
            1 => 0xff,
            2 => bytes[at] ^ 1 << dice.below(8),
            _ => dice.roll() as u8,
        };
        let run = if dice.percent(15) { 4 } else { 1 };
        bytes.iter_mut().skip(at).take(run).for_each(|byte| *byte = value);
    }
}

#[test]
fn damaged_maps_do_no_harm() {
    let mut dice = Dice(42);
    let maps: Vec<&[u8]> = super::corpus::MEASURED.iter().map(|(map, _)| *map).collect();
    let mut read = 0;
    for _ in 0..700 {
        let mut bytes = dice.pick(&maps).to_vec();
        damage(&mut dice, &mut bytes);
        // As whoever makes such a map would; the checksum alone would refuse nearly all.
        seal(&mut bytes, 0);
        read += usize::from(osdmap(&bytes));
    }
    assert!((70..700).contains(&read), "{read} of 700 could be read");
}

#[test]
fn cut_maps_are_refused() {
    for (map, _) in super::corpus::MEASURED {
        for len in (0..map.len()).step_by(7) {
            assert!(!osdmap(&map[..len]));
        }
    }
}

#[test]
fn damaged_updates_do_no_harm() {
    let mut dice = Dice(43);
    let mut map = None;
    let mut applied = 0;
    for record in history() {
        match record {
            Record::Map(bytes) => map = Some(OsdMap::decode(bytes).unwrap()),
            Record::Update(update) => {
                let last = map.take().unwrap();
                for _ in 0..30 {
                    let mut bytes = update.to_vec();
                    damage(&mut dice, &mut bytes);
                    seal(&mut bytes, 4);
                    applied += usize::from(apply(&last, &bytes));
                }
                map = Some(last.apply(&Incremental::decode(update).unwrap()).unwrap());
            }
        }
    }
    assert!((300..3630).contains(&applied), "{applied} of 3630 could be applied");
}
