use std::{io, sync::Arc};

use rustls::{ServerConfig, server::WebPkiClientVerifier};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{PeerCertificate, Tls};
use crate::{
    files::{FileError, Loaded, Watched},
    server::{Peer, handshake::Handshake},
    tls::{self, HTTP2},
};

/// More than a client sends before it hears that it is refused.
const DRAINED: u64 = 64 << 10;

/// Everything is encrypted.
pub(in crate::server) struct Encrypted {
    config: Watched<ServerConfig>,
    /// Whether clients have to have a certificate.
    pub(in crate::server) mutual: bool,
}

impl Encrypted {
    pub(in crate::server) fn new(tls: Tls) -> Result<Self, FileError> {
        let mutual = tls.client_ca.is_some();
        let paths = [Some(tls.certificate), Some(tls.key), tls.client_ca];
        let config = Watched::new(paths.into_iter().flatten().collect(), config_of)?;
        Ok(Self { config, mutual })
    }
}

fn config_of(loaded: &[Loaded<'_>]) -> Result<ServerConfig, FileError> {
    let (certificate, key) = (&loaded[0], &loaded[1]);
    let builder = ServerConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate.invalid(&error))?;
    let builder = match loaded.get(2) {
        None => builder.with_no_client_auth(),
        Some(client_ca) => {
            let roots = Arc::new(tls::roots(client_ca)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, tls::provider());
            let verifier = verifier.build().map_err(|error| client_ca.invalid(&error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(tls::certificates(certificate)?, tls::private_key(key)?)
        .map_err(|error| key.invalid(&format!("it does not go with the certificate: {error}")))?;
    config.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(config)
}

/// Takes what a client still sends that is refused, and has been told so. Without it the connection would
/// be reset, and what it was told be lost with it: to the client that looks like a broken line, and it
/// would try again.
async fn drain(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(DRAINED), &mut tokio::io::sink()).await?;
    Ok(())
}

impl Handshake for Encrypted {
    type Io = TlsStream<TcpStream>;

    async fn handshake(
        &self,
        stream: TcpStream,
        mut peer: Peer,
    ) -> io::Result<(TlsStream<TcpStream>, Peer)> {
        let acceptor = TlsAcceptor::from(self.config.get());
        let stream = match acceptor.accept(stream).into_fallible().await {
            Ok(stream) => stream,
            Err((error, stream)) => {
                drain(stream).await?;
                return Err(error);
            }
        };
        let (_, connection) = stream.get_ref();
        if connection.alpn_protocol() != Some(HTTP2) {
            let problem = "the client does not ask for HTTP/2 over TLS";
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        let certificate = connection.peer_certificates().and_then(<[_]>::first);
        peer.certificate = certificate.map(|found| PeerCertificate::new(found.to_vec()));
        Ok((stream, peer))
    }
}
