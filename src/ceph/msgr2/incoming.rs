//! From bytes to frames.

use bytes::{Buf, Bytes, BytesMut};

use super::banner::{Banner, PREFIX_LEN};
use super::compression::Algorithm;
use super::crypto::{BLOCK_LEN, Opener, TAG_LEN, padded};
use super::preamble::{PREAMBLE_LEN, Preamble, SEGMENTS_MAX, Tag};
use super::{INLINE_LEN, LATE_ABORTED, LATE_COMPLETE, LATE_MASK, Revision, TRANSCRIPT_MAX, crc};
use crate::codec::Reader;
use crate::errno::{Errno, Error, Result};

/// Room that a read finds at least.
const READ_MIN: usize = 16 << 10;
/// Room behind a frame that is being read, for the start of the next.
const READ_AHEAD: usize = 4 << 10;
/// Most that is allocated for a frame before any of it has come.
const GROW_MAX: usize = 8 << 20;

/// A frame whose checksums or tags were right.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) tag: Tag,
    pub(super) segments: [Bytes; SEGMENTS_MAX],
}

impl Frame {
    /// The payload of a control frame.
    pub(super) fn payload(&self) -> &[u8] {
        let [payload, ..] = &self.segments;
        payload
    }
}

/// Turns what a peer sends into frames. Bytes go into [`buffer`](Self::buffer), frames come out
/// of [`frame`](Self::frame); after an error nothing more may be asked of it.
pub(super) struct Incoming {
    buffer: BytesMut,
    revision: Revision,
    check_crcs: bool,
    opener: Option<Opener>,
    /// What frames may be compressed with.
    compression: Option<Algorithm>,
    /// The frame that is coming.
    current: Option<Current>,
    /// All bytes so far, while they are still to be signed.
    transcript: Option<Vec<u8>>,
}

struct Current {
    preamble: Preamble,
    /// Start of the first segment, from an encrypted preamble.
    inlined: Bytes,
    /// Bytes that follow.
    len: usize,
}

fn bad(what: &'static str) -> Error {
    Errno::EBADMSG.because(what)
}

/// Takes the first bytes of each array element for a segment of that length.
fn split(body: &mut Bytes, len: usize, padded: usize) -> Result<Bytes> {
    if body.len() < padded || padded < len {
        return Err(bad("frame: too short"));
    }
    let mut segment = body.split_to(padded);
    segment.truncate(len);
    Ok(segment)
}

impl Incoming {
    /// Before the banner. Without `check_crcs` (`ms_crc_data`) checksums are read but not believed.
    pub(super) fn new(check_crcs: bool) -> Self {
        Incoming {
            buffer: BytesMut::new(),
            revision: Revision::V2_0,
            check_crcs,
            opener: None,
            compression: None,
            current: None,
            transcript: Some(Vec::new()),
        }
    }

