//! What clients of one image tell each other: notifications on its header object and their answers,
//! in the encoding of Ceph's clients (`WatchNotifyTypes`, version 7 of the message).

use crate::cls::rbd::SnapNamespace;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;
use crate::model::SnapId;

use super::operations::Operation;

/// A client of an image: its number in the cluster and its watch on the header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub(super) struct ClientId {
    pub(super) gid: u64,
    pub(super) handle: u64,
}

impl ClientId {
    pub(super) fn is_valid(self) -> bool {
        self != ClientId::default()
    }
}

/// An operation under way for another client. All zeros for clients too old to wait for its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub(super) struct RequestId {
    pub(super) client: ClientId,
    pub(super) number: u64,
}

/// A notification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Message {
    AcquiredLock(ClientId),
    ReleasedLock(ClientId),
    RequestLock {
        client: ClientId,
        force: bool,
    },
    HeaderUpdate,
    Progress {
        request: RequestId,
        done: u64,
        all: u64,
    },
    Complete {
        request: RequestId,
        result: i32,
    },
    /// To the owner of the lock: do this for me.
    Run {
        request: RequestId,
        operation: Operation,
    },
    Quiesce(RequestId),
    Unquiesce(RequestId),
    /// Of a later release, or something we do not do (migration).
    Unknown(u32),
}

const VERSION: u8 = 7;

impl Encode for ClientId {
    fn encode(&self, writer: &mut Writer) {
        writer.u64(self.gid).u64(self.handle);
    }
}

impl Decode for ClientId {
    const MIN_SIZE: usize = 16;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        Ok(ClientId { gid: reader.u64(field)?, handle: reader.u64(field)? })
    }
}

impl Encode for RequestId {
    fn encode(&self, writer: &mut Writer) {
        writer.value(&self.client).u64(self.number);
    }
}

impl Decode for RequestId {
    const MIN_SIZE: usize = 24;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        Ok(RequestId { client: ClientId::decode(reader, field)?, number: reader.u64(field)? })
    }
}

impl Encode for Message {
    fn encode(&self, writer: &mut Writer) {
        writer.versioned(VERSION, 1, |w| {
            match self {
                Message::AcquiredLock(client) => w.u32(0).value(client),
                Message::ReleasedLock(client) => w.u32(1).value(client),
                Message::RequestLock { client, force } => w.u32(2).value(client).bool(*force),
                Message::HeaderUpdate => w.u32(3),
                Message::Progress { request, done, all } => {
                    w.u32(4).value(request).u64(*done).u64(*all)
                }
                Message::Complete { request, result } => w.u32(5).value(request).i32(*result),
                Message::Run { request, operation } => {
                    encode_operation(w, request, operation);
                    w
                }
                Message::Quiesce(request) => w.u32(18).value(request),
                Message::Unquiesce(request) => w.u32(19).value(request),
                Message::Unknown(kind) => w.u32(*kind),
            };
        });
    }
}

fn encode_operation(w: &mut Writer, request: &RequestId, operation: &Operation) {
    match operation {
        Operation::Flatten => w.u32(6).value(request),
        Operation::Resize { size, allow_shrink } => {
            w.u32(7).u64(*size).value(request).bool(*allow_shrink)
        }
        Operation::SnapCreate { namespace, name, flags } => {
            w.u32(8).bytes(name).value(namespace).value(request).u64(*flags)
        }
        Operation::SnapRemove { namespace, name } => {
            w.u32(9).bytes(name).value(namespace).value(request)
        }
        Operation::RebuildObjectMap => w.u32(10).value(request),
        Operation::SnapRename { id, name } => {
            w.u32(11).u64(id.0).bytes(name).value(&SnapNamespace::User).value(request)
        }
        Operation::SnapProtect { namespace, name } => {
            w.u32(12).bytes(name).value(namespace).value(request)
        }
        Operation::SnapUnprotect { namespace, name } => {
            w.u32(13).bytes(name).value(namespace).value(request)
        }
        Operation::Rename { name } => w.u32(14).bytes(name).value(request),
        Operation::UpdateFeatures { features, enable } => {
            w.u32(15).u64(*features).bool(*enable).value(request)
        }
        Operation::Sparsify { sparse_size } => w.u32(17).value(request).u64(*sparse_size),
        Operation::SetMetadata { key, value } => {
            w.u32(20).bytes(key).option(value.as_ref()).value(request)
        }
    };
}

impl Decode for Message {
    const MIN_SIZE: usize = 10;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (version, mut r) = reader.versioned(VERSION, field)?;
        let kind = r.u32("notification kind")?;
        let client = |r: &mut Reader<'_>| match version {
            1 => Ok(ClientId::default()),
            _ => ClientId::decode(r, "client"),
        };
        Ok(match kind {
            0 => Message::AcquiredLock(client(&mut r)?),
            1 => Message::ReleasedLock(client(&mut r)?),
            2 => {
                let client = client(&mut r)?;
                let force = version >= 3 && r.bool("force")?;
                Message::RequestLock { client, force }
            }
            3 => Message::HeaderUpdate,
            4 => {
                let request = RequestId::decode(&mut r, "request")?;
                Message::Progress { request, done: r.u64("done")?, all: r.u64("all")? }
            }
            5 => {
                let request = RequestId::decode(&mut r, "request")?;
                Message::Complete { request, result: r.i32("result")? }
            }
            18 => Message::Quiesce(RequestId::decode(&mut r, "request")?),
            19 => Message::Unquiesce(RequestId::decode(&mut r, "request")?),
            _ => match decode_operation(kind, version, &mut r)? {
                Some((request, operation)) => Message::Run { request, operation },
                None => Message::Unknown(kind),
            },
        })
    }
}

