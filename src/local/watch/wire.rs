//! What is said on a connection between a notifier and a watcher's process.
//!
//! Frames of a `u32` length and that many bytes. The notifier sends one; acknowledgements come back
//! until the notifier has enough and closes.

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::codec::{Reader, Writer};
use crate::errno::{Errno, Result};

/// Most bytes of a frame: a notification's payload has no limit of its own in the API.
const FRAME_MAX: u32 = 1 << 30;

/// The one message of a notifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// To be handed to the handlers of these watches.
    Notify { notify_id: u64, notifier: u64, cookies: Vec<u64>, payload: Bytes },
    /// These watches were ended by somebody else: the object or the client's right to watch is
    /// gone.
    Disconnect { cookies: Vec<u64> },
}

/// A watch's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) cookie: u64,
    /// `None`: there is no such watch any more.
    pub(super) payload: Option<Bytes>,
}

const NOTIFY: u8 = 1;
const DISCONNECT: u8 = 2;

impl Request {
    pub(super) fn encode(&self) -> Bytes {
        let mut writer = Writer::new();
        match self {
            Request::Notify { notify_id, notifier, cookies, payload } => {
                writer.u8(NOTIFY).u64(*notify_id).u64(*notifier).list(cookies).bytes(payload);
            }
            Request::Disconnect { cookies } => {
                writer.u8(DISCONNECT).list(cookies);
            }
        }
        writer.into_bytes()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Request> {
        let mut reader = Reader::new(bytes);
        let request = match reader.u8("request")? {
            NOTIFY => Request::Notify {
                notify_id: reader.u64("notify_id")?,
                notifier: reader.u64("notifier")?,
                cookies: reader.list("cookies")?,
                payload: Bytes::copy_from_slice(reader.bytes("payload")?),
            },
            DISCONNECT => Request::Disconnect { cookies: reader.list("cookies")? },
            other => return Err(Errno::EBADMSG.because(format!("request {other}"))),
        };
        reader.finish("request")?;
        Ok(request)
    }
}

impl Answer {
    pub(super) fn encode(&self) -> Bytes {
        let mut writer = Writer::new();
        writer.u64(self.cookie).option(self.payload.as_ref());
        writer.into_bytes()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Answer> {
        let mut reader = Reader::new(bytes);
        let cookie = reader.u64("cookie")?;
        let payload = reader.option("payload")?;
        reader.finish("answer")?;
        Ok(Answer { cookie, payload })
    }
}

/// Sends a frame.
pub(super) async fn send(stream: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> Result<()> {
    let len = u32::try_from(frame.len()).ok().filter(|len| *len <= FRAME_MAX);
    let len = len.ok_or_else(|| Errno::EFBIG.because("a notification's payload"))?;
    stream.write_all(&len.to_le_bytes()).await?;
    stream.write_all(frame).await?;
    Ok(())
}

/// Receives a frame; `None` at the end.
pub(super) async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Vec<u8>>> {
    let mut len = [0; 4];
    match stream.read_exact(&mut len).await {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let len = u32::from_le_bytes(len);
    if len > FRAME_MAX {
        return Err(Errno::EBADMSG.because(format!("a frame of {len} bytes")));
    }
    // What a sender announces is allocated as it arrives, not before.
    let mut frame = Vec::new();
    stream.take(u64::from(len)).read_to_end(&mut frame).await?;
    Ok((frame.len() == len as usize).then_some(frame))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_through_and_garbage_is_refused() {
        let request = Request::Notify {
            notify_id: 7,
            notifier: 4101,
            cookies: vec![1, 2],
            payload: Bytes::from_static(b"hello"),
        };
        let answer = Answer { cookie: 2, payload: Some(Bytes::new()) };
        crate::runtime::block_on(async {
            let (mut a, mut b) = tokio::io::duplex(1 << 16);
            send(&mut a, &request.encode()).await.unwrap();
            send(&mut a, &answer.encode()).await.unwrap();
            drop(a);
            let frame = receive(&mut b).await.unwrap().unwrap();
            assert_eq!(Request::decode(&frame).unwrap(), request);
            assert!(Request::decode(&frame[1..]).is_err());
            let frame = receive(&mut b).await.unwrap().unwrap();
            assert_eq!(Answer::decode(&frame).unwrap(), answer);
            assert!(receive(&mut b).await.unwrap().is_none());
        });
    }
}
