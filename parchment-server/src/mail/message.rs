//! The mails this server writes.

use lettre::{
    Address, Message,
    message::{Mailbox, MultiPart},
};
use parchment_core::handle::Origin;

/// A mail with a sign-in code, in plain text and HTML.
pub(super) fn sign_in_code(
    sender: &Mailbox,
    to: &str,
    code: &str,
    origin: &Origin,
) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
    let advice = "It is good for 15 minutes and works once. If you did not ask for it, somebody typed your address by \
                  mistake: without this mail the code is worth nothing to them.";
    let text = format!("Your sign-in code for {origin} is\n\n    {code}\n\n{advice}\n");
    // Nothing here comes from whoever asked: the code is digits, the origin is the server's own.
    let html = format!(
        "<!doctype html><html lang=\"en\"><body style=\"font-family:sans-serif\"><p>Your sign-in code for {origin} is</p>\
         <p style=\"font-size:2em;letter-spacing:.1em\"> {code} </p><p>{advice}</p></body></html>\n"
    );
    let mail = Message::builder()
        .from(sender.clone())
        .to(Mailbox::new(None, to.parse::<Address>()?))
        .subject(format!("Sign-in code {code}"))
        .multipart(MultiPart::alternative_plain_html(text, html))?;
    Ok(mail)
}

/// A mail that says that mail works.
pub(super) fn test(
    sender: &Mailbox,
    to: &str,
    origin: &Origin,
) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
    let mail = Message::builder()
        .from(sender.clone())
        .to(Mailbox::new(None, to.parse::<Address>()?))
        .subject("Mail works")
        .body(format!(
            "Mail from {origin} arrives. Its operator asked for this one.\n"
        ))?;
    Ok(mail)
}
