//! Questions to the name service about services (`SRV`, RFC 2782), and their answers: bytes only.

use super::resolve::Service;
use crate::errno::{Errno, Result};

const TYPE_SRV: u16 = 33;
const CLASS_IN: u16 = 1;
/// Recursion desired.
const FLAG_RD: u16 = 0x0100;
/// The answer did not fit.
const FLAG_TC: u16 = 0x0200;
const RCODE_MASK: u16 = 0x000f;
const LABEL_MAX: usize = 63;
const NAME_MAX: usize = 255;
/// A name is in more than this many pieces only if it goes in circles.
const JUMPS_MAX: usize = 32;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// All there are; none if there is no such name.
    Services(Vec<Service>),
    /// To be asked again over TCP.
    Truncated,
}

/// Encodes a question. `-EINVAL` for what is no name.
pub(super) fn question(id: u16, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(18 + name.len());
    for field in [id, FLAG_RD, 1, 0, 0, 0] {
        bytes.extend(field.to_be_bytes());
    }
    let name = name.trim_end_matches('.');
    for label in name.split('.') {
        let len = u8::try_from(label.len()).unwrap_or(u8::MAX);
        if label.is_empty() || label.len() > LABEL_MAX || name.len() > NAME_MAX - 2 {
            return Err(Errno::EINVAL.because(format!("{name} is not a name")));
        }
        bytes.push(len);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend(TYPE_SRV.to_be_bytes());
    bytes.extend(CLASS_IN.to_be_bytes());
    Ok(bytes)
}

/// Decodes the answer to the question with this id.
pub(super) fn answer(id: u16, bytes: &[u8]) -> Result<Answer> {
    let mut packet = Packet { bytes, at: 0 };
    let (answered, flags) = (packet.u16()?, packet.u16()?);
    let (questions, answers) = (packet.u16()?, packet.u16()?);
    packet.skip(4)?;
    if answered != id {
        return Err(bad("the answer to another question"));
    }
    if flags & FLAG_TC != 0 {
        return Ok(Answer::Truncated);
    }
    match flags & RCODE_MASK {
        0 => {}
        3 => return Ok(Answer::Services(Vec::new())),
        code => return Err(Errno::EIO.because(format!("the name service answers error {code}"))),
    }
    for _ in 0..questions {
        packet.name()?;
        packet.skip(4)?;
    }
    let mut services = Vec::new();
    for _ in 0..answers {
        packet.name()?;
        let (kind, class) = (packet.u16()?, packet.u16()?);
        packet.skip(4)?;
        let len = packet.u16()?.into();
        let mut record = Packet { bytes, at: packet.at };
        packet.skip(len)?;
        if (kind, class) == (TYPE_SRV, CLASS_IN) {
            let (priority, weight, port) = (record.u16()?, record.u16()?, record.u16()?);
            services.push(Service { target: record.name()?, priority, weight, port });
        }
    }
    Ok(Answer::Services(services))
}

fn bad(what: &'static str) -> crate::errno::Error {
    Errno::EBADMSG.because(what)
}

struct Packet<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Packet<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let end = self.at.saturating_add(len);
        let taken = self.bytes.get(self.at..end).ok_or_else(|| bad("name service: cut short"))?;
        self.at = end;
        Ok(taken)
    }

    fn skip(&mut self, len: usize) -> Result<()> {
        self.take(len).map(drop)
    }

    fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?.iter().copied().sum())
    }

    fn u16(&mut self) -> Result<u16> {
        Ok(u16::from(self.u8()?) << 8 | u16::from(self.u8()?))
    }

    /// A name, whose end may stand elsewhere in the packet (RFC 1035, 4.1.4).
    fn name(&mut self) -> Result<String> {
        let mut name = String::new();
        let mut back = None;
        for _ in 0..JUMPS_MAX + NAME_MAX {
            let len = self.u8()?;
            match len >> 6 {
                0 if len == 0 => {
                    self.at = back.unwrap_or(self.at);
                    return Ok(name);
                }
                0 => {
                    let label = self.take(len.into())?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(&String::from_utf8_lossy(label));
                    if name.len() > 4 * NAME_MAX {
                        break;
                    }
                }
                3 => {
                    let target = usize::from(len & 0x3f) << 8 | usize::from(self.u8()?);
                    back = back.or(Some(self.at));
                    self.at = target;
                }
                _ => break,
            }
        }
        Err(bad("name service: not a name"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two records, whose targets end in the name asked for.
    fn packet() -> Vec<u8> {
        let mut bytes = question(7, "_ceph-mon._tcp.example.com").unwrap();
        bytes[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 3]);
        let example = bytes.windows(7).position(|w| w == b"example").unwrap() as u8 - 1;
        for (priority, target) in [(10u8, b'a'), (20, b'b')] {
            bytes.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 10]);
            bytes.extend([0, priority, 0, 5, 0x0c, 0xe4, 1, target, 0xc0, example]);
        }
        // A record of another type is passed over.
        bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 1]);
        bytes
    }

    #[test]
    fn services_are_read() {
        let service = |target: &str, priority| Service {
            target: target.to_owned(),
            priority,
            weight: 5,
            port: 3300,
        };
        let expected = vec![service("a.example.com", 10), service("b.example.com", 20)];
        assert_eq!(answer(7, &packet()).unwrap(), Answer::Services(expected));
        assert!(answer(8, &packet()).is_err());
        let mut truncated = packet();
        truncated[2] |= 2;
        assert_eq!(answer(7, &truncated).unwrap(), Answer::Truncated);
        let mut unknown = packet();
        unknown[3] = 0x83;
        assert_eq!(answer(7, &unknown).unwrap(), Answer::Services(vec![]));
    }

    #[test]
    fn names_in_circles_and_bad_names_are_errors() {
        let mut circle = packet();
        let at = circle.windows(2).position(|w| w == [0xc0, 12]).unwrap();
        circle[at + 1] = at as u8;
        assert!(answer(7, &circle).is_err());
        assert!(question(1, "a..b").is_err());
        assert!(question(1, &"x".repeat(64)).is_err());
        assert!(question(1, &"abc.".repeat(70)).is_err());
    }

    proptest! {
        #[test]
        fn no_packet_is_too_odd(changes: Vec<(prop::sample::Index, u8)>, cut: prop::sample::Index) {
            let mut bytes = packet();
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            _ = answer(7, &bytes);
            _ = answer(7, &bytes[..cut.index(bytes.len())]);
        }
    }
}
