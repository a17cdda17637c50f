//! A notification's answers as bytes, as `rados_notify2` passes them to C programs.

use bytes::Bytes;

use crate::codec::{Reader, Writer};
use crate::errno::{Errno, Result};
use crate::model::NotifyReply;

/// A map from (client, cookie) to the answer, and a list of the (client, cookie) that gave none.
#[must_use]
pub fn encode(reply: &NotifyReply) -> Bytes {
    let mut writer = Writer::new();
    writer.count(reply.acks.len());
    for (client, cookie, payload) in &reply.acks {
        writer.u64(*client).u64(*cookie).bytes(payload);
    }
    writer.list(&reply.timeouts);
    writer.into_bytes()
}

/// The answers in what [`encode`] made; `-EINVAL` for anything else.
pub fn decode(reply: &[u8]) -> Result<NotifyReply> {
    let mut reader = Reader::new(reply);
    let mut read = || {
        let acks: Vec<((u64, u64), Bytes)> = reader.list("notify acks")?;
        let timeouts = reader.list("notify timeouts")?;
        let acks = acks.into_iter().map(|((client, cookie), payload)| (client, cookie, payload));
        Ok(NotifyReply { acks: acks.collect(), timeouts })
    };
    read().map_err(|error: crate::errno::Error| Errno::EINVAL.because(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notify_reply_comes_back() {
        let reply = NotifyReply {
            acks: vec![(4123, 1, Bytes::from_static(b"yes")), (4124, 2, Bytes::new())],
            timeouts: vec![(4125, 3)],
        };
        assert_eq!(decode(&encode(&reply)).unwrap(), reply);
        assert_eq!(decode(&[1, 0, 0, 0]).unwrap_err(), Errno::EINVAL);
    }
}
