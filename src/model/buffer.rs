//! Data on its way to an engine and from it, without copies in between.

use bytes::{Bytes, BytesMut};
use smallvec::{SmallVec, smallvec};

/// Bytes to be written, in one or several pieces, in order.
///
/// It may be lent: the memory is the caller's own, who may reuse it as soon as the call that took
/// it has returned. Whoever holds on to a payload for longer calls [`Payload::keep`] first: a
/// queue, an engine that answers later.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    pieces: SmallVec<[Bytes; 1]>,
    len: usize,
    is_lent: bool,
}

/// Bytes that stay as they are as long as there is what was pledged for them.
struct Pledged<T> {
    bytes: Bytes,
    _pledge: T,
}

impl<T> AsRef<[u8]> for Pledged<T> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Payload {
    /// No bytes.
    #[must_use]
    pub fn new() -> Self {
        Payload::default()
    }

    /// The caller's memory, good until the call ends that takes it.
    #[must_use]
    pub fn lent(bytes: Bytes) -> Self {
        Payload { is_lent: true, ..bytes.into() }
    }

    /// What is lent, by an owner who leaves it alone as long as there is `pledge` or a clone of it:
    /// all pieces have one.
    #[must_use]
    pub fn pledged<T>(self, pledge: &T) -> Self
    where
        T: Clone + Send + Sync + 'static,
    {
        let piece = |bytes| Bytes::from_owner(Pledged { bytes, _pledge: pledge.clone() });
        let pieces = self.pieces.into_iter().map(piece).collect();
        Payload { pieces, len: self.len, is_lent: false }
    }

    /// Copies what is lent, so that it stays as it is.
    pub fn keep(&mut self) {
        if self.is_lent {
            let mut all = BytesMut::with_capacity(self.len);
            self.pieces.iter().for_each(|piece| all.extend_from_slice(piece));
            *self = all.freeze().into();
        }
    }

    /// Appends another payload's pieces.
    pub fn append(&mut self, other: Payload) {
        self.is_lent |= other.is_lent;
        other.pieces.into_iter().for_each(|piece| self.push(piece));
    }

    /// Appends a piece.
    pub fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push(piece);
        }
    }

    /// Bytes in all pieces.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces, none of them empty.
    #[must_use]
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// Splits off the first `at` bytes (all when there are fewer), without copying.
    #[must_use]
    pub fn split_to(&mut self, at: usize) -> Payload {
        let at = at.min(self.len);
        if at == self.len {
            return std::mem::take(self);
        }
        let mut head = Payload { is_lent: self.is_lent, ..Payload::new() };
        while head.len < at {
            let wanted = at - head.len;
            let Some(first) = self.pieces.first_mut() else { break };
            if first.len() <= wanted {
                head.push(self.pieces.remove(0));
            } else {
                head.push(first.split_to(wanted));
            }
        }
        self.len -= head.len;
        head
    }

    /// All bytes in one piece: without copying where there is only one.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self.pieces.as_slice() {
            [] => Bytes::new(),
            [one] => one.clone(),
            many => {
                let mut all = BytesMut::with_capacity(self.len);
                many.iter().for_each(|piece| all.extend_from_slice(piece));
                all.freeze()
            }
        }
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        let len = bytes.len();
        if len == 0 {
            Payload::new()
        } else {
            Payload { pieces: smallvec![bytes], len, is_lent: false }
        }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&'static [u8]> for Payload {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

/// Memory that a read fills in place: a caller's buffer behind the C API, or a `BytesMut` in Rust.
pub trait ReadMemory: Send {
    /// The memory. Its length is how much may be read into it.
    fn bytes(&mut self) -> &mut [u8];

    /// Splits off the first `at` bytes, so that two reads can fill the two halves. `at` is at most
    /// the length.
    fn split_to(&mut self, at: usize) -> Box<dyn ReadMemory>;
}

impl ReadMemory for Box<dyn ReadMemory> {
    fn bytes(&mut self) -> &mut [u8] {
        (**self).bytes()
    }

    fn split_to(&mut self, at: usize) -> Box<dyn ReadMemory> {
        (**self).split_to(at)
    }
}

impl ReadMemory for BytesMut {
    fn bytes(&mut self) -> &mut [u8] {
        self
    }

    fn split_to(&mut self, at: usize) -> Box<dyn ReadMemory> {
        Box::new(BytesMut::split_to(self, at))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_pledged_is_used_in_place_and_let_go_of() {
        let bytes = Bytes::from_static(b"abc");
        let mut data = Payload::lent(bytes.clone());
        data.append(Payload::lent(bytes.slice(1..)));
        let pledge = Arc::new(());
        let mut data = data.pledged(&pledge);
        data.keep();
        let other = data.split_to(1);
        assert_eq!(other.to_bytes().as_ptr(), bytes.as_ptr(), "no copy");
        assert_eq!(&data.to_bytes()[..], b"bcbc");
        assert!(Arc::strong_count(&pledge) > 1);
        drop(data);
        assert!(Arc::strong_count(&pledge) > 1, "somebody still looks at the first piece");
        drop(other);
        assert_eq!(Arc::strong_count(&pledge), 1);
    }
}
