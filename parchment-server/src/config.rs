//! Settings: flags and environment, read once, checked before anything starts.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use clap::{Args, ValueEnum};
use parchment_core::handle::{Origin, ServerId};
use url::Url;

/// What can be set, by flag or by environment variable.
#[derive(Args, Clone)]
pub struct Settings {
    /// Address and port to listen on.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_LISTEN",
        default_value = "127.0.0.1:5000",
        value_name = "ADDRESS:PORT"
    )]
    pub listen: SocketAddr,

    /// Where people and other servers reach this server. Its part after `://` is the server id, the second half of
    /// every handle: it must never change once somebody has an alias.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_PUBLIC_ORIGIN",
        default_value = "http://localhost:5000",
        value_name = "ORIGIN",
        value_parser = parse_origin
    )]
    pub public_origin: Origin,

    /// Where the web client is served, when that is elsewhere: it may use the session cookie across origins.
    /// [default: the public origin]
    #[arg(long, global = true, env = "PARCHMENT_CLIENT_ORIGIN", value_name = "ORIGIN", value_parser = parse_origin)]
    pub client_origin: Option<Origin>,

    /// Folder for the database and the server's key; made when missing.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_DATA_DIR",
        default_value = "./parchment-data",
        value_name = "FOLDER"
    )]
    pub data_dir: PathBuf,

    /// The database. [default: SQLite in the data folder]
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,

    /// Where mail goes: `console` prints sign-in codes to the log, `file:FOLDER` writes one .eml file per mail,
    /// `smtp://USER:PASSWORD@HOST:PORT` hands it to a mail server after STARTTLS and `smtps://…` over TLS from the
    /// start. User and password are percent-encoded and may be absent; to this very machine smtp:// goes without TLS.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_MAIL",
        default_value = "console",
        value_name = "console|file:FOLDER|smtp://…|smtps://…",
        hide_env_values = true
    )]
    pub mail: MailSetting,

    /// Whom mail comes from. [default: no-reply at the public origin's host]
    #[arg(long, global = true, env = "PARCHMENT_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,

    /// Who gets an account: `open` gives one to every address that proves itself, `invite` only to addresses that
    /// have one (and to the very first).
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_REGISTRATION",
        default_value = "open",
        value_name = "open|invite"
    )]
    pub registration: Registration,

    /// Development only: federate with servers on this very machine, over http.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_ALLOW_LOOPBACK_PEERS",
        default_value_t = false,
        num_args = 0..=1,
        value_parser = clap::builder::BoolishValueParser::new(),
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub allow_loopback_peers: bool,

    /// Proxies, by address or CIDR range, whose X-Forwarded-For is believed; `none` for none.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_TRUSTED_PROXIES",
        default_value = "none",
        value_name = "ADDRESS[/BITS],…"
    )]
    pub trusted_proxies: Networks,

    /// Whether invitations, acceptances and rejections in the legacy form are taken; upstream's clients still send them.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_LEGACY_MESSAGES",
        default_value = "on",
        value_name = "on|off"
    )]
    pub legacy_messages: Switch,

    /// `off` lifts the traffic limits, for load tests; the 5 tries of a sign-in code stay.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_RATE_LIMITS",
        default_value = "on",
        value_name = "on|off"
    )]
    pub rate_limits: Switch,

    /// The server's signing seed, base64 of 32 bytes. [default: a file in the data folder, made on first start]
    #[arg(
        long,
        global = true,
        env = "SERVER_IDENTITY_PRIVATE_KEY",
        value_name = "BASE64",
        hide_env_values = true
    )]
    pub server_identity_private_key: Option<String>,
}

impl Settings {
    /// The server id that follows from the public origin.
    pub fn server_id(&self) -> &ServerId {
        self.public_origin.server_id()
    }

    /// The origin of the web client.
    pub fn client_origin(&self) -> &Origin {
        self.client_origin.as_ref().unwrap_or(&self.public_origin)
    }

    /// The URL of the database.
    pub fn database_url(&self) -> String {
        // An empty variable is one that is not set.
        self.database_url
            .clone()
            .filter(|url| !url.is_empty())
            .unwrap_or_else(|| {
                let path = self.data_dir.join("parchment.db");
                // These three would be read as part of the URL around the path.
                let path = path
                    .to_string_lossy()
                    .replace('%', "%25")
                    .replace('?', "%3f")
                    .replace('#', "%23");
                format!("sqlite://{path}")
            })
    }

    /// Checks what the parts alone cannot show.
    ///
    /// # Errors
    ///
    /// A sentence that names the setting and says what to do.
    pub fn check(&self) -> Result<(), SettingsError> {
        for (name, origin) in [
            ("PARCHMENT_PUBLIC_ORIGIN", &self.public_origin),
            ("PARCHMENT_CLIENT_ORIGIN", self.client_origin()),
        ] {
            let id = origin.server_id();
            let default_port = if origin.is_https() { 443 } else { 80 };
            if id.as_str().bytes().any(|b| b.is_ascii_uppercase()) || id.port() == Some(default_port) {
                return Err(SettingsError(format!(
                    "{name} is {origin}: write it as browsers do, in lower case and without the scheme's own port."
                )));
            }
        }
        if !self.public_origin.is_https() && !self.server_id().is_loopback() {
            return Err(SettingsError(format!(
                "PARCHMENT_PUBLIC_ORIGIN is {}: http is for this very machine only; put a TLS proxy in front and use https.",
                self.public_origin
            )));
        }
        if self.public_origin.is_https() && self.listen.ip().is_loopback() && self.trusted_proxies.is_empty() {
            tracing::warn!(
                "a proxy on this machine seems to stand in front, and PARCHMENT_TRUSTED_PROXIES does not name it: all clients \
                 will share one address and its limits; set it to 127.0.0.1"
            );
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The database URL may hold a password, the key is one.
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("public_origin", &self.public_origin)
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

/// A combination of settings that cannot work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

fn parse_origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).map_err(|error| error.to_string())
}

/// Where mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailSetting {
    /// To the log.
    Console,
    /// To files in a folder.
    File(PathBuf),
    /// To a mail server.
    Smtp(SmtpServer),
}