    /// Where to put what comes: append to it. There is room for the rest of the current frame,
    /// unless that is very long, so that bulk data is read to where it will stay.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        let len = self.buffer.len();
        let missing = self.needed().saturating_sub(len);
        let spare = self.buffer.capacity() - len;
        if missing > GROW_MAX {
            if spare < READ_MIN {
                self.buffer.reserve(GROW_MAX.max(len));
            }
        } else if spare < missing.max(READ_AHEAD) {
            self.buffer.reserve((missing + READ_AHEAD).max(READ_MIN));
        }
        &mut self.buffer
    }

    /// Gives back memory that an earlier long frame has left. For when nothing comes for a while.
    pub(super) fn shrink(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Frames are from now on as in this revision.
    pub(super) fn set_revision(&mut self, revision: Revision) {
        self.revision = revision;
    }

    /// Frames are from now on encrypted.
    pub(super) fn set_opener(&mut self, opener: Opener) {
        self.opener = Some(opener);
    }

    /// Frames may from now on be compressed with this.
    pub(super) fn set_compression(&mut self, algorithm: Algorithm) {
        self.compression = Some(algorithm);
    }

    /// All bytes of the banner and the frames taken so far; not kept any longer.
    pub(super) fn take_transcript(&mut self) -> Vec<u8> {
        self.transcript.take().unwrap_or_default()
    }

    /// The peer's banner, when it has come. Before any frame.
    pub(super) fn banner(&mut self) -> Result<Option<Banner>> {
        let Some(prefix) = self.buffer.get(..PREFIX_LEN) else { return Ok(None) };
        let len = PREFIX_LEN + Banner::payload_len(prefix)?;
        if self.buffer.len() < len {
            return Ok(None);
        }
        let mut bytes = self.take(len)?;
        bytes.advance(PREFIX_LEN);
        Banner::decode(&bytes).map(Some)
    }

    /// The next frame, if all of it has come. Frames that the peer gave up halfway are passed over.
    pub(super) fn frame(&mut self) -> Result<Option<Frame>> {
        loop {
            let Some(current) = &self.current else {
                if self.buffer.len() < self.needed() {
                    return Ok(None);
                }
                self.current = Some(self.begin()?);
                continue;
            };
            if self.buffer.len() < current.len {
                return Ok(None);
            }
            let Some(current) = self.current.take() else { return Ok(None) };
            let body = self.take(current.len)?;
            if let Some(mut segments) = self.segments(&current, body)? {
                if current.preamble.is_compressed {
                    self.decompress(&current.preamble, &mut segments)?;
                }
                return Ok(Some(Frame { tag: current.preamble.tag, segments }));
            }
        }
    }

    /// Bytes the next step needs.
    fn needed(&self) -> usize {
        match (&self.current, self.revision) {
            (Some(current), _) => current.len,
            (None, Revision::V2_1) if self.opener.is_some() => PREAMBLE_LEN + INLINE_LEN + TAG_LEN,
            (None, _) => PREAMBLE_LEN,
        }
    }

    fn take(&mut self, len: usize) -> Result<BytesMut> {
        let bytes = self.buffer.split_to(len);
        if let Some(transcript) = &mut self.transcript {
            if transcript.len() + len > TRANSCRIPT_MAX {
                return Err(bad("handshake: too long"));
            }
            transcript.extend_from_slice(&bytes);
        }
        Ok(bytes)
    }

    /// Reads the preamble, for which there are enough bytes.
    fn begin(&mut self) -> Result<Current> {
        let mut inlined = Bytes::new();
        let (preamble, len) = match (&mut self.opener, self.revision) {
            (None, revision) => {
                let preamble = Preamble::decode(&self.take(PREAMBLE_LEN)?)?;
                (preamble, crc_len(&preamble, revision))
            }
            (Some(opener), Revision::V2_0) => {
                // Stays in the buffer: the tag at the frame's end covers it too.
                let mut sealed = [0; PREAMBLE_LEN];
                sealed.copy_from_slice(
                    self.buffer.get(..PREAMBLE_LEN).ok_or_else(|| bad("frame: too short"))?,
                );
                let preamble = Preamble::decode(&opener.peek(&sealed)?)?;
                let segments =
                    padded(preamble.first()) + preamble.later().map(padded).sum::<usize>();
                (preamble, PREAMBLE_LEN + segments + BLOCK_LEN + TAG_LEN)
            }
            (Some(opener), Revision::V2_1) => {
                let mut block = self.buffer.split_to(PREAMBLE_LEN + INLINE_LEN + TAG_LEN);
                opener.open(&mut block)?;
                block.truncate(PREAMBLE_LEN + INLINE_LEN);
                inlined = block.split_off(PREAMBLE_LEN).freeze();
                let preamble = Preamble::decode(&block)?;
                (preamble, first_secure_len(&preamble) + rest_secure_len(&preamble))
            }
        };
        if preamble.is_compressed && self.compression.is_none() {
            return Err(bad("frame: compressed, though nobody agreed on that"));
        }
        Ok(Current { preamble, inlined, len })
    }

    fn decompress(&self, preamble: &Preamble, segments: &mut [Bytes; SEGMENTS_MAX]) -> Result<()> {
        let Some(algorithm) = self.compression else { return Ok(()) };
        for (segment, cap) in segments.iter_mut().zip(preamble.caps()) {
            *segment = algorithm.decompress(segment, cap as usize)?.into();
        }
        Ok(())
    }

    /// Checks and takes apart what follows a preamble; `None` for a frame that was given up.
    fn segments(&mut self, of: &Current, body: BytesMut) -> Result<Option<[Bytes; SEGMENTS_MAX]>> {
        let preamble = &of.preamble;
        match (&mut self.opener, self.revision) {
            (None, Revision::V2_0) => crc_2_0(preamble, body.freeze(), self.check_crcs),
            (None, Revision::V2_1) => crc_2_1(preamble, body.freeze(), self.check_crcs),
            (Some(opener), Revision::V2_0) => secure_2_0(preamble, body, opener),
            (Some(opener), Revision::V2_1) => secure_2_1(of, body, opener),
        }
    }
}

