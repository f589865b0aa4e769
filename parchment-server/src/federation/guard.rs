//! Which addresses a request to another server may reach.
//!
//! Whoever writes a handle chooses a host name, and whoever runs that name's DNS chooses the
//! addresses behind it. Neither may choose this machine, its network or the address where a
//! hosting company hands out credentials. So the decision is made about addresses, by the
//! resolver that the connection itself uses: what [`GuardedResolver`] has passed is what is
//! connected to, and no second look-up comes between that could answer otherwise.
//!
//! A resolver is asked about names only. A URL whose host is an address goes past it, which is
//! why the [fetcher](super::fetch) never makes one, loopback in development aside.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use parchment_core::reach::why_not_global;
pub use parchment_core::reach::{Reach, is_global};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks a name up in DNS, or in a test's idea of it.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let addresses = tokio::net::lookup_host((name, 0)).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}

/// A name was refused for an address that it leads to.
///
/// The text withholds the address: it may be shown to whoever named the server, and is no
/// business of theirs. The log has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name leads to an address that is not on the public internet")]
pub struct AddressRefused;

/// The resolver of outgoing connections: all addresses of a name are allowed, or none is used.
///
/// One forbidden address spoils the whole name: no honest server publishes such a mix, and nothing
/// may hang on which address of an answer happens to be tried.
#[derive(Clone)]
pub struct GuardedResolver {
    reach: Reach,
    lookup: Arc<dyn Lookup>,
}

impl GuardedResolver {
    /// A resolver that asks the operating system.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Self::with_lookup(reach, Arc::new(SystemLookup))
    }

    /// A resolver that asks `lookup`.
    #[must_use]
    pub fn with_lookup(reach: Reach, lookup: Arc<dyn Lookup>) -> Self {
        Self { reach, lookup }
    }

    /// The addresses of `name`, once all of them have been found allowed.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let addresses = if is_localhost(name) {
            // Not asked about (RFC 6761, section 6.3), so that plain http stays on this machine.
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        } else {
            self.lookup.lookup(name).await?
        };
        if let Some(&address) = addresses.iter().find(|&&address| !self.reach.allows(address)) {
            let why = why_not_global(address).unwrap_or_default();
            tracing::debug!(name, %address, why, "a name was refused for its address");
            return Err(AddressRefused.into());
        }
        Ok(addresses)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let addresses = this.addresses(name.as_str()).await?;
            // Port 0 stands for the URL's own.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedResolver")
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

fn is_localhost(name: &str) -> bool {
    let last_label = name.rsplit('.').next().unwrap_or(name);
    last_label.eq_ignore_ascii_case("localhost")
}
