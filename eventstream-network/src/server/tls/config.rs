use std::path::PathBuf;

/// The certificate of a server, its private key, and whose clients it takes.
///
/// # Contract
///
/// TLS 1.3 or 1.2 is spoken, and HTTP/2 over it, which a client has to ask for (ALPN `h2`).
///
/// The files are looked at when a connection is made, once a second at most. If they have changed they
/// are read again, for the connections that are made from then on. If they can't be used, those before
/// stay good, and the error is logged: a certificate and its key can be replaced one after the other.
///
/// # Examples
///
/// ```
/// use eventstream_core::Identity;
/// use eventstream_memory::MemoryStream;
/// use eventstream_network::{NetworkServer, Tls, TokenFile};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = |name: &str| directory.path().join(name);
/// # let key = rcgen::KeyPair::generate()?;
/// # let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?.self_signed(&key)?;
/// # std::fs::write(path("server.pem"), certificate.pem())?;
/// # std::fs::write(path("server.key"), key.serialize_pem())?;
/// # std::fs::write(path("tokens"), "a-token-of-some-length read *\n")?;
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let server = NetworkServer::builder()
///     .host(MemoryStream::new(shop))
///     .tls(Tls::from_files(path("server.pem"), path("server.key")))
///     .authorizer(TokenFile::open(path("tokens"))?)
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Tls {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) client_ca: Option<PathBuf>,
}

impl Tls {
    /// The server's certificate, with those that lead from it to the one that clients trust, and its
    /// private key (PEM). They are read when the server is built.
    pub fn from_files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: certificate.into(), key: key.into(), client_ca: None }
    }

    /// Takes only clients that have a certificate which one of these (PEM) vouches for.
    pub fn client_ca(self, path: impl Into<PathBuf>) -> Self {
        Self { client_ca: Some(path.into()), ..self }
    }
}
