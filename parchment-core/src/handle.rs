//! Names: aliases, server ids, handles and origins (protocol sections 4, 6 and 17.16).
//!
//! Case is kept and significant in all of them; nothing is normalised.

use std::{fmt, net::Ipv4Addr};

/// A text that is not the name it was read as; says which part is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// An alias is 3 to 30 of `A-Z a-z 0-9 _`.
    #[error("an alias is 3 to 30 letters, digits or underscores")]
    Alias,
    /// A handle is `alias@server`.
    #[error("a handle is written alias@server")]
    Handle,
    /// A server id is a DNS name (in development also a loopback name or address).
    #[error("a server id is a DNS name with an optional port, such as home.example or home.example:8443")]
    Host,
    /// A port is 1 to 65535 without a leading zero.
    #[error("a port is a number from 1 to 65535 without leading zeros")]
    Port,
    /// An origin is `https://` or `http://` and a server id.
    #[error("an origin is https:// (or http://) and a host with an optional port, without path, query or user info")]
    Origin,
}

macro_rules! text_type {
    ($type:ident) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($type), self.as_str())
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }
    };
}

/// A user's name on her server: 3 to 30 of `A-Z a-z 0-9 _`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alias(Box<str>);

impl Alias {
    /// Reads an alias.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_alias(text)?;
        Ok(Self(text.into()))
    }

    /// The alias as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_type!(Alias);

fn check_alias(text: &str) -> Result<(), NameError> {
    let valid = (3..=30).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    valid.then_some(()).ok_or(NameError::Alias)
}

/// The name of a server: its host and, where it is not the scheme's own, its port.
///
/// The host is a DNS name of at least two characters. `localhost`, names below it and
/// `127.0.0.0/8` are read too, and answer true to [`ServerId::is_loopback`]; whether such a
/// server may be spoken to is a development switch of whoever asks. Other addresses are refused.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(Box<str>);

impl ServerId {
    /// Reads a server id.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_server_id(text)?;
        Ok(Self(text.into()))
    }

    /// The server id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without the port.
    pub fn host(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(host, _)| host)
    }

    /// The port, where one is written.
    pub fn port(&self) -> Option<u16> {
        self.0.split_once(':').and_then(|(_, port)| parse_port(port))
    }

    /// Whether the host names this very machine: `localhost`, `*.localhost` or `127.0.0.0/8`.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        let last_label = host.rsplit('.').next().unwrap_or(host);
        last_label.eq_ignore_ascii_case("localhost") || is_loopback_address(host)
    }
}

text_type!(ServerId);

fn check_server_id(text: &str) -> Result<(), NameError> {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    if !is_dns_name(host) && !is_loopback_address(host) {
        return Err(NameError::Host);
    }
    if port.is_some_and(|port| parse_port(port).is_none()) {
        return Err(NameError::Port);
    }
    Ok(())
}

/// RFC 1123: labels of 1 to 63 letters, digits and inner hyphens, 253 characters in all.
///
/// A last label that a URL parser would take for a number makes the whole an address (`11`,
/// `1.1`, `0x7f.1`), so it is no name.
fn is_dns_name(host: &str) -> bool {
    let label_is_valid = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| {
        label.bytes().all(|b| b.is_ascii_digit())
            || label.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("0x"))
                && label.bytes().skip(2).all(|b| b.is_ascii_hexdigit())
    };
    (2..=253).contains(&host.len())
        && host.split('.').all(label_is_valid)
        && host.rsplit('.').next().is_some_and(|last| !is_number(last))
}

fn is_loopback_address(host: &str) -> bool {
    // Ipv4Addr reads only four decimal parts without leading zeros.
    host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn parse_port(text: &str) -> Option<u16> {
    let written_plainly = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| written_plainly)
}

/// `alias@server`: who someone is, everywhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle {
    text: Box<str>,
    at: usize,
}

