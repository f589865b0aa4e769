//! `handles.json`: handles, aliases, what is local, relationship ids.

use parchment_core::handle::{Alias, Handle, Origin, ServerId, relationship_id};
use serde_json::Value;

use super::{
    reader::Case,
    verdict::{Finding, Ours, Reason, compare},
};

/// The server whose users are local in cases of kind `handle`.
const OWN_SERVER: &str = "b.example";

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.kind() {
        "handle" => judge_handle(case),
        "alias" => compare(
            case.flag("valid").then_some(()),
            case.input("input").and_then(|input| Ok(Alias::parse(input).map(drop)?)),
        ),
        "local" => compare(
            case.flag("local").then_some(()),
            case.input("our_server").and_then(|server| local(case, server)),
        ),
        "build" => compare(Some(case.text("handle").to_owned()), build(case)),
        "origin-to-host" => compare(Some(case.text("host").to_owned()), server_id(case, "origin")),
        "relationship-id" => compare(Some(case.text("id").to_owned()), relationship(case)),
        _ => Finding::UnknownKind,
    }
}

fn judge_handle(case: &Case<'_>) -> Finding {
    let upstream = case.get("result").and_then(Value::as_object).map(|parts| {
        let part = |name: &str| parts[name].as_str().unwrap().to_owned();
        (part("alias"), part("domain"))
    });
    let ours = case.input("input").and_then(|input| {
        let handle = Handle::parse(input)?;
        Ok((handle.alias().to_string(), handle.server().to_string()))
    });
    let local = compare(case.flag("local_to_b_example").then_some(()), local(case, OWN_SERVER));
    compare(upstream, ours).and(local)
}

fn local(case: &Case<'_>, server: &str) -> Ours<()> {
    let handle = Handle::parse(case.input("input")?)?;
    match handle.is_on(&ServerId::parse(server)?) {
        true => Ok(()),
        false => Err(Reason::new(None, "lives elsewhere")),
    }
}

fn build(case: &Case<'_>) -> Ours<String> {
    let alias = Alias::parse(case.input("alias")?)?;
    let server = ServerId::parse(case.input("our_server")?)?;
    Ok(Handle::new(&alias, &server).to_string())
}

/// The server id of the configured origin in a member.
pub(crate) fn server_id(case: &Case<'_>, member: &str) -> Ours<String> {
    Ok(Origin::parse(case.input(member)?)?.server_id().to_string())
}

fn relationship(case: &Case<'_>) -> Ours<String> {
    Ok(relationship_id(case.input("a")?, case.input("b")?))
}
