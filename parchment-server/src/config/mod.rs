//! Settings: from a file, the environment and flags, read once, checked before anything starts.

mod annotated;
mod mail;
mod networks;
mod sources;
mod values;

use std::{fmt, net::SocketAddr, path::PathBuf};

use clap::Args;
use lettre::message::Mailbox;
use parchment_core::handle::{Origin, ServerId};

use crate::store::{self, Store};

pub use self::{
    annotated::annotated,
    mail::{MailSetting, SmtpServer, SmtpTls},
    networks::{Network, Networks},
    sources::{Given, LoadError, Loaded, Place, about_secret, load, without_environment},
    values::{LogFilter, LogFormat, Registration, Seed, Switch},
};

/// What can be set, each by one name: in the file, as a flag, and as an environment variable.
#[derive(Args, Clone)]
pub struct Settings {
    /// Address and port to listen on.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_LISTEN",
        default_value = "127.0.0.1:5000",
        value_name = "ADDRESS:PORT",
        help_heading = NETWORK
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
        value_parser = values::parse_origin,
        help_heading = NETWORK
    )]
    pub public_origin: Origin,

    /// Where the web client is served, when that is elsewhere: it may use the session cookie across origins. Passkeys
    /// belong to its host, and are lost to people when that changes.
    /// [default: the public origin]
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_CLIENT_ORIGIN",
        value_name = "ORIGIN",
        value_parser = values::parse_origin,
        help_heading = NETWORK
    )]
    pub client_origin: Option<Origin>,

    /// Proxies, by address or CIDR range, whose X-Forwarded-For is believed; `none` for none.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_TRUSTED_PROXIES",
        default_value = "none",
        value_name = "ADDRESS[/BITS],…",
        help_heading = NETWORK
    )]
    pub trusted_proxies: Networks,

    /// How many connections may be open at once; the next takes the place of the one whose client was silent for longest.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_MAX_CONNECTIONS",
        default_value = "1024",
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        help_heading = NETWORK
    )]
    pub max_connections: u32,

    /// How many of them may come from one address (one /64 network of IPv6); trusted proxies and this very machine are
    /// not counted.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_MAX_CONNECTIONS_PER_ADDRESS",
        default_value = "128",
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        help_heading = NETWORK
    )]
    pub max_connections_per_address: u32,

    /// `off` lifts the traffic limits, for load tests; the 5 tries of a sign-in code stay.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_RATE_LIMITS",
        default_value = "on",
        value_name = "on|off",
        help_heading = NETWORK
    )]
    pub rate_limits: Switch,

    /// Folder for the database and the server's key; made when missing.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_DATA_DIR",
        default_value = "./parchment-data",
        value_name = "FOLDER",
        help_heading = DATA
    )]
    pub data_dir: PathBuf,

    /// The database: a file of SQLite, or `postgres://user:password@host/database`, which any number of processes may
    /// share if they have the same key. [default: SQLite in the data folder]
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        help_heading = DATA
    )]
    pub database_url: Option<String>,

    /// The server's signing seed, base64 of 32 bytes. [default: a file in the data folder, made on first start]
    #[arg(
        long,
        global = true,
        env = "SERVER_IDENTITY_PRIVATE_KEY",
        value_name = "BASE64",
        hide_env_values = true,
        help_heading = DATA
    )]
    pub server_identity_private_key: Option<Seed>,

    /// How many bytes of sealed records (blobs, collections, points) each person may keep. A rotation sends all of them at
    /// once, so `rotation_limit` has to leave room for them.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_VAULT_QUOTA",
        default_value = "20971520",
        value_name = "BYTES",
        value_parser = clap::value_parser!(u64).range(1..=1_073_741_824),
        help_heading = DATA
    )]
    pub vault_quota: u64,

    /// The longest body of a rotation, in bytes: four thirds of `vault_quota`, since records come in base64, and 4 MiB
    /// for their names.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_ROTATION_LIMIT",
        default_value = "33554432",
        value_name = "BYTES",
        value_parser = clap::value_parser!(u64).range(1_048_576..=2_147_483_648),
        help_heading = DATA
    )]
    pub rotation_limit: u64,

    /// Who gets an account: `open` gives one to every address that proves itself, `invite` only to addresses that
    /// have one (and to the very first).
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_REGISTRATION",
        default_value = "open",
        value_name = "open|invite",
        help_heading = PEOPLE
    )]
    pub registration: Registration,

    /// Where mail goes: `console` prints sign-in codes to the log, `file:FOLDER` writes one .eml file per mail,
    /// `smtp://USER:PASSWORD@HOST:PORT` hands it to a mail server after STARTTLS and `smtps://…` over TLS from the
    /// start. User and password are percent-encoded and may be absent; to this very machine smtp:// goes without TLS.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_MAIL",
        default_value = "console",
        value_name = "console|file:FOLDER|smtp://…|smtps://…",
        hide_env_values = true,
        help_heading = PEOPLE
    )]
    pub mail: MailSetting,

    /// Whom mail comes from, as `ADDRESS` or `NAME <ADDRESS>`. [default: no-reply at the public origin's host]
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_MAIL_FROM",
        value_name = "ADDRESS",
        help_heading = PEOPLE
    )]
    pub mail_from: Option<Mailbox>,

    /// Whether invitations, acceptances and rejections in the legacy form are taken; upstream's clients still send them.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_LEGACY_MESSAGES",
        default_value = "on",
        value_name = "on|off",
        help_heading = FEDERATION
    )]
    pub legacy_messages: Switch,

    /// Development only: federate with servers on this very machine, over http.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_ALLOW_LOOPBACK_PEERS",
        default_value_t = false,
        num_args = 0..=1,
        value_parser = clap::builder::BoolishValueParser::new(),
        default_missing_value = "true",
        value_name = "BOOL",
        help_heading = FEDERATION
    )]
    pub allow_loopback_peers: bool,

    /// What is logged, to standard error: a level (`error`, `warn`, `info`, `debug`, `trace`) or directives such as
    /// `info,parchment_server::federation=debug`. Libraries say `info` at most, whatever is set: below that they may
    /// write headers and values of queries, and so sign-in codes and session tokens.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_LOG",
        default_value = "info",
        value_name = "LEVEL|DIRECTIVES",
        help_heading = WATCHING
    )]
    pub log: LogFilter,

    /// How it is logged: `pretty` for people, `json` with one object a line for programs.
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_LOG_FORMAT",
        default_value = "pretty",
        value_name = "pretty|json",
        help_heading = WATCHING
    )]
    pub log_format: LogFormat,

    /// Address and port for Prometheus to fetch `/metrics` from. It needs no session: keep it to this machine or a
    /// private network. [default: none]
    #[arg(
        long,
        global = true,
        env = "PARCHMENT_METRICS_LISTEN",
        value_name = "ADDRESS:PORT",
        help_heading = WATCHING
    )]
    pub metrics_listen: Option<SocketAddr>,
}

