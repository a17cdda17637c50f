//! Runs a rule of several OSDs per failure domain (*MSR*: multi-step retry, since Squid).
//!
//! Such a rule is blocks of `take, choosemsr.., emit`. The positions of the result are divided into
//! strides, one for each item of the first step, each of these into strides for the second, and so
//! on (`doc/dev/crush-msr.rst`). What proves to be out is tried again from the top of the block, so
//! that its stride may move to another failure domain; what is placed already stays.

use smallvec::SmallVec;

use super::bucket::Bucket;
use super::mapper::{Found, Run};
use super::rule::{Rule, RuleKind, Step};
use super::{ITEM_NONE, Osds};

/// Steps of one block; a hierarchy is not that deep (`CRUSH_MAX_DEPTH` is 10).
const STEPS_MAX: usize = 16;

/// One `choosemsr`.
#[derive(Clone, Copy)]
struct Choice {
    /// Strides the positions are divided into.
    strides: usize,
    kind: i32,
}

/// Positions from `start` up to `end`.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

/// A block under way.
struct Block<'r> {
    choices: &'r [Choice],
    /// For each step what each stride has used: as many places as there are positions.
    used: SmallVec<[SmallVec<[Option<i32>; 12]>; 4]>,
    size: usize,
    collision_tries: u32,
    /// Which descent from the top this is.
    attempt: u32,
}

/// The result so far.
struct Output {
    items: Osds,
    found: usize,
    firstn: bool,
}

impl Output {
    fn put(&mut self, position: usize, item: i32) {
        let at = if self.firstn { self.found } else { position };
        if let Some(place) = self.items.get_mut(at) {
            *place = item;
            self.found += 1;
        }
    }
}

impl<'a> Run<'a> {
    /// Runs the steps of a rule. One that is not made of such blocks places nothing.
    pub(super) fn msr_rule(&mut self, rule: &Rule, size: usize) -> Osds {
        self.msr_blocks(rule, size).unwrap_or_default()
    }

    fn msr_blocks(&mut self, rule: &Rule, size: usize) -> Option<Osds> {
        let mut descents = self.map.tunables().msr_descents;
        let mut collision_tries = self.map.tunables().msr_collision_tries;
        let mut steps = rule.steps.as_slice();
        loop {
            match steps.split_first() {
                Some((Step::SetMsrDescents(value), rest)) => {
                    (descents, steps) = (*value as u32, rest);
                }
                Some((Step::SetMsrCollisionTries(value), rest)) => {
                    (collision_tries, steps) = (*value as u32, rest);
                }
                _ => break,
            }
        }
        let firstn = rule.kind == RuleKind::MsrFirstn;
        let mut output = Output { items: Osds::from_elem(ITEM_NONE, size), found: 0, firstn };
        let mut start = 0;
        while !steps.is_empty() {
            let (root, choices, rest) = block(steps, size)?;
            steps = rest;
            let total = choices
                .iter()
                .try_fold(1, |total, choice| usize::checked_mul(total, choice.strides))?;
            if root >= 0 {
                if !choices.is_empty() {
                    return None;
                }
                output.put(start, root);
                start += 1;
                continue;
            }
            let span = Span { start, end: start.saturating_add(total).min(size) };
            let used = SmallVec::from_elem(SmallVec::from_elem(None, size), choices.len());
            let choices = &choices;
            let mut block = Block { choices, used, size, collision_tries, attempt: 0 };
            let wanted = output.found + (span.end - span.start);
            let bucket = self.map.bucket(root)?;
            while block.attempt < descents && output.found < wanted && self.draws > 0 {
                let before = self.draws;
                self.msr_choose(&mut block, &mut output, bucket, 0, total, span);
                block.attempt += 1;
                if self.draws == before {
                    break;
                }
            }
            start = span.end;
        }
        if firstn {
            output.items.truncate(output.found);
        }
        Some(output.items)
    }

