//! Whom a client believes to be the server: whoever a certificate authority vouches for that it trusts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use parchment_client::{Client, ClientError, TransportKind};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// An authority, and a server on loopback that it calls by this name.
async fn serve(name: &str) -> (Certificate, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();

    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        );
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut socket) = acceptor.accept(socket).await else {
                    return;
                };
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\nconnection: close\r\n\r\n{\"status\":\"ok\"}";
                let _ = socket.write_all(answer).await;
                let _ = socket.shutdown().await;
            });
        }
    });
    (authority, origin)
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_when_it_is_given() {
    let (authority, origin) = serve("localhost").await;
    let pem = format!("Our own authority\n{}", authority.pem());
    for builder in [
        Client::builder(&origin).root_certificate_pem(pem.as_bytes()),
        Client::builder(&origin).root_certificate_der(authority.der()),
    ] {
        assert_eq!(builder.build().unwrap().health().live().await.unwrap().status, "ok");
    }
}

#[tokio::test]
async fn who_cannot_show_a_certificate_for_its_name_is_not_spoken_to() {
    let (authority, origin) = serve("localhost").await;
    let (other_authority, other_name) = serve("other.example").await;
    for builder in [
        Client::builder(&origin),
        Client::builder(&origin).root_certificate_der(other_authority.der()),
        Client::builder(&other_name).root_certificate_der(other_authority.der()),
        Client::builder(&other_name).root_certificate_der(authority.der()),
    ] {
        let error = builder.retries(0).build().unwrap().health().live().await.unwrap_err();
        assert!(
            matches!(
                error,
                ClientError::Transport {
                    kind: TransportKind::Connect,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}
