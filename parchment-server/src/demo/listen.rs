//! Listening on a free loopback port.

use poem::listener::{Acceptor as _, Listener as _, TcpAcceptor, TcpListener};

/// A listener, and the port that it got.
pub(super) async fn on_any_port() -> Result<(TcpAcceptor, u16), String> {
    let acceptor = TcpListener::bind("127.0.0.1:0")
        .into_acceptor()
        .await
        .map_err(|error| error.to_string())?;
    let port = acceptor
        .local_addr()
        .first()
        .and_then(|address| address.as_socket_addr().map(|address| address.port()))
        .ok_or("a listener has no port")?;
    Ok((acceptor, port))
}
