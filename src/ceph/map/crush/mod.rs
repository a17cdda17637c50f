//! CRUSH: from a group's hash to a list of OSDs, by a hierarchy of weighted buckets and a rule.
//!
//! ```text
//!   CrushMap::place(rule, x, size, weights, pool)
//!        |
//!   mapper.rs     runs the rule's steps: descends, retries what is out, taken or a dead end
//!   msr.rs        the same for rules of several OSDs per failure domain
//!        |
//!   bucket.rs     chooses one item of a bucket      hash.rs, ln.rs: the dice
//!        |
//!   args.rs       weights and ids in place of the bucket's own
//!
//!   location.rs   names, and how far each OSD is from a client's place in the hierarchy
//! ```
//!
//! The result has to be what every other client and OSD computes, to the bit, for every map there
//! is; so the names, steps and oddities are those of Ceph's `mapper.c`. What differs: a map whose
//! buckets contain themselves is refused when it is read, and one rule may draw only so often
//! (`mapper`): no map can make a client spin. May use: codec, errno. Must not use: anything else.

mod args;
mod bucket;
mod compat;
mod hash;
mod ln;
mod location;
mod mapper;
mod msr;
mod rule;

use args::ChooseArgs;
use smallvec::SmallVec;

use crate::codec::Reader;
use crate::errno::{Errno, Error, Result};

pub use bucket::Bucket;
pub(super) use hash::hash2;
pub use location::CrushLocation;
use location::{Names, names_of};
pub use rule::{Rule, RuleKind};

/// What an erasure-coded pool's set has where no OSD was found (`CRUSH_ITEM_NONE`).
pub const ITEM_NONE: i32 = 0x7fff_ffff;

/// A list of OSDs, by number, in the order that matters. Up to twelve need no allocation.
pub type Osds = SmallVec<[i32; 12]>;

const MAGIC: u32 = 0x0001_0000;

/// The hierarchy and its rules.
#[derive(Clone, Debug, PartialEq)]
pub struct CrushMap {
    /// Bucket −1 first.
    buckets: Vec<Option<Bucket>>,
    rules: Vec<Option<Rule>>,
    /// Devices are below this.
    max_devices: i32,
    tunables: Tunables,
    args: ChooseArgs,
    names: Names,
}

/// How hard and in which way to search; kept for old clusters, whose data would move otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Tunables {
    /// Retries in the same bucket after a collision.
    pub choose_local_tries: u32,
    /// Retries by a permutation of the bucket.
    pub choose_local_fallback_tries: u32,
    /// Retries from the top.
    pub choose_total_tries: u32,
    /// Whether a leaf is tried once before its bucket is given up.
    pub chooseleaf_descend_once: u32,
    /// How the attempt reaches the leaf: 0 not, n: shifted right by n − 1.
    pub chooseleaf_vary_r: u8,
    /// Whether a leaf stays the same when other replicas move.
    pub chooseleaf_stable: u8,
    /// Descents of a rule of several OSDs per failure domain.
    pub msr_descents: u32,
    /// Its retries after a collision.
    pub msr_collision_tries: u32,
}

impl Default for Tunables {
    /// What a map has that says nothing: Argonaut's (`set_tunables_legacy`).
    fn default() -> Self {
        Tunables {
            choose_local_tries: 2,
            choose_local_fallback_tries: 5,
            choose_total_tries: 19,
            chooseleaf_descend_once: 0,
            chooseleaf_vary_r: 0,
            chooseleaf_stable: 0,
            msr_descents: 100,
            msr_collision_tries: 100,
        }
    }
}

fn bad(what: impl std::fmt::Display) -> Error {
    Errno::EBADMSG.because(what.to_string())
}

