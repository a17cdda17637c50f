//! Small writes to objects that are being written to: they go out together, when it is their turn.
//!
//! ```text
//!   enter -- nothing of the object is under way, and few objects are --> sent
//!       \--- otherwise: gathered --leave() of the object, or another--> sent, all in one operation
//! ```
//!
//! So the slower the cluster, the more is in an operation. No timer is needed: what is gathered
//! waits for something that is under way. Objects that wait have their turns in the order of
//! coming.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use smallvec::SmallVec;

/// What goes out in one operation.
pub(in crate::rbd::io) type Batch<W> = SmallVec<[W; 1]>;

/// The most of a batch, in writes and in bytes.
const BATCH_WRITES: usize = 128;
const BATCH_BYTES: u64 = 1 << 20;

/// What can be gathered.
pub(super) trait Gathers {
    /// Bytes.
    fn size(&self) -> u64;
    /// Whether both may be in one operation.
    fn goes_with(&self, other: &Self) -> bool;
}

/// The small writes of an image. One lock for all of its objects: it is taken once by a write and
/// once by an operation.
pub(super) struct Gather<W> {
    state: Mutex<State<W>>,
}

struct State<W> {
    /// Objects that something is under way or gathered for, and what is gathered.
    objects: HashMap<u64, VecDeque<W>>,
    /// Those nothing is under way for.
    turns: VecDeque<u64>,
    under_way: usize,
}

impl<W: Gathers> Gather<W> {
    pub(super) fn new() -> Self {
        let state = State { objects: HashMap::new(), turns: VecDeque::new(), under_way: 0 };
        Gather { state: Mutex::new(state) }
    }

    /// Gives the write back if it is to be sent now. Keeps it otherwise, to be sent with others by
    /// who calls [`Gather::leave`]. `limit`: the most objects that something is under way for.
    pub(super) fn enter(&self, object: u64, write: W, limit: usize) -> Option<W> {
        let mut state = self.state.lock();
        let state = &mut *state;
        if let Some(gathered) = state.objects.get_mut(&object) {
            gathered.push_back(write);
            return None;
        }
        if state.under_way < limit {
            state.under_way += 1;
            state.objects.insert(object, VecDeque::new());
            return Some(write);
        }
        state.objects.insert(object, VecDeque::from([write]));
        state.turns.push_back(object);
        None
    }

    /// What was sent for an object has ended. What is to be sent now, for this or another object.
    pub(super) fn leave(&self, object: u64, limit: usize) -> Option<Batch<W>> {
        let mut state = self.state.lock();
        let state = &mut *state;
        state.under_way = state.under_way.saturating_sub(1);
        match state.objects.get(&object) {
            Some(gathered) if !gathered.is_empty() => state.turns.push_back(object),
            _ => drop(state.objects.remove(&object)),
        }
        if state.under_way >= limit {
            return None;
        }
        let next = state.turns.pop_front()?;
        state.under_way += 1;
        state.objects.get_mut(&next).map(batch)
    }
}

/// The first of what is gathered, as many as go together.
fn batch<W: Gathers>(gathered: &mut VecDeque<W>) -> Batch<W> {
    let mut batch: Batch<W> = gathered.pop_front().into_iter().collect();
    let mut bytes: u64 = batch.iter().map(W::size).sum();
    while let (Some(first), Some(next)) = (batch.first(), gathered.front()) {
        bytes += next.size();
        if batch.len() >= BATCH_WRITES || bytes > BATCH_BYTES || !next.goes_with(first) {
            break;
        }
        batch.extend(gathered.pop_front());
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A write of so many bytes under a view of a number.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    struct Small(u64, u32);

    impl Gathers for Small {
        fn size(&self) -> u64 {
            self.0
        }

        fn goes_with(&self, other: &Self) -> bool {
            self.1 == other.1
        }
    }

    fn left(gather: &Gather<Small>, object: u64) -> Vec<Small> {
        gather.leave(object, 2).map(SmallVec::into_vec).unwrap_or_default()
    }

    #[test]
    fn what_comes_while_the_object_is_written_goes_out_together() {
        let gather = Gather::new();
        let [a, b, c] = [1, 2, 3].map(|len| Small(len, 0));
        assert_eq!(gather.enter(7, a, 2), Some(a));
        assert_eq!(gather.enter(7, b, 2), None);
        assert_eq!(gather.enter(7, c, 2), None);
        assert_eq!(gather.enter(8, a, 2), Some(a), "another object");
        assert_eq!(left(&gather, 7), [b, c]);
        assert_eq!(gather.enter(7, a, 2), None, "they are under way");
        assert_eq!(left(&gather, 7), [a]);
        assert_eq!(left(&gather, 7), []);
        assert_eq!(left(&gather, 8), []);
        assert_eq!(gather.enter(7, c, 2), Some(c));
    }

    #[test]
    fn objects_have_their_turns() {
        let gather = Gather::new();
        let write = Small(1, 0);
        for object in 0..2 {
            assert_eq!(gather.enter(object, write, 2), Some(write));
        }
        for object in [5, 0, 6, 5] {
            assert_eq!(gather.enter(object, write, 2), None);
        }
        assert_eq!(left(&gather, 0), [write; 2], "of 5, which came first");
        assert_eq!(left(&gather, 1), [write], "of 6");
        assert_eq!(left(&gather, 6), [write], "of 0, behind the others");
        // A limit that was lowered meanwhile.
        assert_eq!(gather.enter(9, write, 2), None);
        assert_eq!(gather.leave(0, 1), None);
        assert_eq!(left(&gather, 5), [write]);
        assert_eq!(left(&gather, 9), []);
    }

    #[test]
    fn a_batch_is_of_one_view_and_not_too_large() {
        let gather = Gather::new();
        let sent = |writes: Vec<Small>| {
            assert!(gather.enter(0, Small(1, 0), 2).is_some());
            writes.into_iter().for_each(|write| assert_eq!(gather.enter(0, write, 2), None));
            let mut counts = Vec::new();
            loop {
                match left(&gather, 0).len() {
                    0 => return counts,
                    count => counts.push(count),
                }
            }
        };
        assert_eq!(sent(vec![Small(1, 0), Small(1, 1), Small(1, 1), Small(1, 0)]), [1, 2, 1]);
        assert_eq!(sent(vec![Small(BATCH_BYTES / 2, 0); 5]), [2, 2, 1]);
        assert_eq!(sent(vec![Small(1, 0); BATCH_WRITES + 1]), [BATCH_WRITES, 1]);
    }
}
