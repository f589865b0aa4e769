//! Where mail goes, as a setting.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr};

use url::Url;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
