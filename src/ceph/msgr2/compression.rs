//! Compressed frames: which algorithms there are, and how each lays out a segment.
//!
//! ```text
//!   snappy  its block format
//!   zlib    a byte that says which implementation wrote it, a raw deflate stream
//!   zstd    the length (u32), a frame
//!   lz4     count (u32), count * (length, compressed length) (u32 each), the blocks of one stream
//! ```
//!
//! A frame is compressed as a whole or not at all; every segment by itself, an empty one stays
//! empty. Lengths and checksums of the frame are those of the compressed segments
//! (`compression_onwire.cc`, `compressor/*/`).

use std::io::Read;
use std::slice;

use bytes::Bytes;
use lz4_flex::block as lz4;
use miniz_oxide::{deflate, inflate};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::outgoing::Later;
use super::preamble::SEGMENTS_MAX;
use crate::codec::{Reader, Writer};
use crate::errno::{Errno, Error, Result};

/// How a segment is compressed (`Compressor::COMP_ALG_*`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// Snappy.
    Snappy = 1,
    /// Deflate, as zlib does it.
    Zlib = 2,
    /// Zstandard.
    Zstd = 3,
    /// LZ4.
    Lz4 = 4,
}

/// Snappy's longest copy is 64 bytes of three.
const SNAPPY_RATIO: usize = 22;
/// A byte of an LZ4 length stands for 255.
const LZ4_RATIO: usize = 255;
/// For what a few compressed bytes can be above the ratio.
const RATIO_SLACK: usize = 64;
/// `compressor_zlib_level`
const ZLIB_LEVEL: u8 = 5;

impl Algorithm {
    const ALL: [Algorithm; 4] =
        [Algorithm::Snappy, Algorithm::Zlib, Algorithm::Zstd, Algorithm::Lz4];

    /// By its name in options.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// By its number in frames.
    pub(super) fn from_number(number: u32) -> Option<Self> {
        Algorithm::ALL.into_iter().find(|algorithm| *algorithm as u32 == number)
    }

