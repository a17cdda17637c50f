//! Runs a rule: the search for OSDs that are in, distinct and of the wanted failure domains.
//!
//! Replicated pools search depth first (*firstn*: what cannot be placed is left out, what follows
//! moves up), erasure-coded ones breadth first (*indep*: each position is on its own, what cannot
//! be placed leaves a hole).

use super::args::ArgSet;
use super::bucket::{Bucket, Draw};
use super::hash::hash2;
use super::rule::{Rule, RuleKind, Step};
use super::{CrushMap, ITEM_NONE, Osds};

/// A position that has not been chosen yet (`CRUSH_ITEM_UNDEF`).
const ITEM_UNDEF: i32 = 0x7fff_fffe;
/// A device that is in, with all its weight.
const FULL_WEIGHT: u32 = 0x1_0000;
/// Straws one rule may draw. A search in 1000 OSDs draws some thousands; a damaged or malicious
/// map could ask for 2³² attempts in a bucket of all OSDs.
const DRAWS_MAX: u32 = 1 << 22;

/// One run of a rule.
pub(super) struct Run<'a> {
    pub map: &'a CrushMap,
    pub args: Option<&'a ArgSet>,
    /// Of each device: 0 is out, [`FULL_WEIGHT`] in.
    pub weights: &'a [u32],
    pub x: u32,
    /// Straws that may still be drawn.
    pub draws: u32,
}

/// How often to try, as the steps before a choice have set it.
#[derive(Clone, Copy)]
struct Tries {
    total: u32,
    leaf: u32,
    local: u32,
    local_fallback: u32,
    vary_r: u32,
    stable: bool,
}

/// What is wanted of a choice.
#[derive(Clone, Copy)]
struct Want {
    /// How many, as the rule says; also the stride of an indep search's attempts.
    count: i32,
    kind: i32,
    /// Whether a device below each of them is wanted too.
    leaf: bool,
    /// The attempt of the choice above.
    parent_r: i32,
}

/// What a choice in one bucket came to.
pub(super) enum Found<'a> {
    /// An item of the wanted type.
    Item(i32),
    /// A bucket of another type, in which the search goes on.
    Below(&'a Bucket),
    /// There was nothing to choose from.
    Empty,
    /// What does not exist or has nothing of the wanted type below it, and no attempt left.
    Bad,
}

impl CrushMap {
    /// Places a group: at most `size` OSDs for the hash `x`, by the rule numbered `rule`.
    ///
    /// `weights` are the OSDs' reweights (16.16; 0 is out), `pool` chooses the weight set. No rule,
    /// no OSDs. Positions of an erasure-coded pool that could not be placed are [`ITEM_NONE`].
    #[must_use]
    pub fn place(&self, rule: i32, x: u32, size: usize, weights: &[u32], pool: i64) -> Osds {
        match self.rule(rule) {
            Some(rule) if size > 0 => {
                let args = self.args.of(pool);
                let mut run = Run { map: self, args, weights, x, draws: DRAWS_MAX };
                match rule.kind {
                    RuleKind::MsrFirstn | RuleKind::MsrIndep => run.msr_rule(rule, size),
                    _ => run.rule(rule, size),
                }
            }
            _ => Osds::new(),
        }
    }
}

impl<'a> Run<'a> {
    /// Runs the steps of a rule that is not an MSR one.
    fn rule(&mut self, rule: &Rule, size: usize) -> Osds {
        let tunables = &self.map.tunables;
        let mut tries = Tries {
            // What the tunable counts are retries.
            total: tunables.choose_total_tries.saturating_add(1),
            leaf: 0,
            local: tunables.choose_local_tries,
            local_fallback: tunables.choose_local_fallback_tries,
            vary_r: tunables.chooseleaf_vary_r.into(),
            stable: tunables.chooseleaf_stable != 0,
        };
        let mut result = Osds::new();
        let mut working = Osds::new();
        for step in &rule.steps {
            match *step {
                Step::Take(item) if self.exists(item) => {
                    working.clear();
                    working.push(item);
                }
                Step::Choose { count, kind, firstn, leaf } => {
                    let want = Want { count, kind, leaf, parent_r: 0 };
                    working = self.choose(&working, size, want, firstn, &tries);
                }
                Step::Emit => {
                    result.extend(working.drain(..).take(size - result.len()));
                    working.clear();
                }
                _ => tries.set(*step),
            }
        }
        result
    }

