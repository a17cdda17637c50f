//! What fuzzing wants of every value that has an encoding.

use super::{Decode, Encode, Reader, Writer};

/// What a decoder is fuzzed by: a name, and what to give bytes to.
pub type Entry = (&'static str, fn(&[u8]));

/// Decodes a value, if the bytes are one: its encoding must be one too, of the same value.
pub fn round<T: Decode + Encode>(bytes: &[u8]) {
    let Ok(value) = T::decode(&mut Reader::new(bytes), "value") else { return };
    let once = Writer::of(&value);
    let mut reader = Reader::new(&once);
    match T::decode(&mut reader, "value again") {
        Ok(again) => assert_eq!(Writer::of(&again), once, "another value comes back"),
        Err(error) => panic!("what was written cannot be read: {error}"),
    }
    assert!(reader.is_empty(), "{} bytes too many were written", reader.rest().len());
}

/// Decodes a value that has no encoding here.
pub fn read<T: Decode>(bytes: &[u8]) {
    let _ = T::decode(&mut Reader::new(bytes), "value");
}
