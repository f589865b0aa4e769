//! `server-wrapper.json`: requests between servers, signed, sent and received.

mod inbound;
mod send;
mod sign;

use super::{
    Judge, handles,
    reader::{Case, VectorFile},
    verdict::{Finding, compare},
};

/// The headers of a request by lower-case name, in order.
type Headers = Vec<(String, String)>;

pub(crate) fn judge(file: &VectorFile) -> Judge<'_> {
    let mut receiver = inbound::Receiver::default();
    Box::new(move |case| match case.kind() {
        "sign" => sign::judge(case),
        "send" => send::judge(file, case),
        "inbound" => receiver.judge(file, case),
        "server-id" => compare(
            Some(case.text("server_id").to_owned()),
            handles::server_id(case, "server_origin"),
        ),
        _ => Finding::UnknownKind,
    })
}

/// Brings headers into the form in which they are compared: names of headers have no case.
fn comparable<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Headers {
    let mut headers: Headers = headers
        .into_iter()
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    headers.sort();
    headers
}

/// The recorded headers of a case.
fn recorded_headers(case: &Case<'_>) -> Headers {
    comparable(case.texts("headers"))
}
