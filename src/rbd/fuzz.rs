//! Entries for fuzzing: what other clients of an image tell it, and what programs say.

use super::features::Features;
use super::message::{Message, Response};
use crate::codec::fuzz::{Entry, round};

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] = &[("rbd.message", message), ("rbd.features", features)];

fn message(bytes: &[u8]) {
    round::<Message>(bytes);
    round::<Response>(bytes);
}

fn features(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (features, _) = Features::parse(text);
    let (names, unknown) = features.names();
    assert!(!unknown && Features::parse(&names).0.contains(features), "{names}");
}

/// For the oracle: what was decoded, written again.
#[cfg(test)]
pub(crate) mod again {
    use bytes::Bytes;

    use crate::codec::{Decode, Reader, Writer};
    use crate::errno::Result;

    /// A notification.
    pub(crate) fn message(bytes: &[u8]) -> Result<Option<Bytes>> {
        let mut reader = Reader::new(bytes);
        let message = super::Message::decode(&mut reader, "message")?;
        reader.finish("message")?;
        Ok(Some(Writer::of(&message)))
    }

    /// The answer to one.
    pub(crate) fn response(bytes: &[u8]) -> Result<Option<Bytes>> {
        let response = super::Response::decode(&mut Reader::new(bytes), "response")?;
        Ok(Some(Writer::of(&response)))
    }
}
