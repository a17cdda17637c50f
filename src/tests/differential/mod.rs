//! The embedded store against a real cluster, which is always right: random operations of several
//! steps are played on both through the same API, and everything that either says is compared.
//!
//! ```text
//!   seed -> script (script.rs): snapshots taken, and operations on one object
//!     played on a cluster and on a store (side.rs), each on an object of its own
//!       after every move: what it answered, and all of the object
//!       at the end: all of it at every snapshot, and its list of snapshots
//!   a difference: the script is made smaller while there is one, and printed with its seed
//! ```
//!
//! `DIFFERENTIAL_CLUSTER` names a cluster's configuration file, with its keyring beside; without it
//! the test only says that it was skipped. `DIFFERENTIAL_SEEDS=200..300` plays others than the
//! first two hundred. `ctests/differential.sh` starts a cluster for it.
//!
//! Everything is compared but:
//!
//! * Times, and values of xattrs that hold times and addresses.
//! * Where a sparse read says that there is nothing: an OSD knows it by the byte, a store by the
//!   block. What bytes there are is compared.
//! * By how much versions differ. On a cluster they are numbers of the placement group: other
//!   objects count there too. Which answers are of the same version, and which of a newer one, is
//!   compared.
//! * Which version a refusal with `-ENOENT` names: the newest of the placement group, for a client
//!   to know what is newer. A store has no groups; it names one that is not older than the object.
//! * Outputs behind the step that an operation failed at.
//! * Operations that are not played, since an OSD of 16.2.15 dies of them or the like
//!   ([`script::EXCEPTIONS`]).

mod script;
mod side;

use std::ops::Range;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};

use crate::conf::{Config, EntityName};
use crate::runtime::block_on;
use script::Move;
use side::Side;

const SEEDS: Range<u64> = 0..200;
/// Attempts at making a script smaller.
const ATTEMPTS: usize = 400;

/// The script of a seed, as something that can become smaller.
fn script_of(seed: u64) -> impl ValueTree<Value = Vec<Move>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    script::script().new_tree(&mut TestRunner::new_with_rng(Runs::default(), rng)).unwrap()
}

/// Both engines, and how many objects they have been given.
struct Both {
    cluster: Side,
    store: Side,
    objects: usize,
}

impl Both {
    /// Plays a script on new objects. The first difference, if there is one.
    fn play(&mut self, script: &[Move]) -> Result<(), String> {
        self.objects += 1;
        let name = format!("object {}", self.objects);
        let [cluster, store] =
            [&self.cluster, &self.store].map(|side| block_on(side.play(&name, script)));
        let Some(at) = cluster.iter().zip(&store).position(|(theirs, ours)| theirs != ours) else {
            return Ok(());
        };
        let what = script.get(at).map_or("at the end".into(), |step| format!("at {step:?}"));
        Err(format!("{what}\n  cluster: {}\n  store:   {}", cluster[at], store[at]))
    }

    /// Plays the script of a seed. If it shows a difference, the smallest script that does.
    fn play_seed(&mut self, seed: u64) -> Result<(), String> {
        let mut tree = script_of(seed);
        let Err(mut difference) = self.play(&tree.current()) else { return Ok(()) };
        let mut smallest = tree.current();
        for _ in 0..ATTEMPTS {
            let moved = match self.play(&tree.current()) {
                Err(found) => {
                    (smallest, difference) = (tree.current(), found);
                    tree.simplify()
                }
                Ok(()) => tree.complicate(),
            };
            if !moved {
                break;
            }
        }
        let moves: String = smallest.iter().map(|step| format!("  {step:?}\n")).collect();
        Err(format!("seed {seed}:\n{moves}differs {difference}"))
    }
}

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("DIFFERENTIAL_SEEDS") else { return SEEDS };
    let (first, end) = text.split_once("..").expect("DIFFERENTIAL_SEEDS=FIRST..END");
    first.parse().unwrap()..end.parse().unwrap()
}

#[test]
fn a_store_answers_as_a_cluster_does() {
    let Ok(file) = std::env::var("DIFFERENTIAL_CLUSTER") else {
        eprintln!("skipped: no cluster to compare with (see ctests/differential.sh)");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let theirs = Config::create("", EntityName::client("admin"));
    theirs.read_file(Some(&file)).unwrap();
    // Some operations that a client may ask for kill an OSD.
    theirs.set("rados_osd_op_timeout", "20").unwrap();
    let ours = Config::create("", EntityName::client("admin"));
    ours.set("mon_host", &format!("local:{}", dir.path().display())).unwrap();
    let mut both = Both {
        cluster: block_on(Side::connect(&theirs)).unwrap(),
        store: block_on(Side::connect(&ours)).unwrap(),
        objects: 0,
    };
    let failed: Vec<String> = seeds().filter_map(|seed| both.play_seed(seed).err()).collect();
    block_on(both.cluster.leave()).unwrap();
    block_on(both.store.leave()).unwrap();
    let (played, skipped) = (both.cluster.played(), both.cluster.skipped());
    eprintln!("{played} operations played on both, {skipped} left out");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
