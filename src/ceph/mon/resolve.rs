//! Asking the name service where monitors are. The only file here that opens sockets; it waits for
//! answers, as the original does.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use super::dns::{self, Answer};
use crate::errno::{Errno, Result};

/// Where a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The host's name.
    pub target: String,
    /// Smaller ones are to be tried first.
    pub priority: u16,
    /// How likely before others of the same priority.
    pub weight: u16,
    /// The port there.
    pub port: u16,
}

/// A name service.
pub trait Resolver {
    /// The addresses of a host, or of what is an address already.
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>>;

    /// The hosts that have a service over TCP, such as `ceph-mon`; in the domains that this machine
    /// searches if `domain` is empty.
    fn services(&self, service: &str, domain: &str) -> Result<Vec<Service>>;
}

/// This machine's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

const PORT: u16 = 53;
const TIMEOUT: Duration = Duration::from_secs(2);
/// Larger than any answer over UDP.
const PACKET_MAX: usize = 4096;
const CONF: &str = "/etc/resolv.conf";

impl Resolver for SystemResolver {
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>> {
        let addrs = (host, 0).to_socket_addrs().map_err(|error| {
            Errno::ENOENT.because(format!("server name not found: {host} ({error})"))
        })?;
        let mut ips: Vec<IpAddr> = Vec::new();
        for addr in addrs {
            if !ips.contains(&addr.ip()) {
                ips.push(addr.ip());
            }
        }
        Ok(ips)
    }

    fn services(&self, service: &str, domain: &str) -> Result<Vec<Service>> {
        let conf = Conf::parse(&std::fs::read_to_string(CONF).unwrap_or_default());
        let domains = if domain.is_empty() { &conf.search[..] } else { &[domain.to_owned()] };
        let names = domains.iter().map(|domain| format!("_{service}._tcp.{domain}"));
        let mut last = Errno::ENOENT.because(format!("no service _{service}._tcp is known"));
        for name in names {
            for server in &conf.servers {
                match ask(*server, &name) {
                    Ok(services) if services.is_empty() => break,
                    Ok(services) => return Ok(services),
                    Err(error) => last = error,
                }
            }
        }
        log::warn!(target: "monc", "{last}");
        Err(last)
    }
}

/// What of `resolv.conf` matters here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conf {
    servers: Vec<SocketAddr>,
    search: Vec<String>,
}

impl Conf {
    pub(super) fn parse(text: &str) -> Self {
        let mut conf = Conf { servers: Vec::new(), search: Vec::new() };
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let ip = words.next().and_then(|ip| ip.parse().ok());
                    conf.servers.extend(ip.map(|ip: IpAddr| SocketAddr::new(ip, PORT)));
                }
                // The last such line counts.
                Some("search" | "domain") => conf.search = words.map(str::to_owned).collect(),
                _ => {}
            }
        }
        if conf.servers.is_empty() {
            conf.servers.push(SocketAddr::from(([127, 0, 0, 1], PORT)));
        }
        conf
    }
}

fn ask(server: SocketAddr, name: &str) -> Result<Vec<Service>> {
    let id = getrandom::u32().unwrap_or_default() as u16;
    let question = dns::question(id, name)?;
    let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    socket.connect(server)?;
    socket.send(&question)?;
    let mut packet = vec![0; PACKET_MAX];
    let len = socket.recv(&mut packet)?;
    packet.truncate(len);
    match dns::answer(id, &packet)? {
        Answer::Services(services) => Ok(services),
        Answer::Truncated => match dns::answer(id, &ask_tcp(server, &question)?)? {
            Answer::Services(services) => Ok(services),
            Answer::Truncated => Err(Errno::EIO.because("the name service's answer is cut short")),
        },
    }
}

fn ask_tcp(server: SocketAddr, question: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let len = u16::try_from(question.len()).unwrap_or(0).to_be_bytes();
    stream.write_all(&[&len, question].concat())?;
    let mut len = [0; 2];
    stream.read_exact(&mut len)?;
    let mut packet = vec![0; u16::from_be_bytes(len).into()];
    stream.read_exact(&mut packet)?;
    Ok(packet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_names_servers_and_domains() {
        let text = "# c\nnameserver 10.0.0.1\nnameserver fd00::1\nsearch a.b c\noptions ndots:5\n";
        let conf = Conf::parse(text);
        assert_eq!(conf.servers, ["10.0.0.1:53".parse().unwrap(), "[fd00::1]:53".parse().unwrap()]);
        assert_eq!(conf.search, ["a.b", "c"]);
        assert_eq!(Conf::parse("").servers, ["127.0.0.1:53".parse().unwrap()]);
    }

    #[test]
    fn addresses_resolve_to_themselves() {
        let ips = SystemResolver.addresses("127.0.0.1").unwrap();
        assert_eq!(ips, ["127.0.0.1".parse::<IpAddr>().unwrap()]);
    }
}
