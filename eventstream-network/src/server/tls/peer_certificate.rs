use std::{
    fmt::{self, Write},
    sync::Arc,
};

use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;

use super::subject::common_name;

/// The certificate of a client, which [somebody that is trusted](super::Tls::client_ca) vouches for.
/// Cheap to clone.
///
/// # Examples
///
/// Who has the certificate of the warehouse may read:
///
/// ```
/// use eventstream_network::{Access, Action, Authorizer, Denied};
///
/// struct Warehouse;
///
/// impl Authorizer for Warehouse {
///     fn authorize(&self, access: &Access<'_>) -> Result<(), Denied> {
///         let certificate = access.peer().certificate.as_ref().ok_or(Denied::Unknown)?;
///         let is_known = certificate.dns_names().iter().any(|name| name == "warehouse.example.org");
///         if is_known && access.action() == Action::Read { Ok(()) } else { Err(Denied::Forbidden) }
///     }
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    der: Arc<[u8]>,
    dns_names: Arc<[String]>,
    common_name: Option<Arc<str>>,
}

impl PeerCertificate {
    pub(super) fn new(der: Vec<u8>) -> Self {
        let mut names = (Vec::new(), None);
        let certificate = CertificateDer::from(der.as_slice());
        if let Ok(parsed) = webpki::EndEntityCert::try_from(&certificate) {
            let dns_names = parsed.valid_dns_names().map(str::to_owned).collect();
            names = (dns_names, common_name(parsed.subject()).map(Arc::from));
        }
        Self { der: der.into(), dns_names: names.0.into(), common_name: names.1 }
    }

    /// All of it, encoded (DER).
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The SHA-256 of it all, in hexadecimal digits: what `openssl x509 -fingerprint -sha256` says, in
    /// lower case and without colons.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in digest(&SHA256, &self.der).as_ref() {
            // Nothing can fail: it is written to memory.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The DNS names that it is for.
    #[must_use]
    pub fn dns_names(&self) -> &[String] {
        &self.dns_names
    }

    /// The common name of its subject, if it has one that is text.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }
}

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerCertificate")
            .field("fingerprint", &self.fingerprint())
            .field("common_name", &self.common_name)
            .field("dns_names", &self.dns_names)
            .finish_non_exhaustive()
    }
}