impl CrushMap {
    /// Reads a map (`CrushWrapper::encode`).
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        if reader.u32("crush magic")? != MAGIC {
            return Err(bad("crush magic: another one"));
        }
        let max_buckets = reader.u32("crush max_buckets")?;
        let max_rules = reader.u32("crush max_rules")?;
        let max_devices = reader.i32("crush max_devices")?;
        let mut buckets = Vec::new();
        for index in 0..max_buckets {
            // Even no bucket takes four bytes, so the list is no longer than what was read.
            let index = i32::try_from(index).map_err(|_| bad("crush max_buckets: too many"))?;
            buckets.push(Bucket::decode(&mut reader, index)?);
        }
        let mut rules = Vec::new();
        for index in 0..max_rules {
            rules.push(Rule::decode(&mut reader, index)?);
        }
        let names = Names { types: names_of(&mut reader)?, items: names_of(&mut reader)? };
        // Those of rules are for people.
        names_of(&mut reader)?;
        let tunables = Tunables::decode(&mut reader)?;
        let mut args = ChooseArgs::default();
        if !reader.is_empty() {
            // Device classes: which a device has, their names, and the buckets made for each; a
            // rule takes those buckets by number, so nothing here is needed to place a group.
            reader.map::<i32, i32>("crush class_map")?;
            names_of(&mut reader)?;
            reader.map::<i32, std::collections::BTreeMap<i32, i32>>("crush class_bucket")?;
        }
        if !reader.is_empty() {
            args = ChooseArgs::decode(&mut reader, &buckets)?;
        }
        let mut map = CrushMap { buckets, rules, max_devices, tunables, args, names };
        map.tunables.decode_msr(&mut reader)?;
        map.refuse_cycles()?;
        Ok(map)
    }

    /// The bucket with this number.
    #[must_use]
    pub fn bucket(&self, id: i32) -> Option<&Bucket> {
        self.buckets.get(usize::try_from(-1 - i64::from(id)).ok()?)?.as_ref()
    }

    /// The rule with this number.
    #[must_use]
    pub fn rule(&self, number: i32) -> Option<&Rule> {
        self.rules.get(usize::try_from(number).ok()?)?.as_ref()
    }

    /// How it searches.
    #[must_use]
    pub fn tunables(&self) -> &Tunables {
        &self.tunables
    }

    /// A descent from bucket to bucket must end. Ceph takes that for granted; a map that breaks it
    /// would keep a client busy for ever.
    fn refuse_cycles(&self) -> Result<()> {
        #[derive(Clone, Copy, PartialEq)]
        enum Seen {
            No,
            Above,
            Done,
        }
        let mut seen = vec![Seen::No; self.buckets.len()];
        let mut stack = Vec::new();
        for start in 0..self.buckets.len() {
            stack.push((start, 0));
            while let Some((index, next)) = stack.pop() {
                let Some(state) = seen.get_mut(index) else { continue };
                if next == 0 {
                    match *state {
                        Seen::Done => continue,
                        Seen::Above => {
                            return Err(bad(format!(
                                "crush bucket -{}: contains itself",
                                index + 1
                            )));
                        }
                        Seen::No => *state = Seen::Above,
                    }
                }
                let items = self.buckets.get(index).and_then(Option::as_ref).map(|b| &b.items);
                match items.and_then(|items| items.get(next)) {
                    Some(item) => {
                        stack.push((index, next + 1));
                        if let Ok(below) = usize::try_from(-1 - i64::from(*item)) {
                            stack.push((below, 0));
                        }
                    }
                    None => *state = Seen::Done,
                }
            }
        }
        Ok(())
    }
}

impl Tunables {
    /// Each release appended its own; what is missing stays as Argonaut had it.
    fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        const FIELD: &str = "crush tunables";
        let mut tunables = Tunables::default();
        if !reader.is_empty() {
            tunables.choose_local_tries = reader.u32(FIELD)?;
            tunables.choose_local_fallback_tries = reader.u32(FIELD)?;
            tunables.choose_total_tries = reader.u32(FIELD)?;
        }
        if !reader.is_empty() {
            tunables.chooseleaf_descend_once = reader.u32(FIELD)?;
        }
        if !reader.is_empty() {
            tunables.chooseleaf_vary_r = reader.u8(FIELD)?;
        }
        if !reader.is_empty() {
            // straw_calc_version: for whoever makes maps.
            reader.u8(FIELD)?;
        }
        if !reader.is_empty() {
            // allowed_bucket_algs: likewise.
            reader.u32(FIELD)?;
        }
        if !reader.is_empty() {
            tunables.chooseleaf_stable = reader.u8(FIELD)?;
        }
        Ok(tunables)
    }

    fn decode_msr(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        if !reader.is_empty() {
            self.msr_descents = reader.u32("crush msr_descents")?;
            self.msr_collision_tries = reader.u32("crush msr_collision_tries")?;
        }
        Ok(())
    }
}
