//! Where a URL written by a rule author may lead: nowhere that only this machine or its network can see.
//! Pure; the addresses behind a name are judged by [`Allow::admits`] when it is looked up, not before.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    prefix: u8,
}

/// What is reached although it is private: networks and host names an operator has named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    networks: Vec<Network>,
    hosts: BTreeSet<String>,
}

/// An entry of the list is neither a network, nor an address, nor a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnEntry(pub String);

/// A URL that may be called, as far as its text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub url: Url,
    /// Host and port: what shares permits and a breaker.
    pub host: String,
}

/// Why a URL is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It cannot be read as a URL.
    NotAUrl,
    /// Only `http` and `https` are spoken.
    Scheme,
    /// A name or password stands in front of the host.
    UserInfo,
    /// The address, or every address behind the name, is of this kind.
    Address(&'static str),
}

impl Allow {
    /// Reads entries that are separated by commas: `10.0.0.0/8`, `::1`, `hooks.internal`.
    ///
    /// # Errors
    /// [`NotAnEntry`] with the first that is none.
    pub fn read(text: &str) -> Result<Self, NotAnEntry> {
        let mut allow = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            if let Some(network) = Network::read(entry) {
                allow.networks.push(network);
            } else if is_host_name(entry) {
                allow.hosts.insert(host_key(entry));
            } else {
                return Err(NotAnEntry(entry.to_owned()));
            }
        }
        Ok(allow)
    }

    /// Judges a URL as it is written: its form, and the address if it holds one.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn judge(&self, url: &str) -> Result<Destination, Refused> {
        let url = Url::parse(url).map_err(|_| Refused::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::UserInfo);
        }
        let name = url.host_str().filter(|host| !host.is_empty()).ok_or(Refused::NotAUrl)?;
        // The parser has turned every odd spelling of an address into its plain form.
        if let Ok(address) = name.trim_start_matches('[').trim_end_matches(']').parse() {
            self.admits(name, address)?;
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let host = format!("{}:{port}", host_key(name));
        Ok(Destination { url, host })
    }

    /// Judges one address that the name `host` stands for.
    ///
    /// # Errors
    /// [`Refused::Address`].
    pub fn admits(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        let address = address.to_canonical();
        if self.hosts.contains(&host_key(host)) || self.networks.iter().any(|network| network.contains(address)) {
            return Ok(());
        }
        special(address).map_or(Ok(()), |kind| Err(Refused::Address(kind)))
    }
}

impl Network {
    fn read(entry: &str) -> Option<Self> {
        let (base, prefix) = match entry.split_once('/') {
            Some((base, prefix)) => (base, Some(prefix)),
            None => (entry, None),
        };
        let base: IpAddr = base.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        let bits = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(bits), |text| text.parse().ok())?;
        (prefix <= bits).then_some(Self { base, prefix })
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => same_4(base, address, self.prefix),
            (IpAddr::V6(base), IpAddr::V6(address)) => same_6(base, address, self.prefix),
            _ => false,
        }
    }
}

/// A name without its root dot, in lower case: DNS does not tell them apart.
fn host_key(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn is_host_name(entry: &str) -> bool {
    entry.len() <= 253
        && entry.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && entry.bytes().any(|b| b.is_ascii_alphabetic())
        && !entry.starts_with(['.', '-'])
}

fn same_4(base: Ipv4Addr, address: Ipv4Addr, prefix: u8) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
    base.to_bits() & mask == address.to_bits() & mask
}

fn same_6(base: Ipv6Addr, address: Ipv6Addr, prefix: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
    base.to_bits() & mask == address.to_bits() & mask
}

/// What is not reached over the public internet, after IANA's registries of special-purpose addresses.
/// The single address is where one cloud answers its guests although it looks public.
const SPECIAL_4: &[([u8; 4], u8, &str)] = &[
    ([0, 0, 0, 0], 8, "this network"),
    ([10, 0, 0, 0], 8, "private"),
    ([100, 64, 0, 0], 10, "shared by a carrier"),
    ([127, 0, 0, 0], 8, "loopback"),
    ([168, 63, 129, 16], 32, "metadata"),
    ([169, 254, 169, 254], 32, "metadata"),
    ([169, 254, 0, 0], 16, "link-local"),
    ([172, 16, 0, 0], 12, "private"),
    ([192, 0, 0, 0], 24, "reserved"),
    ([192, 0, 2, 0], 24, "documentation"),
    ([192, 88, 99, 0], 24, "6to4"),
    ([192, 168, 0, 0], 16, "private"),
    ([198, 18, 0, 0], 15, "benchmarks"),
    ([198, 51, 100, 0], 24, "documentation"),
    ([203, 0, 113, 0], 24, "documentation"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved"),
];

/// The same for version 6. What matches none of it and lies outside of `2000::/3` is reserved.
const SPECIAL_6: &[([u16; 8], u8, &str)] = &[
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, "this network"),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback"),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "private"),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local"),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "private"),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast"),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "Teredo"),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "reserved"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation"),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "6to4"),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation"),
];

/// The kind of an address that is not public.
fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_4(address),
        IpAddr::V6(address) => special_6(address),
    }
}

fn special_4(address: Ipv4Addr) -> Option<&'static str> {
    let found = SPECIAL_4.iter().find(|(base, prefix, _)| same_4(Ipv4Addr::from(*base), address, *prefix));
    found.map(|(.., kind)| *kind)
}

fn special_6(address: Ipv6Addr) -> Option<&'static str> {
    const NAT64: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);
    const PUBLIC: Ipv6Addr = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0);
    // In a network without version 4 every name of the old world comes out like this: the inner address counts.
    if same_6(NAT64, address, 96) {
        let [.., a, b, c, d] = address.octets();
        return special_4(Ipv4Addr::new(a, b, c, d));
    }
    let found = SPECIAL_6.iter().find(|(base, prefix, _)| same_6(Ipv6Addr::from(*base), address, *prefix));
    found.map(|(.., kind)| *kind).or_else(|| (!same_6(PUBLIC, address, 3)).then_some("reserved"))
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAUrl => f.write_str("not a URL"),
            Self::Scheme => f.write_str("only http and https are called"),
            Self::UserInfo => f.write_str("the URL holds a user name or password"),
            Self::Address(kind) => write!(f, "the address is not public ({kind}); ANTIPHON_WEBHOOK_ALLOW can allow it"),
        }
    }
}

impl std::error::Error for Refused {}

impl fmt::Display for NotAnEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no network, address or host name", self.0)
    }
}

impl std::error::Error for NotAnEntry {}
