//! What both ends of an encrypted connection make of their files.

use std::sync::Arc;

use rustls::{
    RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::files::{FileError, Loaded};

/// How HTTP/2 is named when a connection is made.
pub(crate) const HTTP2: &[u8] = b"h2";

/// It is named here, so that it does not depend on what else is linked into a program.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A certificate, and those that lead from it to the one that is trusted.
pub(crate) fn certificates(file: &Loaded<'_>) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file.bytes).collect();
    match found {
        Ok(found) if found.is_empty() => Err(file.invalid("there is no certificate (PEM) in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(file.invalid(&format!("it is not valid PEM: {error}"))),
    }
}

pub(crate) fn private_key(file: &Loaded<'_>) -> Result<PrivateKeyDer<'static>, FileError> {
    PrivateKeyDer::from_pem_slice(&file.bytes)
        .map_err(|error| file.invalid(&format!("there is no private key (PEM) in it: {error}")))
}

/// Those that are trusted.
pub(crate) fn roots(file: &Loaded<'_>) -> Result<RootCertStore, FileError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| file.invalid(&error))?;
    }
    Ok(roots)
}
