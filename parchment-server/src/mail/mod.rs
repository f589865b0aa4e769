//! Mail: what is said, and the ways out.
//!
//! Sending never holds up a request: a mail is handed over and goes out on its own.

mod message;

use std::{fs, io, path::PathBuf, sync::Arc};

use crate::{config::MailSetting, random};

/// Sends mail.
#[derive(Debug, Clone)]
pub struct Mailer {
    way: Arc<Way>,
    origin: Arc<str>,
}

#[derive(Debug)]
enum Way {
    /// To the log, for a machine without mail.
    Console,
    /// One .eml file per mail.
    Folder(PathBuf),
}

impl Mailer {
    /// A mailer as set; `origin` is where the server is reached.
    ///
    /// # Errors
    ///
    /// When the folder for mail cannot be made.
    pub fn new(setting: &MailSetting, origin: String) -> io::Result<Self> {
        let way = match setting {
            MailSetting::Console => Way::Console,
            MailSetting::File(folder) => {
                fs::create_dir_all(folder)?;
                Way::Folder(folder.clone())
            }
        };
        Ok(Self {
            way: Arc::new(way),
            origin: origin.into(),
        })
    }

    /// Sends a sign-in code; returns at once.
    pub fn send_code(&self, to: String, code: String) {
        match &*self.way {
            // The one place where a code is logged, and only because the operator chose it.
            Way::Console => {
                tracing::warn!("mail is set to the console, so here is the sign-in code for {to}: {code}");
            }
            Way::Folder(_) => {
                let (way, origin) = (self.way.clone(), self.origin.clone());
                tokio::task::spawn_blocking(move || {
                    let mail = message::sign_in_code(&to, &code, &origin);
                    let sent = mail
                        .map_err(|error| error.to_string())
                        .and_then(|mail| way.write(&mail));
                    if let Err(error) = sent {
                        tracing::error!(%error, "a mail could not be sent");
                    }
                });
            }
        }
    }
}

impl Way {
    /// Writes a mail under a temporary name first, so that a reader of the folder never sees half of one.
    fn write(&self, mail: &[u8]) -> Result<(), String> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let name = random::id().to_string();
        let half = folder.join(format!("{name}.tmp"));
        fs::write(&half, mail)
            .and_then(|()| fs::rename(&half, folder.join(format!("{name}.eml"))))
            .map_err(|error| format!("{}: {error}", folder.display()))
    }
}