    /// Its name in options.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Snappy => "snappy",
            Algorithm::Zlib => "zlib",
            Algorithm::Zstd => "zstd",
            Algorithm::Lz4 => "lz4",
        }
    }

    /// Compresses a segment; `None` if the algorithm does not want to.
    pub(super) fn compress(self, plain: &[u8]) -> Option<Bytes> {
        let len = u32::try_from(plain.len()).ok()?;
        let mut segment = Writer::new();
        match self {
            Algorithm::Snappy => {
                return snap::raw::Encoder::new().compress_vec(plain).ok().map(Bytes::from);
            }
            Algorithm::Zlib => segment.u8(0).raw(&deflate::compress_to_vec(plain, ZLIB_LEVEL)),
            Algorithm::Zstd => {
                segment.u32(len).raw(&compress_to_vec(plain, CompressionLevel::Fastest))
            }
            Algorithm::Lz4 => {
                let block = lz4::compress(plain);
                segment.u32(1).u32(len).u32(u32::try_from(block.len()).ok()?).raw(&block)
            }
        };
        Some(segment.into_bytes())
    }

    /// Decompresses a segment.
    ///
    /// # Errors
    /// `EBADMSG` for what it did not write, and for more than `max` bytes, before they take memory.
    pub(super) fn decompress(self, segment: &[u8], max: usize) -> Result<Vec<u8>> {
        if segment.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Algorithm::Snappy => {
                let len = snap::raw::decompress_len(segment).map_err(|_| self.bad())?;
                self.check(len, max, segment.len() * SNAPPY_RATIO)?;
                snap::raw::Decoder::new().decompress_vec(segment).map_err(|_| self.bad())
            }
            Algorithm::Zlib => {
                let stream = segment.get(1..).unwrap_or_default();
                inflate::decompress_to_vec_with_limit(stream, max).map_err(|_| self.bad())
            }
            Algorithm::Zstd => {
                let mut reader = Reader::new(segment);
                let len = reader.u32("zstd: length")? as usize;
                self.check(len, max, max)?;
                let frame = StreamingDecoder::new(reader.rest()).map_err(|_| self.bad())?;
                let mut plain = Vec::new();
                let read = frame.take(len as u64 + 1).read_to_end(&mut plain);
                if read.map_err(|_| self.bad())? == len { Ok(plain) } else { Err(self.bad()) }
            }
            Algorithm::Lz4 => self.decompress_lz4(segment, max),
        }
    }

    /// The blocks may copy from what the ones before them gave.
    fn decompress_lz4(self, segment: &[u8], max: usize) -> Result<Vec<u8>> {
        let mut reader = Reader::new(segment);
        let blocks: Vec<(u32, u32)> = reader.list("lz4: blocks")?;
        let len = blocks.iter().map(|(len, _)| *len as usize).fold(0, usize::saturating_add);
        self.check(len, max, segment.len() * LZ4_RATIO)?;
        let mut plain = vec![0; len];
        let mut done = 0;
        for (len, compressed) in blocks {
            let block = reader.take(compressed as usize, "lz4: block")?;
            let (before, rest) = plain.split_at_mut_checked(done).ok_or_else(|| self.bad())?;
            let here = rest.get_mut(..len as usize).ok_or_else(|| self.bad())?;
            let written = lz4::decompress_into_with_dict(block, here, before);
            if written.map_err(|_| self.bad())? != len as usize {
                return Err(self.bad());
            }
            done += len as usize;
        }
        Ok(plain)
    }

    /// Refuses a length that is too long, or that no such segment can have.
    fn check(self, len: usize, max: usize, possible: usize) -> Result<()> {
        if len > max || len > possible.saturating_add(RATIO_SLACK) {
            let what = format!("segment: {len} bytes compressed with {}", self.name());
            return Err(Errno::EBADMSG.because(what));
        }
        Ok(())
    }

    fn bad(self) -> Error {
        Errno::EBADMSG.because(format!("segment: not what {} writes", self.name()))
    }
}

/// What a side wants of compression. OSDs up to 20.2 agree with one another only, not with clients
/// (`CompressorRegistry::get_mode`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compression {
    /// What may be used, the one wanted most first (`ms_osd_compression_algorithm`).
    pub algorithms: Vec<Algorithm>,
    /// Frames whose segments have fewer bytes are left as they are (`ms_osd_compress_min_size`).
    pub min_size: usize,
    /// Also on encrypted connections, where lengths then tell about contents
    /// (`ms_compress_secure`).
    pub secure: bool,
}

/// Compresses the frames that are sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compressor {
    pub(super) algorithm: Algorithm,
    pub(super) min_size: usize,
}

impl Compressor {
    /// The segments of a frame compressed, or `None` if it is to be sent as it is.
    pub(super) fn compress(&self, first: &[u8], later: Later<'_>) -> Option<[Bytes; SEGMENTS_MAX]> {
        let later_len: usize = later.iter().copied().flatten().map(Bytes::len).sum();
        if first.len() + later_len < self.min_size {
            return None;
        }
        let mut segments = <[Bytes; SEGMENTS_MAX]>::default();
        let (here, others) = segments.split_first_mut()?;
        *here = self.segment(first)?;
        for (segment, pieces) in others.iter_mut().zip(later) {
            *segment = match pieces {
                [piece] => self.segment(piece)?,
                pieces => self.segment(&pieces.concat())?,
            };
        }
        Some(segments)
    }

    fn segment(&self, plain: &[u8]) -> Option<Bytes> {
        if plain.is_empty() {
            return Some(Bytes::new());
        }
        self.algorithm.compress(plain)
    }
}

/// The segments behind the first, as a frame takes them.
pub(super) fn later(segments: &[Bytes; SEGMENTS_MAX]) -> Later<'_> {
    let [_, front, middle, data] = segments;
    [front, middle, data].map(slice::from_ref)
}
