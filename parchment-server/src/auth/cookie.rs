//! The session cookie.

use parchment_core::handle::Origin;
use poem::{Request, http::header};

use super::sessions::LIFETIME_MS;

/// The name of the session cookie.
pub const NAME: &str = "auth_session";

/// The cookie that carries a session's token, for as long as the session lives unused.
pub fn set(token: &str, origin: &Origin) -> String {
    write(token, LIFETIME_MS / 1000, origin)
}

/// The cookie that takes the session's token away.
pub fn clear(origin: &Origin) -> String {
    write("", 0, origin)
}

fn write(value: &str, seconds: i64, origin: &Origin) -> String {
    let secure = if origin.is_https() { "; Secure" } else { "" };
    format!("{NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// The token in the cookie of a request. An `Authorization` header of any kind means that the cookie is not looked at.
pub fn read(request: &Request) -> Option<String> {
    if request.headers().contains_key(header::AUTHORIZATION) {
        return None;
    }
    request
        .headers()
        .get_all(header::COOKIE)
        .iter()
        // Other applications on the same host may set cookies that are no ASCII: only ours must be.
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME && !value.is_empty()).then(|| value.to_owned()))
}