/// Bytes behind the preamble of a frame with checksums.
fn crc_len(preamble: &Preamble, revision: Revision) -> usize {
    let first = preamble.first();
    let later = preamble.later().sum::<usize>();
    match revision {
        Revision::V2_0 => first + later + 1 + 4 * SEGMENTS_MAX,
        Revision::V2_1 => {
            let first = if first > 0 { first + 4 } else { 0 };
            let epilogue = if preamble.segments > 1 { 1 + 4 * (SEGMENTS_MAX - 1) } else { 0 };
            first + later + epilogue
        }
    }
}

/// Bytes of the first segment's block behind an encrypted preamble of revision 2.1.
fn first_secure_len(preamble: &Preamble) -> usize {
    match padded(preamble.first()).checked_sub(INLINE_LEN) {
        None | Some(0) => 0,
        Some(rest) => rest + TAG_LEN,
    }
}

/// Bytes of the block with the later segments.
fn rest_secure_len(preamble: &Preamble) -> usize {
    match preamble.segments {
        ..=1 => 0,
        _ => preamble.later().map(padded).sum::<usize>() + BLOCK_LEN + TAG_LEN,
    }
}

fn check(segment: &[u8], sum: u32, wanted: bool) -> Result<()> {
    if wanted && crc::segment(segment) != sum {
        return Err(bad("segment: wrong checksum"));
    }
    Ok(())
}

/// Whether the frame is complete; an error when the byte is neither code word.
fn complete(late_status: u8) -> Result<bool> {
    match late_status & LATE_MASK {
        LATE_COMPLETE => Ok(true),
        LATE_ABORTED => Ok(false),
        _ => Err(bad("epilogue: neither complete nor given up")),
    }
}

fn crc_2_0(
    preamble: &Preamble,
    mut body: Bytes,
    check_crcs: bool,
) -> Result<Option<[Bytes; SEGMENTS_MAX]>> {
    let mut segments = <[Bytes; SEGMENTS_MAX]>::default();
    for (segment, len) in segments.iter_mut().zip(preamble.lens) {
        *segment = split(&mut body, len as usize, len as usize)?;
    }
    let mut epilogue = Reader::new(&body);
    if epilogue.u8("late flags")? & LATE_ABORTED != 0 {
        return Ok(None);
    }
    for segment in segments.iter().take(preamble.segments) {
        check(segment, epilogue.u32("segment checksum")?, check_crcs)?;
    }
    Ok(Some(segments))
}

