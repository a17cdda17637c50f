//! Ceph's own answer: random maps, each placement compared with osdmaptool's.

use std::path::Path;
use std::process::{Command, Stdio};

use super::random::{Dice, hierarchy, sketch, weight_sets, without_classes};
use super::{dump, groups};
use crate::ceph::map::OsdMap;

const POOLS: [i64; 4] = [1, 2, 3, 70_000];

/// Whether Ceph's tools are here.
fn tools() -> bool {
    let there = |tool: &str| {
        let mut command = Command::new(tool);
        command.arg("-h").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok()
    };
    there("crushtool") && there("osdmaptool")
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    // Ceph of Pacific separates by tabs.
    String::from_utf8_lossy(&output.stdout).replace('\t', " ")
}

/// The encoded form of a hierarchy's text.
fn compile(text: &str, dir: &Path) -> Vec<u8> {
    let (source, compiled) = (dir.join("crush.txt"), dir.join("crush"));
    let mut compiler = Command::new("crushtool");
    compiler.arg("-c").arg(&source).arg("-o").arg(&compiled);
    std::fs::write(&source, text).unwrap();
    if !compiler.output().unwrap().status.success() {
        // A root may have no device of the class a rule wants of it.
        std::fs::write(&source, without_classes(text)).unwrap();
        run(&mut compiler);
    }
    std::fs::read(compiled).unwrap()
}

/// Compares all of a map's placements with osdmaptool's; how many there were.
pub(super) fn compare(map: &Path) -> usize {
    let expected = run(Command::new("osdmaptool").arg(map).arg("--test-map-pgs-dump-all"));
    let ours = dump(&OsdMap::decode(&std::fs::read(map).unwrap()).unwrap());
    let (ours, expected) = (groups(&ours), groups(&expected));
    assert!(!expected.is_empty());
    for (ours, expected) in ours.iter().zip(&expected) {
        assert_eq!(ours, expected, "{}", map.display());
    }
    assert_eq!(ours.len(), expected.len());
    ours.len()
}

#[test]
fn placements_in_random_maps_are_those_of_osdmaptool() {
    if !tools() {
        println!("skipped: crushtool and osdmaptool are not installed");
        return;
    }
    let variable = |name| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let rounds = variable("OXIRADOS_PLACEMENT_ROUNDS").unwrap_or(8);
    let first = variable("OXIRADOS_PLACEMENT_SEED").unwrap_or(1);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("map");
    let mut placements = 0;
    for seed in first..first + rounds {
        let mut dice = Dice(seed);
        let with_sets = dice.percent(50);
        let straw2 = with_sets || dice.percent(20);
        let hierarchy = hierarchy(&mut dice, straw2);
        let mut crush = compile(&hierarchy.text, dir.path());
        if with_sets {
            // The number of weight sets, 0 as yet, is the last thing in it.
            crush.truncate(crush.len() - 4);
            crush.extend(weight_sets(&mut dice, &hierarchy, &POOLS));
        }
        let sketch = sketch(&mut dice, &hierarchy, crush, &POOLS);
        std::fs::write(&path, sketch.encode()).unwrap();
        // Shown when the comparison fails.
        println!("seed {seed}\n{}\n{sketch:?}", hierarchy.text);
        placements += compare(&path);
        if let Some(keep) = std::env::var_os("OXIRADOS_PLACEMENT_KEEP") {
            let map = OsdMap::decode(&sketch.encode()).unwrap();
            let kept = Path::new(&keep).join(format!("random-{seed}.osdmap"));
            std::fs::write(kept.with_extension("txt"), dump(&map)).unwrap();
            std::fs::copy(&path, kept).unwrap();
        }
    }
    println!("{placements} placements in {rounds} maps");
}
