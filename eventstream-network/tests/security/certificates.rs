use std::{
    fs,
    path::{Path, PathBuf},
};

use eventstream_core::{BoxError, Result};
use eventstream_network::{NetworkClient, NetworkError, NetworkServer, NetworkServerBuilder, Tls};
use tempfile::TempDir;

pub(crate) use crate::support::authority::{Authority, Issued};

/// What a server and a client have on disk.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// As programs that rotate certificates do: so that nobody sees half of it.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let (path, new) = (self.path(name), self.path("new"));
        fs::write(&new, text).unwrap();
        fs::rename(&new, &path).unwrap();
        path
    }

    pub(crate) fn write_issued(&self, name: &str, issued: &Issued) -> (PathBuf, PathBuf) {
        let certificate = self.write(&format!("{name}.pem"), &issued.certificate);
        (certificate, self.write(&format!("{name}.key"), &issued.key))
    }

    pub(crate) fn tls(&self, issued: &Issued) -> Tls {
        let (certificate, key) = self.write_issued("server", issued);
        Tls::from_files(certificate, key)
    }
}

pub(crate) fn serving() -> NetworkServerBuilder {
    let stream = eventstream_memory::MemoryStream::new(crate::support::application());
    NetworkServer::builder().host(stream)
}

/// Connects, and asks something.
pub(crate) async fn reach(address: &str, ca: &Path) -> Result<()> {
    let client = NetworkClient::connect(&format!("https://{address}")).ca_file(ca).await?;
    client.applications().await.map(drop)
}

/// The error is none that passes, and its cause says why.
pub(crate) fn assert_untrusted(result: Result<impl Sized>, why: &str) {
    let error = result.err().expect("it has to be refused");
    assert!(!error.is_retryable(), "{error:?}");
    let error: BoxError = error.into();
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    let Some(NetworkError::Untrusted { source, .. }) = source else { panic!("{error:?}") };
    assert!(format!("{source:?}").contains(why), "{source:?}");
}
