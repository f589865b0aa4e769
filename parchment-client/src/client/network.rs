//! Sockets and TLS, where no browser has them in hand.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use parchment_core::reach::Reach;
use reqwest::{
    ClientBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::{ClientError, builder::setup};

/// Over HTTP/1.1 a header can then fill hyper's read buffer, about 400 KiB, and no more.
const MAX_HEADERS: usize = 64;
/// Over HTTP/2 names and values are counted as they are decompressed.
const MAX_HEADER_BYTES: u32 = 16 * 1024;

/// How connections are made.
pub(crate) struct Network {
    pub connect_timeout: Duration,
    pub proxy: Option<String>,
    pub roots: Vec<Root>,
    /// Where connections may lead, where that is not for the caller alone to say.
    pub reach: Option<Reach>,
}

/// A certificate authority, as it was given.
pub(crate) enum Root {
    Pem(Vec<u8>),
    Der(Vec<u8>),
}

impl Default for Network {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            proxy: None,
            roots: Vec::new(),
            reach: None,
        }
    }
}

impl Network {
    pub fn apply(self, builder: ClientBuilder) -> Result<ClientBuilder, ClientError> {
        let builder = builder
            .tls_backend_preconfigured(tls(&self.roots)?)
            .redirect(Policy::none())
            .referer(false)
            // Not compiled in today; another crate's features must not bring them back.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(self.connect_timeout)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_BYTES);
        let builder = builder.dns_resolver(Resolver { reach: self.reach });
        Ok(match &self.proxy {
            Some(url) => builder.proxy(reqwest::Proxy::all(url).map_err(|_| setup("the proxy's address is no URL"))?),
            None => builder.no_proxy(),
        })
    }
}

/// The public certificate authorities and those that were given, with one cryptography for this client alone: a
/// process-wide default would be up to whichever crate sets it first.
fn tls(roots: &[Root]) -> Result<ClientConfig, ClientError> {
    let mut store = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for root in roots {
        for certificate in root.read()? {
            store
                .add(certificate)
                .map_err(|error| setup(format_args!("a root certificate cannot be used: {error}")))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(setup)?
        .with_root_certificates(store)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

impl Root {
    fn read(&self) -> Result<Vec<CertificateDer<'_>>, ClientError> {
        match self {
            Self::Der(der) => Ok(vec![CertificateDer::from_slice(der)]),
            Self::Pem(pem) => {
                let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
                match certificates {
                    Ok(certificates) if !certificates.is_empty() => Ok(certificates),
                    _ => Err(setup("a root certificate is not PEM")),
                }
            }
        }
    }
}

/// The operating system's resolver, but for `localhost`, which is this machine whatever DNS says (RFC 6761).
///
/// What it passes is what is connected to: no second look-up comes between that could answer otherwise.
struct Resolver {
    reach: Option<Reach>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let addresses: Vec<IpAddr> = if is_localhost(name.as_str()) {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            } else {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                found.map(|address| address.ip()).collect()
            };
            // One forbidden address spoils the name: nothing may hang on which of them happens to be tried.
            if reach.is_some_and(|reach| !addresses.iter().all(|address| reach.allows(*address))) {
                let why = "the name leads to an address that is not on the public internet";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why).into());
            }
            // Port 0 stands for the URL's own.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

fn is_localhost(name: &str) -> bool {
    let last_label = name.rsplit('.').next().unwrap_or(name);
    last_label.eq_ignore_ascii_case("localhost")
}
