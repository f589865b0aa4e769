//! The mails this server writes.

use lettre::{Message, error::Error, message::header::ContentType};

/// A mail with a sign-in code, as the bytes of an .eml file (RFC 5322).
pub(super) fn sign_in_code(
    to: &str,
    code: &str,
    origin: &str,
) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let text = format!(
        "Your sign-in code for {origin} is\r\n\r\n    {code}\r\n\r\nIt is good for 15 minutes and works once. If you did \
         not ask for it, somebody typed your\r\naddress by mistake: without this mail the code is worth nothing to them.\r\n"
    );
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let from = format!("Parchment <no-reply@{host}>");
    let mail: Result<Message, Error> = Message::builder()
        .from(from.parse()?)
        .to(to.parse()?)
        .subject(format!("Sign-in code {code}"))
        .header(ContentType::TEXT_PLAIN)
        .body(text);
    Ok(mail?.formatted())
}
