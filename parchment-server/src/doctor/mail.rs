//! Whether mail can go out.

use std::sync::Arc;

use super::Finding;
use crate::{
    config::{MailSetting, Settings},
    mail::Mailer,
};

/// Connects to the mail server, up to signing in; sends nothing.
pub(super) async fn mail(settings: &Settings) -> Finding {
    const CHECK: &str = "mail";
    let mailer = match mailer(settings) {
        Ok(mailer) => mailer,
        Err(error) => return Finding::fail(CHECK, error, "Mend PARCHMENT_MAIL or PARCHMENT_MAIL_FROM."),
    };
    if settings.mail == MailSetting::Console {
        return Finding::warn(
            CHECK,
            "sign-in codes go to the log, not to people",
            "Good for trying it out. For people, set PARCHMENT_MAIL to a mail server.",
        );
    }
    match mailer.check().await {
        Ok(found) => Finding::ok(CHECK, found),
        Err(error) => Finding::fail(
            CHECK,
            format!("mail cannot be handed over: {error}"),
            "Nobody can sign in without mail. Check host, port, user and password in PARCHMENT_MAIL; some providers want \
             a password made for programs.",
        ),
    }
}

/// Sends a mail.
pub(super) async fn send(settings: &Settings, address: &str) -> Finding {
    const CHECK: &str = "mail_sent";
    let sent = match mailer(settings) {
        Ok(mailer) => mailer.send_test(address).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(()) => Finding::ok(
            CHECK,
            format!("a mail to {address} was handed over; look whether it arrives"),
        ),
        Err(error) => Finding::fail(
            CHECK,
            format!("the mail to {address} was not sent: {error}"),
            "If it is the sender that is refused, set `mail_from` to an address that the account may use.",
        ),
    }
}

fn mailer(settings: &Settings) -> Result<Mailer, String> {
    let (sender, metrics) = (settings.mail_from.clone(), Arc::default());
    Mailer::new(&settings.mail, &settings.public_origin, sender, metrics).map_err(|error| error.to_string())
}