    /// One choice, below each item of the last.
    fn choose(
        &mut self,
        from: &[i32],
        size: usize,
        mut want: Want,
        firstn: bool,
        tries: &Tries,
    ) -> Osds {
        let mut found = Osds::new();
        if want.count <= 0 {
            want.count = want.count.saturating_add(i32::try_from(size).unwrap_or(i32::MAX));
        }
        for item in from {
            let room = size - found.len();
            let Some(bucket) = self.map.bucket(*item).filter(|_| want.count > 0) else { continue };
            let mut out = Osds::new();
            let mut leaves = Osds::new();
            if firstn {
                let once = self.map.tunables.chooseleaf_descend_once != 0;
                let leaf_tries = match tries.leaf {
                    0 if once => 1,
                    0 => tries.total,
                    tries => tries,
                };
                let tries = Tries { leaf: leaf_tries, ..*tries };
                self.firstn(bucket, want, &tries, room, &mut out, &mut leaves);
            } else {
                let left = room.min(want.count as usize);
                out.resize(left, ITEM_UNDEF);
                leaves.resize(left, ITEM_UNDEF);
                let tries = Tries { leaf: tries.leaf.max(1), ..*tries };
                self.indep(bucket, want, &tries, 0, &mut out, &mut leaves);
            }
            found.extend_from_slice(if want.leaf { &leaves } else { &out });
        }
        found
    }

    /// Adds up to `room` distinct items below `top` to `out`, and a device below each to `leaves`.
    fn firstn(
        &mut self,
        top: &'a Bucket,
        want: Want,
        tries: &Tries,
        room: usize,
        out: &mut Osds,
        leaves: &mut Osds,
    ) {
        let mut replica = 0;
        while replica < want.count && out.len() < room && self.draws > 0 {
            if let Some(item) = self.firstn_one(top, want, tries, replica, out, leaves) {
                out.push(item);
            }
            replica += 1;
        }
        // A device may have been found below an item that was then refused.
        leaves.truncate(out.len());
    }

    /// Searches one replica that is not in `taken`: from the top again after a dead end, or in the
    /// same bucket where the tunables of old say so. `None` when it gives up. With a device below
    /// it wanted, that one is behind the last of `taken` in `leaves`.
    fn firstn_one(
        &mut self,
        top: &'a Bucket,
        want: Want,
        tries: &Tries,
        replica: i32,
        taken: &[i32],
        leaves: &mut Osds,
    ) -> Option<i32> {
        let (mut failed, mut failed_here) = (0u32, 0u32);
        let mut bucket = top;
        loop {
            let r = replica.wrapping_add(want.parent_r).wrapping_add(failed as i32);
            let items = bucket.items.len() as u32;
            let fallback = tries.local_fallback > 0
                && failed_here >= items >> 1
                && failed_here > tries.local_fallback;
            let mut collided = false;
            match self.find(bucket, r, taken.len(), want.kind, fallback) {
                Found::Bad => return None,
                Found::Below(below) => {
                    bucket = below;
                    continue;
                }
                Found::Empty => {}
                Found::Item(item) => {
                    collided = taken.contains(&item);
                    if !collided
                        && (!want.leaf || self.firstn_leaf(item, r, tries, taken.len(), leaves))
                        && (want.kind != 0 || !self.is_out(item))
                    {
                        return Some(item);
                    }
                }
            }
            failed += 1;
            failed_here += 1;
            if collided && failed_here <= tries.local
                || tries.local_fallback > 0
                    && failed_here <= items.saturating_add(tries.local_fallback)
            {
                continue;
            }
            if failed >= tries.total {
                return None;
            }
            (bucket, failed_here) = (top, 0);
        }
    }

    /// Searches a device below `item` that is not in the first `taken` of `leaves` and puts it
    /// behind them.
    fn firstn_leaf(
        &mut self,
        item: i32,
        r: i32,
        tries: &Tries,
        taken: usize,
        leaves: &mut Osds,
    ) -> bool {
        leaves.truncate(taken);
        if item >= 0 {
            leaves.push(item);
            return true;
        }
        let parent_r = match tries.vary_r {
            0 => 0,
            vary_r => r.wrapping_shr(vary_r - 1),
        };
        let want = Want { count: 1, kind: 0, leaf: false, parent_r };
        let replica = if tries.stable { 0 } else { taken as i32 };
        let tries = Tries { total: tries.leaf, leaf: 0, ..*tries };
        let Some(bucket) = self.map.bucket(item) else { return false };
        match self.firstn_one(bucket, want, &tries, replica, leaves, &mut Osds::new()) {
            Some(device) => {
                leaves.push(device);
                true
            }
            None => false,
        }
    }

    /// Fills what is undefined in `out`, at positions from `first` on, each on its own; with
    /// devices wanted, these are in `leaves`.
    fn indep(
        &mut self,
        top: &'a Bucket,
        want: Want,
        tries: &Tries,
        first: usize,
        out: &mut [i32],
        leaves: &mut [i32],
    ) {
        for failed in 0..tries.total {
            let mut left = false;
            for at in 0..out.len() {
                if out.get(at) == Some(&ITEM_UNDEF) && self.draws > 0 {
                    let found = self.indep_one(top, want, tries, first, (failed, at), out, leaves);
                    if let (Some(place), Some(item)) = (out.get_mut(at), found) {
                        *place = item;
                    } else {
                        left = true;
                    }
                }
            }
            if !left {
                break;
            }
        }
        for item in out.iter_mut().chain(leaves) {
            if *item == ITEM_UNDEF {
                *item = ITEM_NONE;
            }
        }
    }