    /// Fills what is missing of a span below a bucket, by the choice numbered `step` and those
    /// behind it, which come to `total` devices. How many it placed.
    fn msr_choose(
        &mut self,
        block: &mut Block<'_>,
        output: &mut Output,
        bucket: &'a Bucket,
        step: usize,
        total: usize,
        span: Span,
    ) -> usize {
        let Some(choice) = block.choices.get(step).copied() else { return 0 };
        let len = (total / choice.strides.max(1)).max(1);
        // What was used in vain is given back only at the end: within one descent it counts as
        // taken, so that an OSD being out moves as little as possible.
        let mut vain: SmallVec<[(Span, i32); 8]> = SmallVec::new();
        let mut placed = 0;
        for (index, start) in (span.start..span.end).step_by(len).enumerate() {
            let stride = Span { start, end: (start + len).min(span.end) };
            if block.is_placed(stride) {
                continue;
            }
            let Some(item) = self.msr_find(block, bucket, step, index, span, stride) else {
                continue;
            };
            let is_last = step + 1 == block.choices.len();
            if choice.kind == 0 {
                // A rule with a step below a device is malformed.
                if len == 1 && is_last && !self.is_out(item) && block.push(step, stride, item) {
                    output.put(start, item);
                    placed += 1;
                }
                continue;
            }
            let Some(below) = self.map.bucket(item).filter(|_| !is_last) else { continue };
            let placed_below = self.msr_choose(block, output, below, step + 1, len, stride);
            if block.push(step, stride, item) && placed_below == 0 {
                vain.push((stride, item));
            }
            placed += placed_below;
        }
        for (stride, item) in vain {
            block.pop(step, stride, item);
        }
        placed
    }

    /// An item for a stride that no other stride of the span has.
    fn msr_find(
        &mut self,
        block: &Block<'_>,
        top: &'a Bucket,
        step: usize,
        index: usize,
        span: Span,
        stride: Span,
    ) -> Option<i32> {
        let kind = block.choices.get(step)?.kind;
        for attempt in 0..block.collision_tries {
            if self.draws == 0 {
                return None;
            }
            let number = (block.attempt as usize).wrapping_mul(block.size).wrapping_add(index);
            let r = ((number as u32) << 16).wrapping_add(attempt) as i32;
            let mut bucket = top;
            let found = loop {
                match self.find(bucket, r, index, kind, false) {
                    Found::Item(item) => break Some(item),
                    Found::Below(below) => bucket = below,
                    Found::Empty | Found::Bad => break None,
                }
            };
            if let Some(item) = found.filter(|item| block.is_free(step, span, stride, *item)) {
                return Some(item);
            }
        }
        None
    }
}

impl Block<'_> {
    fn places(&mut self, step: usize, span: Span) -> &mut [Option<i32>] {
        let places = self.used.get_mut(step).and_then(|used| used.get_mut(span.start..span.end));
        places.unwrap_or_default()
    }

    /// Whether all positions of a stride have their device.
    fn is_placed(&self, stride: Span) -> bool {
        let devices = self.used.last().and_then(|used| used.get(stride.start..stride.end));
        devices.is_some_and(|devices| devices.iter().all(Option::is_some))
    }

    /// Whether a stride may use an item: it does already, or nobody in the span does.
    fn is_free(&self, step: usize, span: Span, stride: Span, item: i32) -> bool {
        let used = self.used.get(step).and_then(|used| used.get(span.start..span.end));
        let at = used.and_then(|used| used.iter().position(|used| *used == Some(item)));
        at.is_none_or(|at| (stride.start..stride.end).contains(&(span.start + at)))
    }

    /// Notes that a stride uses an item; `false` if that was noted before.
    fn push(&mut self, step: usize, stride: Span, item: i32) -> bool {
        for place in self.places(step, stride) {
            match place {
                Some(used) if *used == item => return false,
                Some(_) => {}
                None => {
                    *place = Some(item);
                    return true;
                }
            }
        }
        false
    }

    /// Takes the note back; it is the last of the stride.
    fn pop(&mut self, step: usize, stride: Span, item: i32) {
        let mut places = self.places(step, stride).iter_mut();
        if let Some(place) = places.rfind(|place| **place == Some(item)) {
            *place = None;
        }
    }
}

type Choices = SmallVec<[Choice; 4]>;

/// The first block of some steps: where it begins, its choices, and the steps behind it.
fn block(steps: &[Step], size: usize) -> Option<(i32, Choices, &[Step])> {
    let (Step::Take(root), mut steps) = steps.split_first()? else { return None };
    let mut choices = Choices::new();
    loop {
        let (step, rest) = steps.split_first()?;
        steps = rest;
        match step {
            Step::Emit => return Some((*root, choices, steps)),
            Step::ChooseMsr { count, kind } if choices.len() < STEPS_MAX => {
                let strides = match usize::try_from(*count).ok()? {
                    0 => size,
                    count => count,
                };
                choices.push(Choice { strides, kind: *kind });
            }
            _ => return None,
        }
    }
}
