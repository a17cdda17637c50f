//! Weight sets: what takes the place of bucket weights and ids (`choose_args`), per pool or for
//! all, made by the balancer.

use std::collections::BTreeMap;

use super::bucket::Bucket;
use crate::codec::Reader;
use crate::errno::{Errno, Result};

/// The number of the set for pools without one of their own (`DEFAULT_CHOOSE_ARGS`).
const DEFAULT: i64 = -1;

/// All sets, by pool.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ChooseArgs(BTreeMap<i64, ArgSet>);

/// One set: what it changes, by the bucket's index, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ArgSet(Vec<(u32, BucketArgs)>);

/// What takes the place of one bucket's weights and ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct BucketArgs {
    /// Weights of the items, for each position in the result; the last is for all that follow.
    weights: Vec<Vec<u32>>,
    /// What is hashed in place of the items.
    ids: Vec<i32>,
}

impl ChooseArgs {
    pub(super) fn decode(reader: &mut Reader<'_>, buckets: &[Option<Bucket>]) -> Result<Self> {
        let count = reader.count(12, "crush choose_args")?;
        let mut sets = BTreeMap::new();
        for _ in 0..count {
            let pool = reader.i64("crush choose_args pool")?;
            sets.insert(pool, ArgSet::decode(reader, buckets)?);
        }
        Ok(ChooseArgs(sets))
    }

    /// Whether a client that knows nothing of sets would place otherwise, so that it cannot be told
    /// the weights of the only set as if they were the buckets' own.
    pub(super) fn needs_luminous(&self) -> bool {
        let plain = |args: &BucketArgs| args.ids.is_empty() && args.weights.len() <= 1;
        match self.0.iter().next() {
            None => false,
            Some((pool, set)) => {
                self.0.len() > 1 || *pool != DEFAULT || !set.0.iter().all(|(_, args)| plain(args))
            }
        }
    }

    /// The set of a pool, or else the one for all.
    pub(super) fn of(&self, pool: i64) -> Option<&ArgSet> {
        self.0.get(&pool).or_else(|| self.0.get(&DEFAULT))
    }
}

impl ArgSet {
    fn decode(reader: &mut Reader<'_>, buckets: &[Option<Bucket>]) -> Result<Self> {
        let count = reader.count(12, "crush choose_args buckets")?;
        let mut set = BTreeMap::new();
        for _ in 0..count {
            let index = reader.u32("crush choose_args bucket")?;
            let bucket = buckets.get(index as usize).ok_or_else(|| {
                Errno::EBADMSG.because(format!("crush choose_args bucket: no bucket {index}"))
            })?;
            let size = bucket.as_ref().map(|bucket| bucket.items.len());
            let args = BucketArgs::decode(reader, size)?;
            if bucket.is_some() {
                set.insert(index, args);
            }
        }
        Ok(ArgSet(set.into_iter().collect()))
    }

    /// Of the bucket at `index`.
    pub(super) fn get(&self, index: usize) -> Option<&BucketArgs> {
        let at = self.0.binary_search_by_key(&index, |(index, _)| *index as usize).ok()?;
        self.0.get(at).map(|(_, args)| args)
    }
}

impl BucketArgs {
    /// `size`: items of the bucket, `None` where there is no bucket any more.
    fn decode(reader: &mut Reader<'_>, size: Option<usize>) -> Result<Self> {
        let positions = reader.count(4, "crush weight set positions")?;
        let mut weights = Vec::new();
        for _ in 0..positions {
            // Old monitors left sets behind that are not of the bucket's size: what is missing
            // counts as 0.
            weights.push(reader.list("crush weight set")?);
        }
        let ids: Vec<i32> = reader.list("crush choose_args ids")?;
        if !ids.is_empty() && size.is_some_and(|size| size != ids.len()) {
            return Err(Errno::EBADMSG.because("crush choose_args ids: not one for each item"));
        }
        Ok(BucketArgs { weights, ids })
    }

    /// Weights for a position; may be fewer or more than the bucket has items.
    pub(super) fn weights(&self, position: usize) -> Option<&[u32]> {
        self.weights.get(position).or_else(|| self.weights.last()).map(Vec::as_slice)
    }

    /// What is hashed in place of the items.
    pub(super) fn ids(&self) -> Option<&[i32]> {
        (!self.ids.is_empty()).then_some(&self.ids)
    }
}
