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
use zeroize::Zeroizing;

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
    pub fn send_code(&self, to: String, code: Zeroizing<String>) {
        if let Way::Console = &*self.way {
            // The one place where a code is logged, and only because the operator chose it.
            tracing::warn!(
                "mail is set to the console, so here is the sign-in code for {to}: {}",
                *code
            );
            return;
        }
        let secret = code.clone();
        let write = move |this: &Self| message::sign_in_code(&this.sender, &to, &code, &this.origin);
        self.hand_over(write, Some(secret));
    }

    /// Tells somebody that she has an account, which she enters at `client`; returns at once.
    pub fn send_invitation(&self, to: String, client: Origin) {
        if let Way::Console = &*self.way {
            tracing::warn!("mail is set to the console, so {to} is not told of the invitation");
            return;
        }
        let write = move |this: &Self| message::invitation(&this.sender, &to, &this.origin, &client);
        self.hand_over(write, None);
    }

    /// Writes and sends a mail on a task of its own; `secret` is what no complaint about it may repeat.
    fn hand_over(
        &self,
        write: impl FnOnce(&Self) -> message::Written + Send + 'static,
        secret: Option<Zeroizing<String>>,
    ) {
        let this = self.clone();
        tokio::spawn(async move {
            let sent = match write(&this) {
                Ok(mail) => this.way.send(mail, secret.as_ref().map(|secret| secret.as_str())).await,
                Err(error) => Err(error.to_string()),
            };
            this.metrics.count_mail(sent.is_ok());
            if let Err(error) = sent {
                tracing::error!(%error, "a mail could not be sent");
            }
        });
    }
}

impl Mailer {
    /// Makes sure that mail can be handed over, without sending any; says what was found.
    ///
    /// # Errors
    ///
    /// A sentence about what is in the way.
    pub async fn check(&self) -> Result<String, String> {
        match &*self.way {
            Way::Console => Ok("mail goes to the log".to_owned()),
            Way::Folder(folder) => folder.check(),
            Way::Smtp(smtp) => smtp.check().await,
        }
    }

    /// Sends a mail that says that mail works, with one try.
    ///
    /// # Errors
    ///
    /// A sentence about what is in the way.
    pub async fn send_test(&self, to: &str) -> Result<(), String> {
        let mail = message::test(&self.sender, to, &self.origin).map_err(|error| error.to_string())?;
        match &*self.way {
            Way::Console => Err("mail is set to the console".to_owned()),
            Way::Folder(folder) => folder.write(mail.formatted()).await,
            Way::Smtp(smtp) => smtp.send_once(mail).await,
        }
    }
}

impl Way {
    async fn send(&self, mail: lettre::Message, secret: Option<&str>) -> Result<(), String> {
        match self {
            Self::Console => Ok(()),
            Self::Folder(folder) => folder.write(mail.formatted()).await,
            Self::Smtp(smtp) => smtp.send(mail, secret).await,
        }
    }
}
