//! Connections: how many there may be, and how long a client may take over one.
//!
//! The framework accepts whatever comes and waits for ever. [`Guarded`] stands around its acceptor:
//! beyond a number of open connections the next one takes the place of the one that was silent for longest, beyond a
//! number from one address they are closed at once, and a [`Guarded stream`](stream::Stream) ends when its client
//! does not finish a request's head or does not take the answer.

pub mod descriptors;
mod places;
mod stream;

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use poem::{
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use prometheus_client::metrics::gauge::Gauge;

use self::places::{Place, Places};
pub use self::stream::{Deadlines, Stream};
use crate::{
    config::{Networks, Settings},
    http::client,
};

/// How long to wait after the system refused to accept: it is out of files, mostly, and some will close.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// How many connections there may be.
#[derive(Debug, Clone)]
pub struct Limits {
    /// At once.
    pub connections: u32,
    /// At once from one address, or from one /64 network of IPv6.
    pub per_address: u32,
    /// Proxies, each of which stands for many clients: not counted by address.
    pub uncounted: Networks,
}

impl Limits {
    /// The limits as set.
    pub fn new(settings: &Settings) -> Self {
        Self {
            connections: settings.max_connections,
            per_address: settings.max_connections_per_address,
            uncounted: settings.trusted_proxies.clone(),
        }
    }
}

/// An acceptor with limits.
#[derive(Debug)]
pub struct Guarded<A> {
    acceptor: A,
    places: Arc<Places>,
    addresses: Arc<Addresses>,
    limits: Limits,
    deadlines: Deadlines,
}

impl<A> Guarded<A> {
    /// Sets limits to an acceptor; `open` tells how many connections there are.
    pub fn new(acceptor: A, limits: Limits, deadlines: Deadlines, open: Gauge) -> Self {
        Self {
            acceptor,
            places: Places::new(limits.connections, open),
            addresses: Arc::default(),
            limits,
            deadlines,
        }
    }

    /// The key under which a client's connections are counted, if they are.
    fn counted(&self, client: &RemoteAddr) -> Option<String> {
        let address = client.as_socket_addr().map(SocketAddr::ip)?.to_canonical();
        let is_uncounted = address.is_loopback() || self.limits.uncounted.contain(address);
        (!is_uncounted).then(|| client::network_of(address))
    }
}

impl<A: Acceptor> Acceptor for Guarded<A> {
    type Io = Stream<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.acceptor.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        loop {
            let (stream, local, remote, scheme) = match self.acceptor.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // The framework would ask again at once, and again.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            let address = match self.counted(&remote) {
                Some(key) => match self.addresses.enter(key, self.limits.per_address) {
                    Some(entered) => Some(entered),
                    None => {
                        tracing::debug!(client = %remote, "too many connections from one address; this one is closed");
                        continue;
                    }
                },
                None => None,
            };
            let held = Held {
                place: self.places.take().await,
                _address: address,
            };
            return Ok((Stream::new(stream, self.deadlines, held), local, remote, scheme));
        }
    }
}

/// What a connection takes up, given back when it is closed.
#[derive(Debug)]
pub(crate) struct Held {
    place: Place,
    _address: Option<Entered>,
}

/// How many connections are open from each address.
#[derive(Debug, Default)]
struct Addresses(Mutex<HashMap<String, u32>>);

impl Addresses {
    /// One more, unless there are too many.
    fn enter(self: &Arc<Self>, key: String, most: u32) -> Option<Entered> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.clone()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Entered {
            addresses: self.clone(),
            key,
        })
    }
}

/// One of an address's connections.
#[derive(Debug)]
struct Entered {
    addresses: Arc<Addresses>,
    key: String,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_an_address_are_given_back() {
        let addresses = Arc::new(Addresses::default());
        let enter = |key: &str| addresses.enter(key.to_owned(), 2);
        let (first, _second) = (enter("a"), enter("a"));
        assert!(first.is_some() && enter("a").is_none() && enter("b").is_some());
        drop(first);
        assert!(enter("a").is_some());
        assert_eq!(addresses.0.lock().unwrap().len(), 1, "what nobody uses is forgotten");
    }

    fn is_counted(client: &str) -> Option<String> {
        let limits = Limits {
            connections: 1,
            per_address: 1,
            uncounted: "10.0.0.1".parse().unwrap(),
        };
        let client: SocketAddr = client.parse().unwrap();
        Guarded::new((), limits, Deadlines::default(), Gauge::default()).counted(&RemoteAddr(client.into()))
    }

    #[test]
    fn proxies_and_this_machine_are_not_counted() {
        assert_eq!(is_counted("10.0.0.1:1"), None);
        assert_eq!(is_counted("[::ffff:10.0.0.1]:1"), None);
        assert_eq!(is_counted("127.0.0.1:1"), None);
        assert_eq!(is_counted("10.0.0.2:1").as_deref(), Some("10.0.0.2"));
        assert_eq!(is_counted("[2001:db8::1]:1"), is_counted("[2001:db8::2]:2"));
    }
}