fn decode_operation(
    kind: u32,
    version: u8,
    r: &mut Reader<'_>,
) -> Result<Option<(RequestId, Operation)>> {
    // Before version 7 only flatten, resize, rebuild and sparsify had a request id.
    let late_id = |r: &mut Reader<'_>| match version {
        ..7 => Ok(RequestId::default()),
        _ => RequestId::decode(r, "request"),
    };
    let snap = |r: &mut Reader<'_>| -> Result<(String, SnapNamespace, RequestId)> {
        let name = r.string("snapshot")?;
        let namespace = match version {
            ..6 => SnapNamespace::User,
            _ => SnapNamespace::decode(r, "snapshot namespace")?,
        };
        Ok((name, namespace, late_id(r)?))
    };
    let decoded = match kind {
        6 => (RequestId::decode(r, "request")?, Operation::Flatten),
        7 => {
            let size = r.u64("size")?;
            let request = RequestId::decode(r, "request")?;
            let allow_shrink = version < 4 || r.bool("allow shrink")?;
            (request, Operation::Resize { size, allow_shrink })
        }
        8 => {
            let (name, namespace, request) = snap(r)?;
            let flags = if version >= 7 { r.u64("flags")? } else { 0 };
            (request, Operation::SnapCreate { namespace, name, flags })
        }
        9 => {
            let (name, namespace, request) = snap(r)?;
            (request, Operation::SnapRemove { namespace, name })
        }
        10 => (RequestId::decode(r, "request")?, Operation::RebuildObjectMap),
        11 => {
            let id = SnapId(r.u64("snapshot id")?);
            let (name, _, request) = snap(r)?;
            (request, Operation::SnapRename { id, name })
        }
        12 => {
            let (name, namespace, request) = snap(r)?;
            (request, Operation::SnapProtect { namespace, name })
        }
        13 => {
            let (name, namespace, request) = snap(r)?;
            (request, Operation::SnapUnprotect { namespace, name })
        }
        14 => {
            let name = r.string("image name")?;
            (late_id(r)?, Operation::Rename { name })
        }
        15 => {
            let (features, enable) = (r.u64("features")?, r.bool("enable")?);
            (late_id(r)?, Operation::UpdateFeatures { features, enable })
        }
        17 => {
            let request = RequestId::decode(r, "request")?;
            (request, Operation::Sparsify { sparse_size: r.u64("sparse size")? })
        }
        20 => {
            let (key, value) = (r.string("key")?, r.option("value")?);
            (late_id(r)?, Operation::SetMetadata { key, value })
        }
        _ => return Ok(None),
    };
    Ok(Some(decoded))
}

/// The answer of the client a notification was meant for: 0 or a negative error number. Others
/// acknowledge with nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Response(pub(super) i32);

impl Encode for Response {
    fn encode(&self, writer: &mut Writer) {
        writer.versioned(1, 1, |w| {
            w.i32(self.0);
        });
    }
}

impl Decode for Response {
    const MIN_SIZE: usize = 10;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (_, mut fields) = reader.versioned(1, field)?;
        Ok(Response(fields.i32("result")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RequestId {
        RequestId { client: ClientId { gid: 1, handle: 2 }, number: 3 }
    }

    #[test]
    fn every_message_comes_back() {
        let name = || "n".to_owned();
        let namespace = || SnapNamespace::Group { pool: 1, group_id: name(), snapshot_id: name() };
        let operations = [
            Operation::Flatten,
            Operation::Resize { size: 9, allow_shrink: true },
            Operation::SnapCreate { namespace: namespace(), name: name(), flags: 1 },
            Operation::SnapRemove { namespace: SnapNamespace::User, name: name() },
            Operation::SnapRename { id: SnapId(4), name: name() },
            Operation::SnapProtect { namespace: namespace(), name: name() },
            Operation::SnapUnprotect { namespace: namespace(), name: name() },
            Operation::RebuildObjectMap,
            Operation::Rename { name: name() },
            Operation::UpdateFeatures { features: 8, enable: true },
            Operation::Sparsify { sparse_size: 4096 },
            Operation::SetMetadata { key: name(), value: Some(name()) },
            Operation::SetMetadata { key: name(), value: None },
        ];
        let client = request().client;
        let mut messages = vec![
            Message::AcquiredLock(client),
            Message::ReleasedLock(client),
            Message::RequestLock { client, force: true },
            Message::HeaderUpdate,
            Message::Progress { request: request(), done: 1, all: 2 },
            Message::Complete { request: request(), result: -5 },
            Message::Quiesce(request()),
            Message::Unquiesce(request()),
            Message::Unknown(16),
        ];
        for operation in operations {
            messages.push(Message::Run { request: request(), operation });
        }
        for message in messages {
            let bytes = Writer::of(&message);
            let mut reader = Reader::new(&bytes);
            assert_eq!(Message::decode(&mut reader, "message").unwrap(), message);
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn the_bytes_are_those_of_cephs_clients() {
        let bytes = Writer::of(&Message::RequestLock { client: request().client, force: true });
        let expected = "07 01 15000000 02000000 0100000000000000 0200000000000000 01";
        assert_eq!(hex(&bytes), expected.replace(' ', ""));
        let resize = Message::Run {
            request: request(),
            operation: Operation::Resize { size: 0x7b, allow_shrink: true },
        };
        let expected = "07 01 25000000 07000000 7b00000000000000 \
                        0100000000000000 0200000000000000 0300000000000000 01";
        assert_eq!(hex(&Writer::of(&resize)), expected.replace([' ', '\n'], ""));
        assert_eq!(hex(&Writer::of(&Response(-30))), "010104000000e2ffffff");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
