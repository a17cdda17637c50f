//! The inner nodes of the hierarchy and how each kind chooses one of its items.

use super::args::BucketArgs;
use super::hash::{RJENKINS1, hash3, hash4};
use super::ln::ln;
use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Result};

/// A node of the hierarchy: a host, a rack, a root.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// Its number, negative.
    pub id: i32,
    /// Its type, as the map names types; more than 0, which is a device.
    pub kind: u16,
    /// The hash its choices are made with.
    hash: u8,
    /// Its items: devices from 0, buckets below.
    pub items: Vec<i32>,
    weights: Weights,
}

/// The algorithm of a bucket, with the weights in the form it needs (16.16 fixed point).
#[derive(Clone, Debug, PartialEq)]
enum Weights {
    /// All items alike: the choice is a permutation.
    Uniform,
    /// Each item's weight, and that of it and those before it.
    List(Vec<(u32, u32)>),
    /// A binary tree: leaves at odd places, each node the sum of those below it.
    Tree(Vec<u32>),
    /// Each item's straw, computed by whoever made the map.
    Straw(Vec<u32>),
    /// Each item's weight.
    Straw2(Vec<u32>),
}

/// What a choice depends on besides the bucket.
#[derive(Clone, Copy)]
pub(super) struct Draw<'a> {
    /// The group's hash.
    pub x: u32,
    /// The replica, moved on by retries.
    pub r: i32,
    /// The position in the result, for weight sets.
    pub position: usize,
    /// What takes the place of the bucket's weights and ids.
    pub args: Option<&'a BucketArgs>,
}

impl Bucket {
    /// Whether it is of the algorithm that came with Hammer.
    pub(super) fn is_straw2(&self) -> bool {
        matches!(self.weights, Weights::Straw2(_))
    }

    /// Reads the bucket at `index` of the map; `None` where there is none.
    pub(super) fn decode(reader: &mut Reader<'_>, index: i32) -> Result<Option<Self>> {
        let alg = reader.u32("crush bucket alg")?;
        if alg == 0 {
            return Ok(None);
        }
        let id = reader.i32("crush bucket id")?;
        if id != -1 - index {
            return Err(Errno::EBADMSG.because(format!("crush bucket id: {id} at {index}")));
        }
        let kind = reader.u16("crush bucket type")?;
        // The algorithm again, in a byte.
        reader.u8("crush bucket alg")?;
        let hash = reader.u8("crush bucket hash")?;
        reader.u32("crush bucket weight")?;
        let items = reader.list("crush bucket items")?;
        let weights = Weights::decode(reader, alg, items.len())?;
        Ok(Some(Bucket { id, kind, hash, items, weights }))
    }

    /// Whether it chooses by a permutation of a multiple of `count` items.
    pub(super) fn is_uniform_of_multiple(&self, count: u32) -> bool {
        self.weights == Weights::Uniform && (self.items.len() as u32).is_multiple_of(count)
    }

    /// One of its items; `None` when it is empty or its weights do not fit its items.
    pub(super) fn choose(&self, draw: Draw<'_>) -> Option<i32> {
        match &self.weights {
            Weights::Uniform => self.permuted(draw.x, draw.r),
            Weights::List(weights) => self.in_list(weights, draw),
            Weights::Tree(nodes) => self.in_tree(nodes, draw),
            Weights::Straw(straws) => self.longest_straw(straws, draw),
            Weights::Straw2(weights) => self.longest_straw2(weights, draw),
        }
    }

    /// The item at place `r` of a permutation of all items that depends on `x`.
    ///
    /// Ceph shuffles an array step by step: step p swaps place p with place p + h(p). Followed
    /// backwards from the wanted place that takes no array.
    pub(super) fn permuted(&self, x: u32, r: i32) -> Option<i32> {
        let size = u32::try_from(self.items.len()).ok().filter(|size| *size > 0)?;
        let partner = |place: u32| place + self.hash3(x, self.id as u32, place) % (size - place);
        let wanted = (r as u32) % size;
        let mut place = partner(wanted);
        for step in (0..wanted).rev() {
            if place == partner(step) {
                place = step;
            }
        }
        self.items.get(place as usize).copied()
    }

    fn in_list(&self, weights: &[(u32, u32)], draw: Draw<'_>) -> Option<i32> {
        for (item, (weight, sum)) in self.items.iter().zip(weights).rev() {
            let hash = self.hash4(draw.x, *item as u32, draw.r as u32, self.id as u32);
            let share = (u64::from(hash & 0xffff) * u64::from(*sum)) >> 16;
            if share < u64::from(*weight) {
                return Some(*item);
            }
        }
        self.items.first().copied()
    }

