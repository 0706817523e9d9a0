use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use rustls::{
    ClientConfig, RootCertStore,
    client::WebPkiServerVerifier,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::{
    Socket,
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};
use tokio_rustls::TlsConnector;

use super::verifier::Verifier;
use crate::postgres::error::{PostgresError, Result};

/// What of a server's certificate is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsMode {
    /// There is none.
    Off,
    /// Nothing: it is encrypted, and that is all.
    Unverified,
    /// That it comes from a root that is trusted.
    Chain,
    /// And that it is for the host.
    Full,
}

/// How connections are encrypted, if they are.
#[derive(Clone)]
pub(in crate::postgres) struct Tls(Option<Arc<ClientConfig>>);

impl Tls {
    pub(super) fn load(
        mode: TlsMode,
        roots: Option<PathBuf>,
        identity: Option<(PathBuf, PathBuf)>,
    ) -> Result<Self> {
        if mode == TlsMode::Off {
            return Ok(Self(None));
        }
        // It is named here, so that it does not depend on what else is linked into a program.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trusted = match (mode, roots) {
            (TlsMode::Off | TlsMode::Unverified, _) => None,
            (_, Some(file)) => {
                let mut store = RootCertStore::empty();
                for certificate in certificates(&file)? {
                    store.add(certificate).map_err(|error| unusable(&file, &error))?;
                }
                let builder =
                    WebPkiServerVerifier::builder_with_provider(store.into(), provider.clone());
                Some(builder.build().map_err(|error| unusable(&file, &error))?)
            }
            (_, None) => {
                let problem = "to verify the server, sslrootcert has to name a file with the \
                               certificates that are trusted, such as \
                               /etc/ssl/certs/ca-certificates.crt";
                return Err(PostgresError::BadUrl { problem: problem.to_owned() });
            }
        };
        let verifier = Verifier::new(provider.clone(), trusted, mode == TlsMode::Full);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| PostgresError::BadUrl { problem: error.to_string() })?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = match identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let secret = PrivateKeyDer::from_pem_file(&key);
                let secret = secret.map_err(|error| unusable(&key, &error))?;
                config
                    .with_client_auth_cert(certificates(&certificate)?, secret)
                    .map_err(|error| unusable(&certificate, &error))?
            }
        };
        Ok(Self(Some(Arc::new(config))))
    }

    pub(super) fn maker(&self) -> Option<Maker> {
        self.0.clone().map(Maker)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.0.is_some()).finish()
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bytes = fs::read(file).map_err(|error| unusable(file, &error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|error| unusable(file, &error))?;
    if found.is_empty() {
        return Err(unusable(file, &"there is no certificate (PEM) in it"));
    }
    Ok(found)
}

fn unusable(file: &Path, problem: &dyn fmt::Display) -> PostgresError {
    let problem = format!("{} can't be used for TLS: {problem}", file.display());
    PostgresError::BadUrl { problem }
}

/// Encrypts for the driver.
#[derive(Clone)]
pub(super) struct Maker(Arc<ClientConfig>);

impl MakeTlsConnect<Socket> for Maker {
    type Stream = Encrypted;
    type TlsConnect = Connect;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<Connect> {
        // The driver asks with no name for a socket of this machine, and then encrypts nothing.
        Ok(Connect { name: ServerName::try_from(host.to_owned()).ok(), config: self.0.clone() })
    }
}

pub(super) struct Connect {
    /// `None` if what stands in the URL can't be one.
    name: Option<ServerName<'static>>,
    config: Arc<ClientConfig>,
}

impl TlsConnect<Socket> for Connect {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let problem = "the host has no name that a certificate could be for";
            let name =
                self.name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, problem))?;
            let connector = TlsConnector::from(self.config);
            Ok(Encrypted(Box::new(connector.connect(name, socket).await?)))
        })
    }
}

/// A connection that is encrypted.
pub(super) struct Encrypted(Box<tokio_rustls::client::TlsStream<Socket>>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
