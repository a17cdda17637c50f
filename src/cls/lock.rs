//! The class `lock`: advisory locks on an object, kept in its xattrs `lock.<name>`.
//!
//! `rados_lock_*` and RBD's exclusive lock (`rbd_lock` on the header) use it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::UTime;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};

/// Renew the lock if this client holds it, take it otherwise.
pub const MAY_RENEW: u8 = 1;
/// Renew the lock; `-ENOENT` if this client does not hold it.
pub const MUST_RENEW: u8 = 2;

/// What a lock's xattr is called, before the lock's name.
pub const XATTR_PREFIX: &str = "lock.";

byte_enum! {
    /// How a lock is held.
    LockType: u8 {
        /// Not at all.
        None = 0,
        /// By one.
        Exclusive = 1,
        /// By several.
        Shared = 2,
        /// By one; the object goes with the lock.
        ExclusiveEphemeral = 3,
    }
}

impl LockType {
    /// Whether a lock can be taken so.
    #[must_use]
    pub fn is_valid(self) -> bool {
        !matches!(self, LockType::None | LockType::Unknown(_))
    }

    /// Whether only one may hold it.
    #[must_use]
    pub fn is_exclusive(self) -> bool {
        matches!(self, LockType::Exclusive | LockType::ExclusiveEphemeral)
    }
}

/// A kind of entity and its number, such as `client.4123` (`entity_name_t`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityName {
    /// `CEPH_ENTITY_TYPE_*`: 1 mon, 2 mds, 4 osd, 8 client, 16 mgr.
    pub kind: u8,
    /// Its number.
    pub num: i64,
}

impl EntityName {
    /// A client.
    #[must_use]
    pub fn client(num: u64) -> Self {
        EntityName { kind: 8, num: i64::try_from(num).unwrap_or(-1) }
    }

    /// From text such as `client.4123`; `-EINVAL`.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = || Errno::EINVAL.because(format!("{text} names no client"));
        let (kind, num) = text.split_once('.').ok_or_else(invalid)?;
        let kind = match kind {
            "mon" => 1,
            "mds" => 2,
            "osd" => 4,
            "client" => 8,
            "mgr" => 16,
            _ => return Err(invalid()),
        };
        let num = match num {
            "admin" => -1,
            num => num.parse().map_err(|_| invalid())?,
        };
        Ok(EntityName { kind, num })
    }
}

impl std::fmt::Display for EntityName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            1 => "mon",
            2 => "mds",
            4 => "osd",
            8 => "client",
            16 => "mgr",
            _ => "unknown",
        };
        match self.num {
            num if num < 0 => write!(f, "{kind}.?"),
            num => write!(f, "{kind}.{num}"),
        }
    }
}

impl Encode for EntityName {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.kind).i64(self.num);
    }
}

impl Decode for EntityName {
    const MIN_SIZE: usize = 9;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        Ok(EntityName { kind: reader.u8(field)?, num: reader.i64(field)? })
    }
}

/// The address of a client (`entity_addr_t`), printed as `127.0.0.1:0/3141592653`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntityAddr {
    /// 0 none, 1 legacy, 2 msgr2, 3 any.
    pub kind: u32,
    /// What tells apart two processes at one address.
    pub nonce: u32,
    /// Host and port.
    pub socket: Option<SocketAddr>,
}

impl EntityAddr {
    /// From text as blocklists take it, such as `127.0.0.1:0/3141592653`, as a legacy address,
    /// which is what locks keep; `-EINVAL`.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = || Errno::EINVAL.because(format!("{text} is no address"));
        let plain = ["v1:", "v2:", "any:"].iter().find_map(|p| text.strip_prefix(p));
        let (socket, nonce) = plain.unwrap_or(text).split_once('/').ok_or_else(invalid)?;
        let socket = socket.parse().map_err(|_| invalid())?;
        let nonce = nonce.parse().map_err(|_| invalid())?;
        Ok(EntityAddr { kind: 1, nonce, socket: Some(socket) })
    }
}

impl std::fmt::Display for EntityAddr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let prefix = match self.kind {
            2 => "v2:",
            3 => "any:",
            _ => "",
        };
        match self.socket {
            Some(socket) => write!(f, "{prefix}{socket}/{}", self.nonce),
            None => f.write_str("-"),
        }
    }
}

// The form since Kraken: marker 1, then versioned: type, nonce, a `sockaddr` of the family's length
// with the family little-endian, port and address in network order.
impl Encode for EntityAddr {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(1).versioned(1, 1, |writer| {
            writer.u32(self.kind).u32(self.nonce);
            match self.socket {
                None => {
                    writer.u32(0);
                }
                Some(SocketAddr::V4(v4)) => {
                    writer.u32(16).u16(2).raw(&v4.port().to_be_bytes());
                    writer.raw(&v4.ip().octets()).raw(&[0; 8]);
                }
                Some(SocketAddr::V6(v6)) => {
                    writer.u32(28).u16(10).raw(&v6.port().to_be_bytes());
                    writer.u32(v6.flowinfo()).raw(&v6.ip().octets()).u32(v6.scope_id());
                }
            }
        });
    }
}

