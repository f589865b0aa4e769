//! Mail: what is said, and the ways out.
//!
//! Sending never holds up a request: a mail is handed over and goes out on its own, and is tried
//! again for as long as it makes sense. What is lost when the process dies is a code that its
//! reader can ask for again.

mod folder;
mod message;
mod smtp;

use std::{io, sync::Arc};

use lettre::{address::AddressError, message::Mailbox};
use parchment_core::handle::Origin;

use self::{folder::Folder, smtp::Smtp};
use crate::{config::MailSetting, metrics::Metrics};

/// Sends mail.
#[derive(Debug, Clone)]
pub struct Mailer {
    way: Arc<Way>,
    origin: Origin,
    sender: Mailbox,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
enum Way {
    /// To the log, for a machine without mail.
    Console,
    /// One .eml file per mail.
    Folder(Folder),
    /// To a mail server.
    Smtp(Box<Smtp>),
}

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The folder for mail cannot be made.
    #[error("the folder for mail cannot be made: {0}")]
    Folder(#[from] io::Error),
    /// The mail server's settings cannot work.
    #[error("the mail server cannot be used: {0}")]
    Smtp(String),
    /// There is no address at the public origin's host that mail could come from.
    #[error("mail cannot come from {0}; set mail_from")]
    Sender(String),
}

impl Mailer {
    /// A mailer as set.
    ///
    /// `origin` is where the server is reached, `sender` whom mail comes from: `no-reply` at its host unless set.
    ///
    /// # Errors
    ///
    /// [`MailError`] when it could never send.
    pub fn new(
        setting: &MailSetting,
        origin: &Origin,
        sender: Option<Mailbox>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, MailError> {
        let way = match setting {
            MailSetting::Console => Way::Console,
            MailSetting::File(path) => Way::Folder(Folder::new(path)?),
            MailSetting::Smtp(server) => Way::Smtp(Box::new(Smtp::new(server).map_err(MailError::Smtp)?)),
        };
        let sender = match sender {
            Some(sender) => sender,
            None => {
                let sender = format!("Parchment <no-reply@{}>", origin.server_id().host());
                sender.parse().map_err(|_: AddressError| MailError::Sender(sender))?
            }
        };
        Ok(Self {
            way: Arc::new(way),
            origin: origin.clone(),
            sender,
            metrics,
        })
    }

    /// Sends a sign-in code; returns at once.
    pub fn send_code(&self, to: String, code: String) {
        if let Way::Console = &*self.way {
            // The one place where a code is logged, and only because the operator chose it.
            tracing::warn!("mail is set to the console, so here is the sign-in code for {to}: {code}");
            return;
        }
        self.hand_over(message::sign_in_code(&self.sender, &to, &code, &self.origin));
    }

    /// Tells somebody that she has an account, which she enters at `client`; returns at once.
    pub fn send_invitation(&self, to: &str, client: &Origin) {
        if let Way::Console = &*self.way {
            tracing::warn!("mail is set to the console, so {to} is not told of the invitation");
            return;
        }
        self.hand_over(message::invitation(&self.sender, to, &self.origin, client));
    }

    fn hand_over(&self, mail: message::Written) {
        let (way, metrics) = (self.way.clone(), self.metrics.clone());
        tokio::spawn(async move {
            let sent = match mail {
                Ok(mail) => way.send(mail).await,
                Err(error) => Err(error.to_string()),
            };
            metrics.count_mail(sent.is_ok());
            if let Err(error) = sent {
                tracing::error!(%error, "a mail could not be sent");
            }
        });
    }
}

impl Way {
    async fn send(&self, mail: lettre::Message) -> Result<(), String> {
        match self {
            Self::Console => Ok(()),
            Self::Folder(folder) => folder.write(mail.formatted()).await,
            Self::Smtp(smtp) => smtp.send(mail).await,
        }
    }
}