    fn in_tree(&self, nodes: &[u32], draw: Draw<'_>) -> Option<i32> {
        let weight = |node: usize| nodes.get(node).copied().map(u64::from);
        let mut node = nodes.len() >> 1;
        while node & 1 == 0 {
            let hash = self.hash4(draw.x, node as u32, draw.r as u32, self.id as u32);
            let point = (u64::from(hash) * weight(node)?) >> 32;
            // A node's height is its number of trailing zeros; node 0 is in no tree.
            let half = 1usize << node.trailing_zeros().checked_sub(1)?.min(31);
            let left = node.checked_sub(half)?;
            node = if point < weight(left)? { left } else { node + half };
        }
        self.items.get(node >> 1).copied()
    }

    fn longest_straw(&self, straws: &[u32], draw: Draw<'_>) -> Option<i32> {
        let mut best = None;
        for (item, straw) in self.items.iter().zip(straws) {
            let hash = self.hash3(draw.x, *item as u32, draw.r as u32);
            let length = u64::from(hash & 0xffff) * u64::from(*straw);
            if best.is_none_or(|(longest, _)| length > longest) {
                best = Some((length, *item));
            }
        }
        best.map(|(_, item)| item)
    }

    fn longest_straw2(&self, weights: &[u32], draw: Draw<'_>) -> Option<i32> {
        let args = draw.args;
        let weights = args.and_then(|args| args.weights(draw.position)).unwrap_or(weights);
        let ids = args.and_then(BucketArgs::ids).unwrap_or(&self.items);
        let mut best: Option<Straw> = None;
        for (at, (item, id)) in self.items.iter().zip(ids).enumerate() {
            // Ceph's division takes the weight as signed.
            let weight = weights.get(at).copied().unwrap_or_default() as i32;
            let hash = self.hash3(draw.x, *id as u32, draw.r as u32);
            // The logarithm of a number in 0..1 is negative: the greater, the longer the straw.
            let log = ln(hash & 0xffff) as i64 - (1 << 48);
            // Most straws are seen to be shorter without the division, which costs most.
            if best.as_ref().is_some_and(|best| best.beats(log, weight)) {
                continue;
            }
            let length = if weight == 0 { i64::MIN } else { log / i64::from(weight) };
            if best.as_ref().is_none_or(|best| length > best.length) {
                best = Some(Straw { length, log, weight, item: *item });
            }
        }
        best.map(|best| best.item)
    }

    fn hash3(&self, a: u32, b: u32, c: u32) -> u32 {
        if self.hash == RJENKINS1 { hash3(a, b, c) } else { 0 }
    }

    fn hash4(&self, a: u32, b: u32, c: u32, d: u32) -> u32 {
        if self.hash == RJENKINS1 { hash4(a, b, c, d) } else { 0 }
    }
}

/// The longest straw so far: its length is an exponentially distributed random number, the
/// logarithm of a hash divided by the weight.
struct Straw {
    length: i64,
    log: i64,
    weight: i32,
    item: i32,
}

impl Straw {
    /// Whether another cannot be longer, as far as can be told without its length.
    fn beats(&self, log: i64, weight: i32) -> bool {
        weight == 0 || log <= self.log && 0 < weight && weight <= self.weight
    }
}

impl Weights {
    fn decode(reader: &mut Reader<'_>, alg: u32, size: usize) -> Result<Self> {
        const FIELD: &str = "crush bucket weights";
        // The items were as many words, so this allocates no more than was read.
        Ok(match alg {
            1 => {
                reader.u32(FIELD)?;
                Weights::Uniform
            }
            2 => Weights::List(each(reader, size, FIELD)?),
            3 => {
                let nodes = reader.u8(FIELD)?;
                Weights::Tree(each(reader, nodes.into(), FIELD)?)
            }
            4 => {
                let pairs: Vec<(u32, u32)> = each(reader, size, FIELD)?;
                Weights::Straw(pairs.into_iter().map(|(_, straw)| straw).collect())
            }
            5 => Weights::Straw2(each(reader, size, FIELD)?),
            _ => return Err(Errno::EBADMSG.because(format!("crush bucket alg: {alg}"))),
        })
    }
}

/// As many values as were announced elsewhere.
fn each<T: Decode>(reader: &mut Reader<'_>, count: usize, field: &'static str) -> Result<Vec<T>> {
    (0..count).map(|_| T::decode(reader, field)).collect()
}