/// A mail server and how to speak to it.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its host.
    pub host: String,
    /// Its port; 587 for smtp, 465 for smtps, unless given.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// User and password.
    pub login: Option<(String, String)>,
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// TLS from the first byte.
    Implicit,
    /// TLS after STARTTLS, or no mail.
    StartTls,
    /// None: only towards this very machine.
    None,
}

impl FromStr for MailSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "console" => Ok(Self::Console),
            Some(("file", folder)) if !folder.is_empty() => Ok(Self::File(folder.into())),
            Some(("smtp" | "smtps", _)) => parse_smtp(text).map(Self::Smtp),
            _ => Err("it is `console`, `file:` and a folder, or a URL with smtp: or smtps:".to_owned()),
        }
    }
}

/// Reads the URL of a mail server; errors do not repeat it, for it may hold a password.
fn parse_smtp(text: &str) -> Result<SmtpServer, String> {
    let url = Url::parse(text).map_err(|error| format!("the mail server's URL cannot be read: {error}"))?;
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or("the mail server's URL has no host")?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("nothing may follow the mail server's host and port".to_owned());
    }
    let decode = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
        decoded
            .map(Into::into)
            .map_err(|_| "user and password are percent-encoded UTF-8".to_owned())
    };
    let is_this_machine = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let (tls, port) = match url.scheme() {
        "smtps" => (SmtpTls::Implicit, 465),
        _ if is_this_machine => (SmtpTls::None, 25),
        _ => (SmtpTls::StartTls, 587),
    };
    Ok(SmtpServer {
        host: host.to_owned(),
        port: url.port().unwrap_or(port),
        tls,
        login: match (url.username(), url.password()) {
            ("", _) => None,
            (user, password) => Some((decode(user)?, decode(password.unwrap_or_default())?)),
        },
    })
}

/// Who gets an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Everybody who proves an address.
    Open,
    /// Those who have one, and the very first.
    Invite,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// In force.
    On,
    /// Lifted.
    Off,
}

/// Several networks, written with commas between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address lies in one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if matches!(text.trim(), "" | "none") {
            return Ok(Self::default());
        }
        text.split(',')
            .map(|network| network.trim().parse())
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        fn same(a: u128, b: u128, unused_bits: u32) -> bool {
            a.checked_shr(unused_bits) == b.checked_shr(unused_bits)
        }
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32 - self.bits),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128 - self.bits),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither an address nor an address and a number of bits");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(wrong());
        }
        Ok(Self { address, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_like_it() {
        let contains =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("127.0.0.1", "127.0.0.1") && !contains("127.0.0.1", "127.0.0.2"));
        assert!(contains("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(contains("0.0.0.0/0", "1.2.3.4") && contains("::/0", "2001:db8::1"));
        assert!(!contains("::/0", "1.2.3.4"));
        assert!("10.0.0.0/33".parse::<Network>().is_err() && "x".parse::<Network>().is_err());
    }

    #[test]
    fn mail_goes_where_the_setting_says() {
        let smtp = |text: &str| match text.parse() {
            Ok(MailSetting::Smtp(server)) => server,
            other => panic!("{other:?}"),
        };
        let server = smtp("smtp://alice%40mail.example:p%3Aw@mail.example");
        assert_eq!(
            (server.host.as_str(), server.port, server.tls),
            ("mail.example", 587, SmtpTls::StartTls)
        );
        assert_eq!(server.login, Some(("alice@mail.example".to_owned(), "p:w".to_owned())));
        assert!(!format!("{server:?}").contains("p:w"));
        let server = smtp("smtps://mail.example:2465/");
        assert_eq!((server.port, server.tls, server.login), (2465, SmtpTls::Implicit, None));
        assert_eq!(smtp("smtp://127.0.0.1:2525").tls, SmtpTls::None);
        assert_eq!(smtp("smtp://localhost").port, 25);
        for text in [
            "",
            "consol",
            "file:",
            "smtp:",
            "smtp://",
            "smtp://mail.example/x",
            "smtp://mail.example?x",
            "http://x",
        ] {
            assert!(text.parse::<MailSetting>().is_err(), "{text}");
        }
    }

    #[test]
    fn networks_are_a_list_or_none() {
        let networks: Networks = "127.0.0.1, 10.0.0.0/8".parse().unwrap();
        assert!(networks.contain("10.1.1.1".parse().unwrap()) && !networks.contain("11.1.1.1".parse().unwrap()));
        assert_eq!("none".parse(), Ok(Networks::default()));
        assert_eq!("".parse(), Ok(Networks::default()));
        assert!("10.0.0.0/8,,".parse::<Networks>().is_err());
    }

    #[test]
    fn the_database_is_in_the_data_folder_however_that_is_called() {
        let settings = crate::testing::settings(std::path::Path::new("/tmp/a?b#c%d"));
        assert_eq!(settings.database_url(), "sqlite:///tmp/a%3fb%23c%25d/parchment.db");
    }
}