    /// One attempt at one position: an item, [`ITEM_NONE`] when no attempt can succeed, `None` when
    /// another may.
    #[allow(clippy::too_many_arguments)]
    fn indep_one(
        &mut self,
        top: &'a Bucket,
        want: Want,
        tries: &Tries,
        first: usize,
        (failed, at): (u32, usize),
        out: &[i32],
        leaves: &mut [i32],
    ) -> Option<i32> {
        let map = self.map;
        let mut bucket = top;
        loop {
            // A stride that is a multiple of a uniform bucket's size would meet the same item.
            let stride = match want.count as u32 {
                count if bucket.is_uniform_of_multiple(count) => count + 1,
                count => count,
            };
            let r = ((first + at) as u32)
                .wrapping_add(want.parent_r as u32)
                .wrapping_add(stride.wrapping_mul(failed)) as i32;
            let item = match self.find(bucket, r, first, want.kind, false) {
                Found::Empty => return None,
                Found::Bad => {
                    if let Some(leaf) = leaves.get_mut(at) {
                        *leaf = ITEM_NONE;
                    }
                    return Some(ITEM_NONE);
                }
                Found::Below(below) => {
                    bucket = below;
                    continue;
                }
                Found::Item(item) => item,
            };
            if out.contains(&item) {
                return None;
            }
            if let Some(leaf) = leaves.get_mut(at).filter(|_| want.leaf) {
                *leaf = match map.bucket(item) {
                    Some(below) => self.indep_leaf(below, want, tries, first + at, r),
                    None => item,
                };
                if *leaf == ITEM_NONE {
                    return None;
                }
            }
            return (want.kind != 0 || !self.is_out(item)).then_some(item);
        }
    }

    /// A device below a bucket, for the position `at`.
    fn indep_leaf(
        &mut self,
        bucket: &'a Bucket,
        want: Want,
        tries: &Tries,
        at: usize,
        r: i32,
    ) -> i32 {
        let want = Want { kind: 0, leaf: false, parent_r: r, ..want };
        let tries = Tries { total: tries.leaf, leaf: 0, ..*tries };
        let mut leaf = [ITEM_UNDEF];
        self.indep(bucket, want, &tries, at, &mut leaf, &mut []);
        let [leaf] = leaf;
        leaf
    }

    /// Chooses in one bucket.
    pub(super) fn find(
        &mut self,
        bucket: &Bucket,
        r: i32,
        position: usize,
        kind: i32,
        by_permutation: bool,
    ) -> Found<'a> {
        self.draws = self.draws.saturating_sub(bucket.items.len().max(1) as u32);
        if self.draws == 0 {
            return Found::Bad;
        }
        let item = if by_permutation {
            bucket.permuted(self.x, r)
        } else {
            let index = usize::try_from(-1 - i64::from(bucket.id)).unwrap_or_default();
            let args = self.args.and_then(|args| args.get(index));
            bucket.choose(Draw { x: self.x, r, position, args })
        };
        match item {
            None => Found::Empty,
            Some(device @ 0..) if device >= self.map.max_devices || kind != 0 => Found::Bad,
            Some(device @ 0..) => Found::Item(device),
            Some(item) => match self.map.bucket(item) {
                None => Found::Bad,
                Some(below) if i32::from(below.kind) == kind => Found::Item(item),
                Some(below) => Found::Below(below),
            },
        }
    }

    /// Whether the map has a device or bucket of this number.
    fn exists(&self, item: i32) -> bool {
        match item {
            0.. => item < self.map.max_devices,
            _ => self.map.bucket(item).is_some(),
        }
    }

    /// Whether a device is out, as a part of those with a reduced weight is for each group.
    pub(super) fn is_out(&self, device: i32) -> bool {
        let weight = usize::try_from(device).ok().and_then(|device| self.weights.get(device));
        match weight.copied() {
            None | Some(0) => true,
            Some(FULL_WEIGHT..) => false,
            Some(weight) => hash2(self.x, device as u32) & 0xffff >= weight,
        }
    }
}

impl Tries {
    /// What a step of the rule says in place of the tunables.
    fn set(&mut self, step: Step) {
        let more = |value: i32, least: i32| (value >= least).then_some(value as u32);
        match step {
            Step::SetChooseTries(value) => self.total = more(value, 1).unwrap_or(self.total),
            Step::SetChooseleafTries(value) => self.leaf = more(value, 1).unwrap_or(self.leaf),
            Step::SetChooseLocalTries(value) => self.local = more(value, 0).unwrap_or(self.local),
            Step::SetChooseLocalFallbackTries(value) => {
                self.local_fallback = more(value, 0).unwrap_or(self.local_fallback);
            }
            Step::SetChooseleafVaryR(value) => self.vary_r = more(value, 0).unwrap_or(self.vary_r),
            Step::SetChooseleafStable(value) => {
                self.stable = more(value, 0).map_or(self.stable, |value| value != 0);
            }
            _ => {}
        }
    }
}
