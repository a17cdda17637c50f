//! The corpus of `ctests/fuzz/corpus`, which fuzzing has found, and each of its inputs damaged.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

/// The inputs of an entry: a line each, in hexadecimal.
fn corpus(entry: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ctests/fuzz/corpus");
    let Ok(text) = std::fs::read_to_string(folder.join(format!("{entry}.txt"))) else {
        panic!("no corpus for {entry}: ctests/fuzz/run.sh -k makes one");
    };
    let unhex = |line: &str| {
        let digits: Vec<u8> = line.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
        digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    };
    text.lines().filter(|line| !line.starts_with('#')).map(unhex).collect()
}

/// Random numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % limit
    }

    /// Changes, cuts or repeats something.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, self.below(256) as u8),
                2 => {
                    let again = bytes[at..].to_vec();
                    bytes.extend(again.iter().take(64));
                }
                kind => {
                    let bit = 1 << self.below(8);
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = match kind {
                            2 => 0,
                            3 => 0xff,
                            _ => *byte ^ bit,
                        };
                    }
                }
            }
        }
    }
}

fn run(entry: Entry, damaged: usize) {
    let (name, run) = entry;
    let inputs = corpus(name);
    assert!(!inputs.is_empty(), "{name}");
    let mut random = Random(7);
    for input in &inputs {
        run(input);
        for _ in 0..damaged {
            let mut bytes = input.clone();
            random.damage(&mut bytes);
            run(&bytes);
        }
    }
}

#[test]
fn the_corpus_does_no_harm() {
    for entry in entries().filter(|(name, _)| !name.starts_with("local.")) {
        run(entry, 20);
    }
}

#[test]
fn the_corpus_of_the_store_does_no_harm() {
    for entry in entries().filter(|(name, _)| name.starts_with("local.")) {
        run(entry, 0);
    }
    crate::local::fuzz::clear();
}

#[test]
fn entries_have_names_of_their_own() {
    let names: BTreeSet<_> = entries().map(|(name, _)| name).collect();
    assert_eq!(names.len(), entries().count());
    assert!(find("cls.rbd").is_some() && find("cls").is_none());
}
