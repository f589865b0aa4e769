//! Mail through a mail server (RFC 5321), over TLS unless the server is this very machine.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use parchment_core::encoding;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::config::{SmtpServer, SmtpTls};

/// How long to wait before each further try. Together less than a sign-in code lives.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
];

/// How long one try may take.
const TRY_WITHIN: Duration = Duration::from_secs(20);

/// How many mails may wait; beyond that a broken mail server would fill the memory.
const MAX_WAITING: usize = 1000;

/// What stands for a secret in a text.
const HIDDEN: &str = "(hidden)";

/// The ways in which a password goes to a mail server: as it is, and in base64 alone (LOGIN) or after the user (PLAIN).
struct Login([Zeroizing<String>; 3]);

impl Login {
    fn new(user: &str, password: &str) -> Self {
        let plain = Zeroizing::new(format!("\0{user}\0{password}"));
        Self([
            Zeroizing::new(encoding::encode(plain.as_bytes())),
            Zeroizing::new(encoding::encode(password.as_bytes())),
            Zeroizing::new(password.to_owned()),
        ])
    }

    fn hide(&self, text: String) -> String {
        let secrets = self.0.iter().filter(|secret| !secret.is_empty());
        secrets.fold(text, |text, secret| text.replace(secret.as_str(), HIDDEN))
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(secret)")
    }
}

/// A mail server.
#[derive(Debug)]
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    login: Option<Login>,
    waiting: Semaphore,
    /// Host, port and protection, for people.
    described: String,
}

impl Smtp {
    /// The mail server as set.
    pub(super) fn new(server: &SmtpServer) -> Result<Self, String> {
        let parameters = || TlsParameters::new(server.host.clone()).map_err(|error| error.to_string());
        let tls = match server.tls {
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::StartTls => Tls::Required(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(TRY_WITHIN));
        if let Some((user, password)) = &server.login {
            transport = transport.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self {
            transport: transport.build(),
            login: server.login.as_ref().map(|(user, password)| Login::new(user, password)),
            waiting: Semaphore::new(MAX_WAITING),
            described: format!(
                "{}:{} takes mail, {}{}",
                server.host,
                server.port,
                match server.tls {
                    SmtpTls::Implicit => "over TLS",
                    SmtpTls::StartTls => "after STARTTLS",
                    SmtpTls::None => "on this machine without TLS",
                },
                if server.login.is_some() { ", signed in" } else { "" }
            ),
        })
    }

    /// Connects, signs in where that is set, and leaves again; says what was found.
    pub(super) async fn check(&self) -> Result<String, String> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(self.described.clone()),
            Ok(false) => Err("the mail server hung up".to_owned()),
            Err(error) => Err(self.reason(&error, None)),
        }
    }

    /// Sends a mail, with one try.
    pub(super) async fn send_once(&self, mail: Message) -> Result<(), String> {
        let sent = self.transport.send(mail).await;
        sent.map(drop).map_err(|error| self.reason(&error, None))
    }

    /// What went wrong in the mail server's words, which may repeat what it was sent, but for login and secret.
    fn reason(&self, error: &lettre::transport::smtp::Error, secret: Option<&str>) -> String {
        let text = error.to_string();
        let text = secret.map_or(text.clone(), |secret| text.replace(secret, HIDDEN));
        self.login.iter().fold(text, |text, login| login.hide(text))
    }

    /// Sends a mail, with further tries while the failure may pass; no error repeats the secret in it.
    pub(super) async fn send(&self, mail: Message, secret: Option<&str>) -> Result<(), String> {
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(format!("{MAX_WAITING} mails wait for the mail server already"));
        };
        let mut pauses = PAUSES.into_iter();
        loop {
            let Err(error) = self.transport.send(mail.clone()).await else {
                return Ok(());
            };
            // What the server refuses for good (5yz) it would refuse again.
            let Some(pause) = pauses.next().filter(|_| !error.is_permanent()) else {
                return Err(self.reason(&error, secret));
            };
            let error = self.reason(&error, secret);
            tracing::warn!(error, "a mail is tried again in {} s", pause.as_secs());
            tokio::time::sleep(pause).await;
        }
    }
}
