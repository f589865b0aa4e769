//! The mails this server writes.

use lettre::{
    Address, Message,
    message::{Mailbox, MultiPart},
};
use parchment_core::handle::Origin;

/// A mail, or why it cannot be written: an address that only looks like one.
pub(super) type Written = Result<Message, Box<dyn std::error::Error + Send + Sync>>;

/// A mail with a sign-in code, in plain text and HTML.
pub(super) fn sign_in_code(sender: &Mailbox, to: &str, code: &str, origin: &Origin) -> Written {
    let advice = "It is good for 15 minutes and works once. If you did not ask for it, somebody typed your address by \
                  mistake: without this mail the code is worth nothing to them.";
    let text = format!("Your sign-in code for {origin} is\n\n    {code}\n\n{advice}\n");
    // Nothing here comes from whoever asked: the code is digits, the origin is the server's own.
    let html = format!(
        "<!doctype html><html lang=\"en\"><body style=\"font-family:sans-serif\"><p>Your sign-in code for {origin} is</p>\
         <p style=\"font-size:2em;letter-spacing:.1em\"> {code} </p><p>{advice}</p></body></html>\n"
    );
    write(sender, to, format!("Sign-in code {code}"), text, html)
}

/// A mail that tells somebody of her new account, in plain text and HTML.
///
/// It holds no secret: whoever reads it still has to ask for a code, which goes to the same address.
pub(super) fn invitation(sender: &Mailbox, to: &str, origin: &Origin, client: &Origin) -> Written {
    let how = "Sign in with this mail address: a code will be sent to it. If you want no account, ignore this mail.";
    let text = format!("You are invited to {origin}, where an account waits for you.\n\n    {client}\n\n{how}\n");
    // Nothing here comes from whoever invited, not even a name: this server's mail says only what this server means.
    let html = format!(
        "<!doctype html><html lang=\"en\"><body style=\"font-family:sans-serif\"><p>You are invited to {origin}, where an \
         account waits for you.</p><p><a href=\"{client}\">{client}</a></p><p>{how}</p></body></html>\n"
    );
    write(sender, to, format!("Your account at {origin}"), text, html)
}

fn write(sender: &Mailbox, to: &str, subject: String, text: String, html: String) -> Written {
    let mail = Message::builder()
        .from(sender.clone())
        .to(Mailbox::new(None, to.parse::<Address>()?))
        .subject(subject)
        .multipart(MultiPart::alternative_plain_html(text, html))?;
    Ok(mail)
}