const NETWORK: &str = "Network";
const DATA: &str = "Data";
const PEOPLE: &str = "People and mail";
const FEDERATION: &str = "Federation";
const WATCHING: &str = "Logs and metrics";

/// What the ids and types of as many records as anybody may keep take in the body of a rotation, and more: 4 MiB.
const ROTATION_NAMES: u64 = 4 * 1024 * 1024;

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
        let file = || store::url_of(&self.data_dir.join("parchment.db"));
        self.database_url.clone().unwrap_or_else(file)
    }

    /// Checks what the parts alone cannot show.
    ///
    /// # Errors
    ///
    /// The setting that is at fault, and what to do.
    pub fn check(&self) -> Result<(), SettingsError> {
        for (setting, origin) in [
            ("public_origin", &self.public_origin),
            ("client_origin", self.client_origin()),
        ] {
            let id = origin.server_id();
            let default_port = if origin.is_https() { 443 } else { 80 };
            if id.as_str().bytes().any(|b| b.is_ascii_uppercase()) || id.port() == Some(default_port) {
                return Err(SettingsError {
                    setting,
                    message: format!(
                        "{origin} is to be written as browsers do, in lower case and without the scheme's own port"
                    ),
                });
            }
        }
        if !self.public_origin.is_https() && !self.server_id().is_loopback() {
            return Err(SettingsError {
                setting: "public_origin",
                message: format!(
                    "{} is http, which is for this very machine only; put a TLS proxy in front and use https",
                    self.public_origin
                ),
            });
        }
        let full = self.vault_quota * 4 / 3 + ROTATION_NAMES;
        if self.rotation_limit < full {
            return Err(SettingsError {
                setting: "rotation_limit",
                message: format!(
                    "{} is too little: whoever keeps {} bytes (`vault_quota`) could never change keys; set it to {full} or \
                     more",
                    self.rotation_limit, self.vault_quota
                ),
            });
        }
        if let Some(url) = &self.database_url {
            Store::check_url(url).map_err(|error| SettingsError {
                setting: "database_url",
                message: error.to_string(),
            })?;
        }
        if self
            .metrics_listen
            .is_some_and(|metrics| metrics.port() != 0 && metrics == self.listen)
        {
            return Err(SettingsError {
                setting: "metrics_listen",
                message: format!("{} is taken by `listen`; metrics need a port of their own", self.listen),
            });
        }
        Ok(())
    }

    /// What works and is probably not meant.
    pub fn warnings(&self) -> Vec<SettingsError> {
        let mut warnings = Vec::new();
        let mut warn = |setting, message: &str| {
            warnings.push(SettingsError {
                setting,
                message: message.to_owned(),
            });
        };
        if self.public_origin.is_https() && self.listen.ip().is_loopback() && self.trusted_proxies.is_empty() {
            warn(
                "trusted_proxies",
                "a proxy on this machine seems to stand in front and is not named: all clients will share one address and \
                 its limits; set it to 127.0.0.1",
            );
        }
        if self.public_origin.is_https() && self.mail == MailSetting::Console {
            warn(
                "mail",
                "sign-in codes go to the log: whoever reads it can sign in as anybody, and nobody else can sign in",
            );
        }
        if self.public_origin.is_https() && self.allow_loopback_peers {
            warn(
                "allow_loopback_peers",
                "this is for development: with it, servers on this very machine are believed over http",
            );
        }
        if self.rate_limits == Switch::Off {
            warn(
                "rate_limits",
                "traffic limits are lifted: anybody may ask as often as he likes",
            );
        }
        if self.metrics_listen.is_some_and(|metrics| metrics.ip().is_unspecified()) {
            warn("metrics_listen", "metrics can be read by whoever reaches this machine");
        }
        warnings
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

/// A setting that cannot work beside the others, or hardly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {message}")]
pub struct SettingsError {
    /// The name of the setting.
    pub setting: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_database_is_in_the_data_folder_however_that_is_called() {
        let settings = crate::testing::settings(std::path::Path::new("/tmp/a?b#c%d"));
        assert_eq!(settings.database_url(), "sqlite:///tmp/a%3fb%23c%25d/parchment.db");
    }
}
