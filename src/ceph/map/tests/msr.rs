//! Rules of several OSDs per failure domain.
//!
//! No release with such rules is at hand, so the expected placements were made by a program of
//! Squid's steps (`crush_msr_do_rule`) over the bucket choice of 17.2.7. They are 12 of 300 random
//! maps that were compared.

use std::fmt::Write;

use crate::ceph::map::crush::CrushMap;
use crate::codec::Writer;

const VECTORS: &str = include_str!("../../../tests/corpus/osdmap/msr.txt");

/// The crush map described by numbers: buckets of straw2 and one rule.
///
/// Number of buckets and of devices; of each bucket from -1 on its type, the number of its items,
/// and each item with its weight; the rule's type and number of steps, and its steps.
fn crush(number: &mut impl FnMut() -> i32) -> CrushMap {
    let mut writer = Writer::new();
    let buckets = number();
    writer.u32(0x1_0000).i32(buckets).u32(1).i32(number());
    for id in 1..=buckets {
        let (kind, size) = (number() as u16, number());
        let items: Vec<(i32, i32)> = (0..size).map(|_| (number(), number())).collect();
        writer.u32(5).i32(-id).u16(kind).u8(5).u8(0).u32(0).i32(size);
        items.iter().for_each(|(item, _)| _ = writer.i32(*item));
        items.iter().for_each(|(_, weight)| _ = writer.i32(*weight));
    }
    let (kind, steps) = (number() as u8, number());
    writer.u32(1).i32(steps).u8(0).u8(kind).u16(0);
    (0..steps * 3).for_each(|_| _ = writer.i32(number()));
    // No names.
    writer.u32(0).u32(0).u32(0);
    CrushMap::decode(&writer.into_bytes()).unwrap()
}

#[test]
fn placements_are_those_that_were_computed() {
    let mut lines = VECTORS.lines();
    let mut maps = 0;
    while lines.clone().next().is_some() {
        let mut row = Vec::<i32>::new().into_iter();
        // Numbers go on over the ends of lines.
        let mut number = || loop {
            match row.next() {
                Some(number) => break number,
                None => {
                    let line = lines.next().unwrap().split_whitespace();
                    row = line.map(|word| word.parse().unwrap()).collect::<Vec<_>>().into_iter();
                }
            }
        };
        let crush = crush(&mut number);
        let (size, weights) = (number() as usize, number());
        let weights: Vec<u32> = (0..weights).map(|_| number() as u32).collect();
        let count = number() as u32;
        for (x, expected) in (0..count).zip(&mut lines) {
            let mut ours = String::new();
            let placed = crush.place(0, x, size, &weights, 1);
            placed.iter().for_each(|osd| write!(ours, "{osd} ").unwrap());
            assert_eq!(ours, expected, "map {maps} x {x}");
        }
        maps += 1;
    }
    assert_eq!(maps, 12);
}

#[test]
fn a_rule_that_is_not_made_of_blocks_places_nothing() {
    let place = |steps: &[[i32; 3]]| {
        let mut numbers = vec![2, 4, 1, 2, 0, 65536, 1, 65536, 3, 1, -1, 65536, 5];
        numbers.push(steps.len() as i32);
        numbers.extend(steps.as_flattened());
        let mut numbers = numbers.into_iter();
        let crush = crush(&mut || numbers.next().unwrap());
        crush.place(0, 7, 2, &[65536; 4], 1).to_vec()
    };
    let (take, osds, emit) = ([1, -2, 0], [16, 2, 0], [4, 0, 0]);
    assert_eq!(place(&[take, osds, emit]).len(), 2);
    assert!(place(&[take, [2, 2, 0], emit]).is_empty());
    assert!(place(&[take, osds]).is_empty());
    assert!(place(&[take, osds, emit, emit]).is_empty());
    assert!(place(&[take, [16, -1, 0], emit]).is_empty());
    assert!(place(&[[1, 0, 0], osds, emit]).is_empty());
    // A device, a bucket that does not exist, more steps than a hierarchy has levels.
    assert!(place(&[[1, -9, 0], osds, emit]).is_empty());
    let deep: Vec<_> = [take].into_iter().chain([[16, 1, 1]; 99]).chain([emit]).collect();
    assert!(place(&deep).is_empty());
}
