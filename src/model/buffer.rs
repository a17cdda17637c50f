//! Data on its way to an engine and from it, without copies in between.

use bytes::{Bytes, BytesMut};
use smallvec::{SmallVec, smallvec};

/// Bytes to be written, in one or several pieces, in order.
///
/// A piece may be the caller's own memory (see `Bytes::from_owner`), which then has to stay as it
/// is until the operation's completion; that is what `rbd_aio_write` asks of its callers.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    pieces: SmallVec<[Bytes; 1]>,
    len: usize,
}

impl Payload {
    /// No bytes.
    #[must_use]
    pub fn new() -> Self {
        Payload::default()
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
        let mut head = Payload::new();
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
        if len == 0 { Payload::new() } else { Payload { pieces: smallvec![bytes], len } }
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

impl ReadMemory for BytesMut {
    fn bytes(&mut self) -> &mut [u8] {
        self
    }

    fn split_to(&mut self, at: usize) -> Box<dyn ReadMemory> {
        Box::new(BytesMut::split_to(self, at))
    }
}