impl Handle {
    /// Reads a handle; there is exactly one `@`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (alias, server) = text.split_once('@').ok_or(NameError::Handle)?;
        check_alias(alias)?;
        check_server_id(server)?;
        Ok(Self {
            text: text.into(),
            at: alias.len(),
        })
    }

    /// The handle of `alias` on `server`.
    pub fn new(alias: &Alias, server: &ServerId) -> Self {
        Self {
            text: format!("{alias}@{server}").into(),
            at: alias.as_str().len(),
        }
    }

    /// The handle as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    pub fn alias(&self) -> Alias {
        Alias(self.text.get(..self.at).unwrap_or_default().into())
    }

    /// The part after the `@`.
    pub fn server(&self) -> ServerId {
        ServerId(self.server_text().into())
    }

    /// Whether this user lives on `server`; texts are compared exactly.
    pub fn is_on(&self, server: &ServerId) -> bool {
        self.server_text() == server.as_str()
    }

    fn server_text(&self) -> &str {
        self.text.get(self.at + 1..).unwrap_or_default()
    }
}

text_type!(Handle);

/// The id of the relationship of two handles: both in UTF-16 order, joined by `::`.
///
/// Takes texts because the id is bound into ciphertexts exactly as the parties spelled it.
pub fn relationship_id(a: &str, b: &str) -> String {
    let (first, second) = if crate::canonical::utf16_order(a, b).is_le() {
        (a, b)
    } else {
        (b, a)
    };
    format!("{first}::{second}")
}

/// Where a server is reached: scheme and server id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    server: ServerId,
    https: bool,
}

impl Origin {
    /// The origin of a server, by https or http.
    pub fn new(server: ServerId, https: bool) -> Self {
        Self { server, https }
    }

    /// Reads `https://host[:port]` or `http://host[:port]`; without a scheme, https is meant.
    ///
    /// A path, trailing slash, query, fragment or user info is refused, so that the server id
    /// that follows from the origin is never one that no URL can lead to.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (https, server) = match text.split_once("://") {
            None => (true, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some(_) => return Err(NameError::Origin),
        };
        if server.contains(['/', '?', '#', '@', '\\']) {
            return Err(NameError::Origin);
        }
        Ok(Self {
            server: ServerId::parse(server)?,
            https,
        })
    }

    /// The server id: the origin without its scheme.
    pub fn server_id(&self) -> &ServerId {
        &self.server
    }

    /// Whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_ids_are_dns_names_or_loopback() {
        for text in [
            "home.example",
            "a.b",
            "home.example:8443",
            "xn--e1afmkfd.example",
            "ab",
            "A--b.C",
        ] {
            assert!(!ServerId::parse(text).unwrap().is_loopback(), "{text}");
        }
        for text in [
            "localhost:5000",
            "LOCALHOST",
            "bob.localhost",
            "127.0.0.1:1",
            "127.255.0.3",
        ] {
            assert!(ServerId::parse(text).unwrap().is_loopback(), "{text}");
        }
        for text in [
            "a",
            "",
            "11",
            "1.1",
            "192.168.1.1",
            "0x7f.0x1",
            "017.0.0.1",
            "127.1",
            "2130706433",
            "[::1]",
            "::1",
            "a_b.example",
            "-a.example",
            "a-.example",
            "a..b",
            "a.example.",
            "user@a.example",
            "a.example/",
            "a.example?x",
            "a.example#x",
            "a.example:0",
            "a.example:080",
            "a.example:65536",
            "a.example:",
            "a.example:1:2",
            "a.example:+1",
            "ä.example",
            "a b.example",
        ] {
            assert!(ServerId::parse(text).is_err(), "{text}");
        }
        assert!(ServerId::parse(&format!("{}.example", "a".repeat(64))).is_err());
    }

    #[test]
    fn a_handle_falls_apart_into_its_parts() {
        let handle = Handle::parse("Alice_1@home.example:8443").unwrap();
        assert_eq!(handle.alias().as_str(), "Alice_1");
        assert_eq!(handle.server().port(), Some(8443));
        assert_eq!(Handle::new(&handle.alias(), &handle.server()), handle);
        assert!(!handle.is_on(&ServerId::parse("home.example").unwrap()));
    }

    #[test]
    fn an_origin_says_nothing_but_where() {
        assert_eq!(
            Origin::parse("HTTPS://Home.example").unwrap().server_id().as_str(),
            "Home.example"
        );
        assert_eq!(
            Origin::parse("home.example").unwrap().to_string(),
            "https://home.example"
        );
        for text in [
            "https://a.example/",
            "https://u@a.example",
            "ftp://a.example",
            "https://a.example?x",
            "https://",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }
}
