//! Rules: the steps by which a pool's groups are placed.

use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Result};

/// How a pool is placed.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it is for.
    pub kind: RuleKind,
    /// Its steps, in order.
    pub(super) steps: Vec<Step>,
}

/// What a rule is for (`CRUSH_RULE_TYPE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// Replicated pools.
    Replicated,
    /// Erasure-coded pools.
    Erasure,
    /// Several OSDs per failure domain, replicated; since Squid.
    MsrFirstn,
    /// Several OSDs per failure domain, erasure-coded; since Squid.
    MsrIndep,
    /// Another number; Ceph runs such a rule as it would the first two.
    Other(u8),
}

/// One step (`CRUSH_RULE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Begin at an item.
    Take(i32),
    /// Choose `count` items (below 1: that many fewer than wanted) of type `kind`.
    Choose { count: i32, kind: i32, firstn: bool, leaf: bool },
    /// Put out what was chosen.
    Emit,
    /// Choose as [`RuleKind::MsrIndep`] does.
    ChooseMsr { count: i32, kind: i32 },
    /// How often to try.
    SetChooseTries(i32),
    /// How often to try below what was chosen.
    SetChooseleafTries(i32),
    /// How often to try again in the same bucket.
    SetChooseLocalTries(i32),
    /// How often to try by permutation.
    SetChooseLocalFallbackTries(i32),
    /// Which bits of the attempt reach the leaf.
    SetChooseleafVaryR(i32),
    /// Whether leaves stay when other replicas move.
    SetChooseleafStable(i32),
    /// How often to descend from the top.
    SetMsrDescents(i32),
    /// How often to try again after a collision.
    SetMsrCollisionTries(i32),
    /// Nothing, or a step not known, which Ceph passes over.
    Nothing,
}

impl Rule {
    /// Reads the rule numbered `index`; `None` where there is none.
    pub(super) fn decode(reader: &mut Reader<'_>, index: u32) -> Result<Option<Self>> {
        if reader.u32("crush rule")? == 0 {
            return Ok(None);
        }
        let len = reader.u32("crush rule length")?;
        let ruleset = reader.u8("crush ruleset")?;
        if u32::from(ruleset) != index {
            // What Ceph says of maps older than Luminous.
            return Err(Errno::EBADMSG.because(format!("crush ruleset: {ruleset} of rule {index}")));
        }
        let kind = match reader.u8("crush rule type")? {
            1 => RuleKind::Replicated,
            3 => RuleKind::Erasure,
            4 => RuleKind::MsrFirstn,
            5 => RuleKind::MsrIndep,
            other => RuleKind::Other(other),
        };
        // The sizes of pools it once was for.
        reader.u16("crush rule sizes")?;
        let mut steps = Vec::new();
        for _ in 0..len {
            steps.push(Step::decode(reader, "crush rule step")?);
        }
        Ok(Some(Rule { kind, steps }))
    }
}

impl Decode for Step {
    const MIN_SIZE: usize = 12;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let op = reader.u32(field)?;
        let (one, two) = (reader.i32(field)?, reader.i32(field)?);
        let choose = |firstn, leaf| Step::Choose { count: one, kind: two, firstn, leaf };
        Ok(match op {
            1 => Step::Take(one),
            2 => choose(true, false),
            3 => choose(false, false),
            4 => Step::Emit,
            6 => choose(true, true),
            7 => choose(false, true),
            8 => Step::SetChooseTries(one),
            9 => Step::SetChooseleafTries(one),
            10 => Step::SetChooseLocalTries(one),
            11 => Step::SetChooseLocalFallbackTries(one),
            12 => Step::SetChooseleafVaryR(one),
            13 => Step::SetChooseleafStable(one),
            14 => Step::SetMsrDescents(one),
            15 => Step::SetMsrCollisionTries(one),
            16 => Step::ChooseMsr { count: one, kind: two },
            _ => Step::Nothing,
        })
    }
}
