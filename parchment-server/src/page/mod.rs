//! The page of an account, `/`: where a person signs in and looks after her account with a browser alone.
//!
//! Static files without a build step. Nothing is loaded from elsewhere, no script or style stands in the page itself,
//! and its policy allows requests to this server only.

use crate::{
    config::Settings,
    http::files::{File, LateFile, late},
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const SCRIPTS: [(&str, &str); 4] = [
    ("/page/main.js", include_str!("main.js")),
    ("/page/passkeys.js", include_str!("passkeys.js")),
    ("/page/safety.js", include_str!("safety.js")),
    ("/page/server.js", include_str!("server.js")),
];

/// The page of this server, and what it loads.
pub fn files(settings: &Settings) -> impl Iterator<Item = (&'static str, LateFile)> + use<> {
    // A server's name is letters, digits, dots and hyphens, and a port: nothing that HTML would take for itself.
    let html = include_str!("index.html")
        .replace("{{rp_id}}", settings.client_origin().server_id().host())
        .replace("{{server_id}}", settings.server_id().as_str());
    let html = late(|| File::new("text/html; charset=utf-8", html, Some(POLICY.to_owned())));
    let style = late(|| File::new("text/css; charset=utf-8", include_str!("style.css").to_owned(), None));
    let script = |(path, text): (_, &'static str)| {
        let script = || File::new("text/javascript; charset=utf-8", text.to_owned(), None);
        (path, late(script))
    };
    [("/", html), ("/page/style.css", style)]
        .into_iter()
        .chain(SCRIPTS.map(script))
}
