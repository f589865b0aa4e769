//! Names: aliases, server ids, handles, origins and inbox addresses.

use parchment_core::{
    handle::{Alias, Handle, Origin, ServerId, relationship_id},
    manifest::InboxUrl,
    request::INBOX_PATH,
};

/// Every name is written as it was read, falls apart into its parts and comes together again.
pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    if let Ok(alias) = Alias::parse(text) {
        assert_eq!(alias.to_string(), text);
        assert!(is_alias_upstream(text));
    }
    if let Ok(server) = ServerId::parse(text) {
        check_server(&server, text);
    }
    check_handle(text);
    check_addresses(text);
    // Two texts in one input, divided by a line end.
    let (a, b) = text.split_once('\n').unwrap_or((text, ""));
    check_relationship(a, b);
    Handle::parse(text).is_ok()
}

fn check_server(server: &ServerId, text: &str) {
    assert_eq!(server.to_string(), text);
    assert_eq!(text.parse().as_ref(), Ok(server));
    assert!(is_domain_upstream(text));
    let port = server.port().map(|port| format!(":{port}")).unwrap_or_default();
    assert_eq!(format!("{}{port}", server.host()), text);
    assert_eq!(
        Origin::parse(text).map(|origin| origin.server_id().clone()).as_ref(),
        Ok(server)
    );
}

fn check_handle(text: &str) {
    let parts = text
        .split_once('@')
        .map(|(alias, server)| (Alias::parse(alias), ServerId::parse(server)));
    match Handle::parse(text) {
        Ok(handle) => {
            assert_eq!(handle.to_string(), text);
            assert_eq!(Handle::new(&handle.alias(), &handle.server()), handle);
            assert_eq!(parts, Some((Ok(handle.alias()), Ok(handle.server()))));
            assert!(handle.is_on(&handle.server()));
        }
        Err(_) => assert!(!matches!(parts, Some((Ok(_), Ok(_))))),
    }
}

fn check_addresses(text: &str) {
    if let Ok(origin) = Origin::parse(text) {
        let written = origin.to_string();
        assert_eq!(Origin::parse(&written), Ok(origin));
        assert!(written.eq_ignore_ascii_case(text) || written.strip_prefix("https://") == Some(text));
    }
    if let Some(inbox) = InboxUrl::parse(text) {
        let scheme = if inbox.https { "https" } else { "http" };
        let written = format!("{scheme}://{}{INBOX_PATH}", inbox.server);
        assert!(written.eq_ignore_ascii_case(text));
        assert!(inbox.https || inbox.server.is_loopback());
        assert_eq!(InboxUrl::parse(&written), Some(inbox));
    }
}

fn check_relationship(a: &str, b: &str) {
    let id = relationship_id(a, b);
    assert_eq!(id, relationship_id(b, a));
    let (first, second) = if a.encode_utf16().le(b.encode_utf16()) {
        (a, b)
    } else {
        (b, a)
    };
    assert_eq!(id, [first, "::", second].concat());
}

/// Protocol section 6: whom upstream cannot name must not have a name here.
fn is_alias_upstream(text: &str) -> bool {
    (3..=30).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_domain_upstream(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "0"));
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    host.len() >= 2
        && is_end(host.chars().next())
        && is_end(host.chars().last())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
        && !port.is_empty()
        && port.chars().all(|c| c.is_ascii_digit())
}