fn crc_2_1(
    preamble: &Preamble,
    mut body: Bytes,
    check_crcs: bool,
) -> Result<Option<[Bytes; SEGMENTS_MAX]>> {
    let mut segments = <[Bytes; SEGMENTS_MAX]>::default();
    let [first, later @ ..] = &mut segments;
    if preamble.first() > 0 {
        *first = split(&mut body, preamble.first(), preamble.first())?;
        let sum = split(&mut body, 4, 4)?;
        check(first, Reader::new(&sum).u32("segment checksum")?, check_crcs)?;
    }
    if preamble.segments > 1 {
        for (segment, len) in later.iter_mut().zip(preamble.later()) {
            *segment = split(&mut body, len, len)?;
        }
        let mut epilogue = Reader::new(&body);
        if !complete(epilogue.u8("late status")?)? {
            return Ok(None);
        }
        for segment in later.iter().take(preamble.segments - 1) {
            check(segment, epilogue.u32("segment checksum")?, check_crcs)?;
        }
    }
    Ok(Some(segments))
}

fn secure_2_0(
    preamble: &Preamble,
    mut body: BytesMut,
    opener: &mut Opener,
) -> Result<Option<[Bytes; SEGMENTS_MAX]>> {
    opener.open(&mut body)?;
    let mut body = body.freeze();
    split(&mut body, PREAMBLE_LEN, PREAMBLE_LEN)?;
    let mut segments = <[Bytes; SEGMENTS_MAX]>::default();
    for (segment, len) in segments.iter_mut().zip(preamble.lens) {
        *segment = split(&mut body, len as usize, padded(len as usize))?;
    }
    let aborted = Reader::new(&body).u8("late flags")? & LATE_ABORTED != 0;
    Ok((!aborted).then_some(segments))
}

fn secure_2_1(
    of: &Current,
    mut body: BytesMut,
    opener: &mut Opener,
) -> Result<Option<[Bytes; SEGMENTS_MAX]>> {
    let preamble = &of.preamble;
    let mut segments = <[Bytes; SEGMENTS_MAX]>::default();
    let [first, later @ ..] = &mut segments;
    let first_len = first_secure_len(preamble);
    if first_len == 0 {
        *first = of.inlined.clone();
        first.truncate(preamble.first());
    } else {
        let mut block = body.split_to(first_len);
        opener.open(&mut block)?;
        let mut whole = BytesMut::with_capacity(INLINE_LEN + block.len());
        whole.extend_from_slice(&of.inlined);
        whole.extend_from_slice(&block);
        whole.truncate(preamble.first());
        *first = whole.freeze();
    }
    if preamble.segments > 1 {
        opener.open(&mut body)?;
        let mut body = body.freeze();
        for (segment, len) in later.iter_mut().zip(preamble.later()) {
            *segment = split(&mut body, len, padded(len))?;
        }
        if !complete(Reader::new(&body).u8("late status")?)? {
            return Ok(None);
        }
    }
    Ok(Some(segments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_room_and_never_too_much() {
        let mut incoming = Incoming::new(true);
        incoming.set_revision(Revision::V2_1);
        let mut frame = Preamble::new(Tag::Message, [41, 0, 0, 100]).encode().to_vec();
        frame.resize(PREAMBLE_LEN + 41 + 4 + 100 + 13, 0);
        incoming.check_crcs = false;
        frame[PREAMBLE_LEN + 41 + 4 + 100] = LATE_COMPLETE;
        let mut kept = Vec::new();
        for _ in 0..2000 {
            for part in frame.chunks(77) {
                let buffer = incoming.buffer();
                let spare = buffer.capacity() - buffer.len();
                assert!((READ_AHEAD..4 * READ_MIN).contains(&spare), "{spare}");
                buffer.extend_from_slice(part);
                kept.extend(incoming.frame().unwrap());
            }
        }
        assert_eq!(kept.len(), 2000);
        // All of a long frame, and the start of the next, is read to where it stays.
        let long = Preamble::new(Tag::Message, [41, 0, 0, 4 << 20]).encode();
        incoming.buffer().extend_from_slice(&long);
        assert!(incoming.frame().unwrap().is_none());
        let start = incoming.buffer().as_ptr();
        for _ in 0..64 {
            incoming.buffer().extend_from_slice(&[0; 64 << 10]);
            assert_eq!(incoming.buffer().as_ptr(), start);
        }
    }
}