impl Decode for EntityAddr {
    const MIN_SIZE: usize = 7;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        if reader.u8(field)? != 1 {
            return Err(Errno::EBADMSG.because(format!("{field}: an address of an old form")));
        }
        let (_, mut fields) = reader.versioned(1, field)?;
        let (kind, nonce) = (fields.u32(field)?, fields.u32(field)?);
        let mut sockaddr = Reader::new(fields.bytes(field)?);
        let socket = if sockaddr.is_empty() { None } else { socket(&mut sockaddr, field)? };
        Ok(EntityAddr { kind, nonce, socket })
    }
}

fn socket(reader: &mut Reader<'_>, field: &'static str) -> Result<Option<SocketAddr>> {
    let family = reader.u16(field)?;
    let port = reader.u16(field)?.swap_bytes();
    let short = |_| Errno::EBADMSG.because(format!("{field}: too few bytes"));
    let ip: IpAddr = match family {
        2 => <[u8; 4]>::try_from(reader.take(4, field)?).map_err(short)?.into(),
        10 => {
            reader.u32(field)?;
            <[u8; 16]>::try_from(reader.take(16, field)?).map_err(short)?.into()
        }
        _ => return Ok(None),
    };
    Ok(Some(SocketAddr::new(ip, port)))
}

versioned! {
    /// Who holds a lock: one client may hold a shared one under several cookies.
    LockerId (1, 1) {
        /// The client.
        locker: EntityName;
        /// Its cookie.
        cookie: String;
    }

    /// What is known of a holder.
    LockerInfo (1, 1) {
        /// When the lock ends by itself; zero for never.
        expiration: UTime;
        /// The client's address.
        addr: EntityAddr;
        /// What the client wrote.
        description: String;
    }

    /// A lock: the xattr's value and the reply of [`GetInfo`].
    LockInfo (1, 1) {
        /// The holders.
        lockers: BTreeMap<LockerId, LockerInfo>;
        /// How it is held.
        lock_type: LockType;
        /// What lockers must agree on.
        tag: String;
    }

    /// Takes a lock: `-EEXIST` if this client and cookie hold it, `-EBUSY` if others do.
    Lock (1, 1) {
        /// The lock.
        name: String;
        /// How.
        lock_type: LockType;
        /// Tells apart the lockers of one client.
        cookie: String;
        /// Shared locks are shared only among equal tags.
        tag: String;
        /// For people.
        description: String;
        /// After which time it ends; zero for never.
        duration: UTime;
        /// [`MAY_RENEW`] or [`MUST_RENEW`].
        flags: u8;
    }

    /// Gives up a lock of this client: `-ENOENT`.
    Unlock (1, 1) {
        /// The lock.
        name: String;
        /// As when it was taken.
        cookie: String;
    }

    /// Ends anyone's lock: `-ENOENT`.
    BreakLock (1, 1) {
        /// The lock.
        name: String;
        /// Whose.
        locker: EntityName;
        /// As when it was taken.
        cookie: String;
    }

    /// Who holds a lock; an empty [`LockInfo`] if nobody does.
    GetInfo (1, 1) {
        /// The lock.
        name: String;
    }

    /// The names of the locks on an object.
    Locks (1, 1) {
        /// The names.
        names: Vec<String>;
    }

    /// Fails with `-EBUSY` unless this client holds the lock so.
    AssertLocked (1, 1) {
        /// The lock.
        name: String;
        /// How.
        lock_type: LockType;
        /// The cookie.
        cookie: String;
        /// The tag.
        tag: String;
    }

    /// Changes the cookie of a lock this client holds: `-EBUSY`.
    SetCookie (1, 1) {
        /// The lock.
        name: String;
        /// How it is held.
        lock_type: LockType;
        /// The cookie.
        cookie: String;
        /// The tag.
        tag: String;
        /// The cookie from now on.
        new_cookie: String;
    }
}

plain! {
    /// Which locks there are on the object; its input is empty.
    ListLocks {}
}

methods! { "lock":
    Lock = "lock" -> ();
    Unlock = "unlock" -> ();
    BreakLock = "break_lock" -> ();
    GetInfo = "get_info" -> LockInfo;
    ListLocks = "list_locks" -> Locks;
    AssertLocked = "assert_locked" -> ();
    SetCookie = "set_cookie" -> ();
}

impl PartialOrd for LockerId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LockerId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.locker.cmp(&other.locker).then_with(|| self.cookie.cmp(&other.cookie))
    }
}
