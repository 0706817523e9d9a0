use std::{io, path::PathBuf};

use eventstream_core::BoxError;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier, pki_types::ServerName};
use tokio::{net::TcpStream, sync::oneshot};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{SecurityOptions, first_read::FirstRead};
use crate::{
    client::{NetworkError, endpoint::Endpoint},
    files::{FileError, Loaded, Watched},
    tls::{self, HTTP2},
};

type Encrypted = FirstRead<TlsStream<TcpStream>>;

/// Comes when the server has looked at who the client is.
type ServersVerdict = oneshot::Receiver<io::Result<()>>;

/// How encrypted connections are made.
pub(in crate::client) struct ClientTls {
    config: Watched<ClientConfig>,
    server: ServerName<'static>,
}

impl ClientTls {
    pub(super) fn of(endpoint: &Endpoint, options: &SecurityOptions) -> Result<Self, NetworkError> {
        // The system's are read once: they change when the system is updated.
        let system = match &options.ca_file {
            Some(_) => None,
            None => Some(system_roots(endpoint)?),
        };
        let server = ServerName::try_from(endpoint.host_and_port().0.to_owned())
            .map_err(|_| NetworkError::Endpoint { endpoint: endpoint.to_string() })?;
        let mut paths: Vec<PathBuf> = options.ca_file.iter().cloned().collect();
        if let Some((certificate, key)) = &options.identity {
            paths.extend([certificate.clone(), key.clone()]);
        }
        let builder = ClientConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| NetworkError::Untrusted {
                endpoint: endpoint.to_string(),
                source: error.into(),
            })?;
        let config = Watched::new(paths, move |loaded| match (&system, loaded) {
            (None, [ca_file, identity @ ..]) => config_of(&builder, tls::roots(ca_file)?, identity),
            _ => config_of(&builder, system.clone().unwrap_or_else(RootCertStore::empty), loaded),
        })?;
        Ok(Self { config, server })
    }

    pub(in crate::client) async fn connect(
        &self,
        stream: TcpStream,
    ) -> Result<(Encrypted, ServersVerdict), BoxError> {
        let connector = TlsConnector::from(self.config.get());
        let stream = connector.connect(self.server.clone(), stream).await?;
        if stream.get_ref().1.alpn_protocol() != Some(HTTP2) {
            return Err("the server does not speak HTTP/2 over TLS".into());
        }
        Ok(FirstRead::new(stream))
    }
}

/// Whom the system trusts; single certificates that can't be used are left out.
fn system_roots(endpoint: &Endpoint) -> Result<RootCertStore, NetworkError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let source = found.errors.into_iter().next().map(Into::into);
    Err(NetworkError::NobodyTrusted { endpoint: endpoint.to_string(), source })
}

fn config_of(
    builder: &ConfigBuilder<ClientConfig, WantsVerifier>,
    roots: RootCertStore,
    identity: &[Loaded<'_>],
) -> Result<ClientConfig, FileError> {
    let builder = builder.clone().with_root_certificates(roots);
    let mut config = match identity {
        [certificate, key] => builder
            .with_client_auth_cert(tls::certificates(certificate)?, tls::private_key(key)?)
            .map_err(|error| key.invalid(&error))?,
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(config)
}
