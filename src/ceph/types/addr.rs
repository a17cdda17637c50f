//! Addresses of daemons and clients (`entity_addr_t`, `entity_addrvec_t`).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Error, Result};

/// How the daemon behind an address is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum AddrKind {
    /// There is no address.
    #[default]
    None = 0,
    /// The first protocol.
    Legacy = 1,
    /// msgr2.
    Msgr2 = 2,
    /// Any of the two; of a client before it has connected.
    Any = 3,
    /// A range of addresses; in blocklists.
    Cidr = 4,
}

/// An address with a nonce that tells successive processes at one address apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct EntityAddr {
    /// The protocol.
    pub kind: AddrKind,
    /// Of the process.
    pub nonce: u32,
    /// Where; `None` is the blank address.
    pub socket: Option<SocketAddr>,
}

/// All addresses of one daemon.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct EntityAddrs(pub Vec<EntityAddr>);

const MARKER_LEGACY: u8 = 0;
const MARKER_ADDR: u8 = 1;
const MARKER_LIST: u8 = 2;
const FAMILY_V4: u16 = libc::AF_INET as u16;
const FAMILY_V6: u16 = libc::AF_INET6 as u16;
/// A daemon has an address for each protocol and family; nobody has a hundred.
const LIST_MAX: usize = 100;
/// Bytes of the fixed form that the first protocol used (`sockaddr_storage`).
const STORAGE_SIZE: usize = 128;

impl EntityAddr {
    /// An address of one process.
    #[must_use]
    pub fn new(kind: AddrKind, socket: SocketAddr, nonce: u32) -> Self {
        EntityAddr { kind, nonce, socket: Some(socket) }
    }

    fn encode_socket(&self, writer: &mut Writer) {
        match self.socket {
            None => writer.u32(0),
            Some(SocketAddr::V4(addr)) => {
                writer.u32(16).u16(FAMILY_V4).raw(&addr.port().to_be_bytes());
                writer.raw(&addr.ip().octets()).raw(&[0; 8])
            }
            Some(SocketAddr::V6(addr)) => {
                writer.u32(28).u16(FAMILY_V6).raw(&addr.port().to_be_bytes());
                writer.raw(&addr.flowinfo().to_be_bytes()).raw(&addr.ip().octets());
                writer.u32(addr.scope_id())
            }
        };
    }

    /// Behind the marker byte.
    fn decode_body(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (_, mut body) = reader.versioned(1, field)?;
        let kind = match body.u32(field)? {
            0 => AddrKind::None,
            1 => AddrKind::Legacy,
            2 => AddrKind::Msgr2,
            3 => AddrKind::Any,
            4 => AddrKind::Cidr,
            _ => return Err(bad(field, "an address type not known")),
        };
        let nonce = body.u32(field)?;
        let bytes = body.bytes(field)?;
        let socket = if bytes.is_empty() {
            None
        } else {
            let mut socket = Reader::new(bytes);
            let family = socket.u16(field)?;
            decode_socket(&mut socket, family, field)?
        };
        Ok(EntityAddr { kind, nonce, socket })
    }

    /// Behind the marker byte, in the first protocol's form.
    fn decode_legacy(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.take(3, field)?;
        let nonce = reader.u32(field)?;
        let mut socket = Reader::new(reader.take(STORAGE_SIZE, field)?);
        let family = socket.take(2, field)?;
        let family = u16::from_be_bytes([family[0], family[1]]);
        let socket = decode_socket(&mut socket, family, field)?;
        Ok(EntityAddr { kind: AddrKind::Legacy, nonce, socket })
    }
}

fn bad(field: &'static str, what: &str) -> Error {
    Errno::EBADMSG.because(format!("{field}: {what}"))
}

fn decode_socket(
    reader: &mut Reader<'_>,
    family: u16,
    field: &'static str,
) -> Result<Option<SocketAddr>> {
    let mut big_endian = |len: usize| -> Result<u128> {
        let bytes = reader.take(len, field)?;
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u128::from(*byte)))
    };
    match family {
        0 => Ok(None),
        FAMILY_V4 => {
            let port = big_endian(2)? as u16;
            let ip = Ipv4Addr::from(big_endian(4)? as u32);
            Ok(Some(SocketAddr::new(IpAddr::V4(ip), port)))
        }
        FAMILY_V6 => {
            let port = big_endian(2)? as u16;
            let flow = big_endian(4)? as u32;
            let ip = Ipv6Addr::from(big_endian(16)?);
            let scope = reader.u32(field)?;
            Ok(Some(SocketAddrV6::new(ip, port, flow, scope).into()))
        }
        _ => Err(bad(field, "an address family not known")),
    }
}

