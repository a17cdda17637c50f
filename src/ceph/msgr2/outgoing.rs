//! From frames to bytes.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::compression::{self, Compressor};
use super::crypto::{BLOCK_LEN, Sealer, TAG_LEN, padded};
use super::preamble::{PREAMBLE_LEN, Preamble, SEGMENTS_MAX, Tag};
use super::{INLINE_LEN, LATE_COMPLETE, Revision, crc};
use crate::errno::{Errno, Result};

/// Pieces up to this length are copied behind each other, as one more entry of a vectored write
/// costs about as much; longer ones are sent from where they are.
const COPY_MAX: usize = 1 << 10;
/// Copied bytes that are kept in one piece.
const TAIL_MAX: usize = 32 << 10;

/// The segments of a message behind its header, each in pieces.
pub(super) type Later<'a> = [&'a [Bytes]; SEGMENTS_MAX - 1];

/// Turns frames into bytes to send. They wait here, without limit, until [`sent`](Self::sent).
pub(super) struct Outgoing {
    revision: Revision,
    with_crcs: bool,
    sealer: Option<Sealer>,
    compressor: Option<Compressor>,
    /// What is to be sent, in order; `tail` is behind them.
    pieces: VecDeque<Bytes>,
    tail: BytesMut,
    /// All bytes so far, while they are still to be signed.
    transcript: Option<Vec<u8>>,
}

fn len(segment: &[Bytes]) -> usize {
    segment.iter().map(Bytes::len).sum()
}

fn sum(segment: &[Bytes]) -> u32 {
    segment.iter().fold(crc::START, |crc, piece| crc::update(crc, piece))
}

/// Of a frame with these segments. Fails when one of them is too long.
fn preamble(tag: Tag, first: &[u8], later: Later<'_>) -> Result<Preamble> {
    let too_long = |_| Errno::E2BIG.because("a message too long for a frame");
    let mut lens = [u32::try_from(first.len()).map_err(too_long)?, 0, 0, 0];
    for (len_of, segment) in lens.iter_mut().skip(1).zip(later) {
        *len_of = u32::try_from(len(segment)).map_err(too_long)?;
    }
    Ok(Preamble::new(tag, lens))
}

impl Outgoing {
    /// Before the banner. Without `with_crcs` (`ms_crc_data`) checksums of segments are 0.
    pub(super) fn new(with_crcs: bool) -> Self {
        Outgoing {
            revision: Revision::V2_0,
            with_crcs,
            sealer: None,
            compressor: None,
            pieces: VecDeque::new(),
            tail: BytesMut::new(),
            transcript: Some(Vec::new()),
        }
    }

    /// Frames are from now on as in this revision.
    pub(super) fn set_revision(&mut self, revision: Revision) {
        self.revision = revision;
    }

    /// Frames are from now on encrypted.
    pub(super) fn set_sealer(&mut self, sealer: Sealer) {
        self.sealer = Some(sealer);
    }

    /// Frames are from now on compressed, unless they are short.
    pub(super) fn set_compressor(&mut self, compressor: Compressor) {
        self.compressor = Some(compressor);
    }

    /// All bytes of the banner and the frames so far; not kept any longer.
    pub(super) fn take_transcript(&mut self) -> Vec<u8> {
        self.transcript.take().unwrap_or_default()
    }

