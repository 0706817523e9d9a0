use std::{io, path::PathBuf};

use eventstream_core::BoxError;
use rustls::{ClientConfig, pki_types::ServerName};
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
        let Some(ca_file) = &options.ca_file else {
            return Err(NetworkError::NobodyTrusted { endpoint: endpoint.to_string() });
        };
        let server = ServerName::try_from(endpoint.host_and_port().0.to_owned())
            .map_err(|_| NetworkError::Endpoint { endpoint: endpoint.to_string() })?;
        let mut paths: Vec<PathBuf> = vec![ca_file.clone()];
        if let Some((certificate, key)) = &options.identity {
            paths.extend([certificate.clone(), key.clone()]);
        }
        Ok(Self { config: Watched::new(paths, config_of)?, server })
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

fn config_of(loaded: &[Loaded<'_>]) -> Result<ClientConfig, FileError> {
    let builder = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| loaded[0].invalid(&error))?
        .with_root_certificates(tls::roots(&loaded[0])?);
    let mut config = match loaded {
        [_, certificate, key] => builder
            .with_client_auth_cert(tls::certificates(certificate)?, tls::private_key(key)?)
            .map_err(|error| key.invalid(&error))?,
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(config)
}
