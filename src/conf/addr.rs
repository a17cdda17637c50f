//! Addresses of daemons in an option's value: `v2:10.0.0.1:3300/0`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::number;

/// An address of a daemon or a client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Address {
    /// No address: `-`.
    None,
    /// An IP address with a protocol.
    Ip {
        /// The protocol: `v1:`, `v2:`, or nothing for any.
        protocol: &'static str,
        /// The IP address.
        ip: IpAddr,
        /// The port; 0 for any.
        port: u16,
        /// Tells one run of a process from the next.
        nonce: u32,
    },
}

impl Address {
    /// Reads an address from the start of a text; also what follows it. Without a prefix it speaks
    /// the protocol `default`: `v1:`, `v2:`, or nothing for any.
    #[must_use]
    pub fn parse_start<'a>(text: &'a str, default: &'static str) -> Option<(Address, &'a str)> {
        let (protocol, body) = match text {
            _ if text.starts_with("v1:") => ("v1:", &text[3..]),
            _ if text.starts_with("v2:") => ("v2:", &text[3..]),
            _ if text.starts_with("any:") => ("", &text[4..]),
            _ if text.starts_with('-') => return Some((Address::None, &text[1..])),
            _ => (default, text),
        };
        let (in_brackets, body) = match body.strip_prefix('[') {
            Some(inner) => (true, inner),
            None => (false, body),
        };
        let end_of = |allowed: fn(u8) -> bool| {
            let end = body.bytes().position(|b| !allowed(b)).unwrap_or(body.len());
            body.split_at(end)
        };
        let (four, after_four) = end_of(|b| b == b'.' || b.is_ascii_digit());
        let (six, after_six) = end_of(|b| b == b':' || b.is_ascii_hexdigit());
        let (ip, mut rest) = if let Ok(ip) = four.parse::<Ipv4Addr>() {
            (IpAddr::V4(ip), after_four)
        } else {
            (IpAddr::V6(six.parse::<Ipv6Addr>().ok()?), after_six)
        };
        if in_brackets {
            rest = rest.strip_prefix(']')?;
        }
        let mut port = 0;
        if let Some(after) = rest.strip_prefix(':') {
            let number = number::leading(after).0;
            if number > i32::from(u16::MAX) {
                return None;
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            {
                port = number as u16;
            }
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        let mut nonce = 0;
        if let Some(after) = rest.strip_prefix('/') {
            nonce = number::leading(after).0.cast_unsigned();
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        Some((Address::Ip { protocol, ip, port, nonce }, rest))
    }

    /// Reads one address. What follows it is ignored, as 16.2.15 does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Address> {
        Address::parse_start(text, "v2:").map(|(address, _)| address)
    }

    /// Reads one address, or several as `[a,b]`; `None` when there is not one. What follows is
    /// ignored.
    #[must_use]
    pub fn parse_list(text: &str) -> Option<Vec<Address>> {
        Address::parse_list_start(text).map(|(list, _)| list)
    }

    /// As [`Address::parse_list`]; also what follows.
    #[must_use]
    pub fn parse_list_start(text: &str) -> Option<(Vec<Address>, &str)> {
        let is_v6 = |a: &Address| matches!(a, Address::Ip { ip: IpAddr::V6(_), .. });
        let is_list =
            text.starts_with('[') && !Address::parse(text).is_some_and(|address| is_v6(&address));
        if !is_list {
            let (address, rest) = Address::parse_start(text, "v2:")?;
            return Some((vec![address], rest));
        }
        let mut list = Vec::new();
        let mut rest = &text[1..];
        while !rest.is_empty() {
            let (address, after) = Address::parse_start(rest, "v2:")?;
            list.push(address);
            rest = after;
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        let rest = rest.strip_prefix(']')?;
        (!list.is_empty()).then_some((list, rest))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::None => f.write_str("-"),
            Address::Ip { protocol, ip: IpAddr::V4(ip), port, nonce } => {
                write!(f, "{protocol}{ip}:{port}/{nonce}")
            }
            Address::Ip { protocol, ip: IpAddr::V6(ip), port, nonce } => {
                write!(f, "{protocol}[{ip}]:{port}/{nonce}")
            }
        }
    }
}