    /// Whether everything was sent.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.tail.is_empty()
    }

    /// Moves all that is to be sent behind what is in `batch`.
    pub(super) fn take(&mut self, batch: &mut VecDeque<Bytes>) {
        self.end_tail();
        if batch.is_empty() {
            std::mem::swap(batch, &mut self.pieces);
        } else {
            batch.append(&mut self.pieces);
        }
    }

    /// Fills `slices` with what is to be sent next and returns how many of them were used.
    pub(super) fn transmit<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let tail = (!self.tail.is_empty()).then_some(&self.tail[..]);
        let pieces = self.pieces.iter().map(|piece| &piece[..]).chain(tail);
        slices.iter_mut().zip(pieces).map(|(slice, piece)| *slice = IoSlice::new(piece)).count()
    }

    /// The first `count` bytes were sent.
    pub(super) fn sent(&mut self, mut count: usize) {
        while let Some(first) = self.pieces.front_mut() {
            if first.len() > count {
                first.advance(count);
                return;
            }
            count -= first.len();
            self.pieces.pop_front();
        }
        self.tail.advance(count.min(self.tail.len()));
    }

    /// Appends bytes that are no frame.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        if let Some(transcript) = &mut self.transcript {
            transcript.extend_from_slice(bytes);
        }
        self.tail.extend_from_slice(bytes);
    }

    /// Appends a frame of one segment.
    pub(super) fn control(&mut self, tag: Tag, payload: &[u8]) -> Result<()> {
        self.frame(tag, payload, [&[]; SEGMENTS_MAX - 1])
    }

    /// Appends a frame. Fails when a segment is too long for one, or the connection's nonces are
    /// used up.
    pub(super) fn frame(&mut self, tag: Tag, first: &[u8], later: Later<'_>) -> Result<()> {
        let compressed = self.compressor.and_then(|compressor| compressor.compress(first, later));
        if let Some(compressed) = compressed {
            let ([first, ..], later) = (&compressed, compression::later(&compressed));
            let mut preamble = preamble(tag, first, later)?;
            preamble.is_compressed = true;
            return self.write(&preamble, first, later);
        }
        self.write(&preamble(tag, first, later)?, first, later)
    }

    fn write(&mut self, preamble: &Preamble, first: &[u8], later: Later<'_>) -> Result<()> {
        if self.tail.len() > TAIL_MAX {
            self.end_tail();
        }
        let start = self.tail.len();
        match (self.sealer.take(), self.revision) {
            (None, Revision::V2_0) => self.crc_2_0(preamble, first, later),
            (None, Revision::V2_1) => self.crc_2_1(preamble, first, later),
            (Some(mut sealer), revision) => {
                let sealed = match revision {
                    Revision::V2_0 => self.secure_2_0(&mut sealer, preamble, first, later),
                    Revision::V2_1 => self.secure_2_1(&mut sealer, preamble, first, later),
                };
                self.sealer = Some(sealer);
                sealed?;
            }
        }
        // Control frames, the only ones in a handshake, are short: they are all in the tail.
        if let Some(transcript) = &mut self.transcript {
            transcript.extend_from_slice(self.tail.get(start..).unwrap_or_default());
        }
        Ok(())
    }

    fn end_tail(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push_back(self.tail.split().freeze());
        }
    }

    fn push(&mut self, segment: &[Bytes]) {
        for piece in segment {
            if piece.len() <= COPY_MAX {
                self.tail.extend_from_slice(piece);
            } else {
                self.end_tail();
                self.pieces.push_back(piece.clone());
            }
        }
    }

    fn sum_of(&self, segment: &[Bytes]) -> u32 {
        if self.with_crcs { sum(segment) } else { 0 }
    }

    fn first_sum(&self, segment: &[u8]) -> u32 {
        if self.with_crcs { crc::segment(segment) } else { 0 }
    }

    fn crc_2_0(&mut self, preamble: &Preamble, first: &[u8], later: Later<'_>) {
        self.tail.extend_from_slice(&preamble.encode());
        self.tail.extend_from_slice(first);
        later.iter().for_each(|segment| self.push(segment));
        self.tail.put_u8(0);
        self.tail.put_u32_le(self.first_sum(first));
        for (at, segment) in later.iter().enumerate() {
            let sum = if at + 1 < preamble.segments { self.sum_of(segment) } else { 0 };
            self.tail.put_u32_le(sum);
        }
    }

    fn crc_2_1(&mut self, preamble: &Preamble, first: &[u8], later: Later<'_>) {
        self.tail.extend_from_slice(&preamble.encode());
        if !first.is_empty() {
            self.tail.extend_from_slice(first);
            self.tail.put_u32_le(self.first_sum(first));
        }
        if preamble.segments > 1 {
            later.iter().for_each(|segment| self.push(segment));
            self.tail.put_u8(LATE_COMPLETE);
            for (at, segment) in later.iter().enumerate() {
                let sum = if at + 1 < preamble.segments { self.sum_of(segment) } else { 0 };
                self.tail.put_u32_le(sum);
            }
        }
    }

    /// Appends to the tail `len` bytes padded to whole blocks.
    fn pad(&mut self, len: usize) {
        self.tail.put_bytes(0, padded(len) - len);
    }

    /// Encrypts the tail from `start` on.
    fn seal(&mut self, sealer: &mut Sealer, start: usize) -> Result<()> {
        let tag = sealer.seal(self.tail.get_mut(start..).unwrap_or_default())?;
        self.tail.extend_from_slice(&tag);
        Ok(())
    }

    fn push_padded(&mut self, later: Later<'_>) {
        let all: usize = later.iter().map(|segment| padded(len(segment))).sum();
        self.tail.reserve(all + BLOCK_LEN + TAG_LEN);
        for segment in later {
            segment.iter().for_each(|piece| self.tail.extend_from_slice(piece));
            self.pad(len(segment));
        }
    }

    fn secure_2_0(
        &mut self,
        sealer: &mut Sealer,
        preamble: &Preamble,
        first: &[u8],
        later: Later<'_>,
    ) -> Result<()> {
        let start = self.tail.len();
        self.tail.extend_from_slice(&preamble.encode());
        self.tail.extend_from_slice(first);
        self.pad(first.len());
        self.push_padded(later);
        self.tail.put_bytes(0, BLOCK_LEN);
        self.seal(sealer, start)
    }

    fn secure_2_1(
        &mut self,
        sealer: &mut Sealer,
        preamble: &Preamble,
        first: &[u8],
        later: Later<'_>,
    ) -> Result<()> {
        let start = self.tail.len();
        let (inlined, rest) = first.split_at(first.len().min(INLINE_LEN));
        self.tail.reserve(PREAMBLE_LEN + INLINE_LEN + TAG_LEN);
        self.tail.extend_from_slice(&preamble.encode());
        self.tail.extend_from_slice(inlined);
        self.tail.put_bytes(0, INLINE_LEN - inlined.len());
        self.seal(sealer, start)?;
        if !rest.is_empty() {
            let start = self.tail.len();
            self.tail.extend_from_slice(rest);
            self.pad(rest.len());
            self.seal(sealer, start)?;
        }
        if preamble.segments > 1 {
            let start = self.tail.len();
            self.push_padded(later);
            self.tail.put_u8(LATE_COMPLETE);
            self.tail.put_bytes(0, BLOCK_LEN - 1);
            self.seal(sealer, start)?;
        }
        Ok(())
    }
}