impl EntityAddrs {
    /// The msgr2 address.
    #[must_use]
    pub fn msgr2(&self) -> Option<&EntityAddr> {
        self.0.iter().find(|addr| addr.kind == AddrKind::Msgr2 && addr.socket.is_some())
    }
}

impl Encode for EntityAddr {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(MARKER_ADDR).versioned(1, 1, |writer| {
            writer.u32(self.kind as u32).u32(self.nonce);
            self.encode_socket(writer);
        });
    }
}

impl Decode for EntityAddr {
    const MIN_SIZE: usize = 1;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        match reader.u8(field)? {
            MARKER_LEGACY => EntityAddr::decode_legacy(reader, field),
            MARKER_ADDR => EntityAddr::decode_body(reader, field),
            _ => Err(bad(field, "not an address")),
        }
    }
}

impl Encode for EntityAddrs {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(MARKER_LIST).list(&self.0);
    }
}

impl Decode for EntityAddrs {
    const MIN_SIZE: usize = 1;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        match reader.u8(field)? {
            MARKER_LEGACY => Ok(EntityAddrs(vec![EntityAddr::decode_legacy(reader, field)?])),
            MARKER_ADDR => Ok(EntityAddrs(vec![EntityAddr::decode_body(reader, field)?])),
            MARKER_LIST => {
                let count = reader.count(EntityAddr::MIN_SIZE, field)?;
                if count > LIST_MAX {
                    return Err(bad(field, "too many addresses"));
                }
                let addrs = (0..count).map(|_| EntityAddr::decode(reader, field));
                Ok(EntityAddrs(addrs.collect::<Result<_>>()?))
            }
            _ => Err(bad(field, "not a list of addresses")),
        }
    }
}

impl fmt::Display for EntityAddr {
    /// As Ceph prints it: `v2:127.0.0.1:6800/1234`, `-` when blank.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.kind {
            AddrKind::None => return f.write_str("-"),
            AddrKind::Legacy => "v1:",
            AddrKind::Msgr2 => "v2:",
            AddrKind::Any => "any:",
            AddrKind::Cidr => "cidr:",
        };
        match self.socket {
            Some(socket) => write!(f, "{prefix}{socket}/{}", self.nonce),
            None => write!(f, "{prefix}:/{}", self.nonce),
        }
    }
}

impl fmt::Display for EntityAddrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>| {
            for (i, addr) in self.0.iter().enumerate() {
                write!(f, "{}{addr}", if i > 0 { "," } else { "" })?;
            }
            Ok(())
        };
        match self.0.len() {
            1 => list(f),
            _ => {
                f.write_str("[")?;
                list(f)?;
                f.write_str("]")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(addr: EntityAddr) {
        let bytes = Writer::of(&addr);
        let mut reader = Reader::new(&bytes);
        assert_eq!(EntityAddr::decode(&mut reader, "addr").unwrap(), addr);
        reader.finish("addr").unwrap();
    }

    #[test]
    fn addresses_of_all_forms_come_back() {
        round(EntityAddr::default());
        for text in ["127.0.0.1:6789", "[fe80::1%3]:3300", "[::1]:0"] {
            round(EntityAddr::new(AddrKind::Msgr2, text.parse().unwrap(), 17));
        }
    }

    #[test]
    fn addresses_are_encoded_as_a_monitor_has_them() {
        // From a MgrMap of 16.2.15.
        let bytes = [
            2, 2, 0, 0, 0, 1, 1, 1, 0x1c, 0, 0, 0, 2, 0, 0, 0, 0x14, 0x31, 0, 0, 0x10, 0, 0, 0, 2,
            0, 0x4e, 0x98, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0x1c, 0, 0, 0, 1, 0, 0,
            0, 0x14, 0x31, 0, 0, 0x10, 0, 0, 0, 2, 0, 0x4e, 0x99, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0, 0,
            0, 0,
        ];
        let mut reader = Reader::new(&bytes);
        let addrs = EntityAddrs::decode(&mut reader, "addrs").unwrap();
        reader.finish("addrs").unwrap();
        assert_eq!(addrs.to_string(), "[v2:127.0.0.1:20120/12564,v1:127.0.0.1:20121/12564]");
        assert_eq!(Writer::of(&addrs), bytes[..]);
    }

    #[test]
    fn the_first_protocol_is_read() {
        let mut bytes = vec![0, 0, 0, 0, 7, 0, 0, 0, 0, 2, 0x1a, 0x85, 10, 0, 0, 1];
        bytes.resize(8 + 128, 0);
        let addrs = EntityAddrs::decode(&mut Reader::new(&bytes), "addrs").unwrap();
        assert_eq!(addrs.to_string(), "v1:10.0.0.1:6789/7");
        assert!(addrs.msgr2().is_none());
    }
}
