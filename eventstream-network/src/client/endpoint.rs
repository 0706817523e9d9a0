use std::fmt;

use http::uri::{Authority, Scheme, Uri};

use super::NetworkError;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    scheme: Scheme,
    authority: Authority,
}

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError::Endpoint { endpoint: text.to_owned() };
        let parts = text.parse::<Uri>().map_err(|_| wrong())?.into_parts();
        let path = parts.path_and_query.map(|path| path.to_string()).unwrap_or_default();
        match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority))
                if (scheme == Scheme::HTTP || scheme == Scheme::HTTPS)
                    && authority.port_u16().is_some()
                    && !authority.as_str().contains('@')
                    && matches!(path.as_str(), "" | "/") =>
            {
                Ok(Self { scheme, authority })
            }
            _ => Err(wrong()),
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// What is connected to. Of an IPv6 address the brackets are left out.
    pub(super) fn host_and_port(&self) -> (&str, u16) {
        let host = self.authority.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        (bare.unwrap_or(host), self.authority.port_u16().unwrap_or_default())
    }

    /// The URL of a method.
    pub(super) fn url(&self, path: &'static str) -> http::Result<Uri> {
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_urls_with_a_port() {
        let endpoint = Endpoint::parse("http://[::1]:7000/").unwrap();
        assert_eq!(endpoint.host_and_port(), ("::1", 7000));
        assert_eq!(endpoint.to_string(), "http://[::1]:7000");
        assert_eq!(endpoint.url("/a/B").unwrap().to_string(), "http://[::1]:7000/a/B");
        let endpoint = Endpoint::parse("https://shop:7000").unwrap();
        assert!(endpoint.is_encrypted());
        assert_eq!(endpoint.url("/a/B").unwrap().to_string(), "https://shop:7000/a/B");
        for text in [
            "",
            "localhost:7000",
            "http://localhost",
            "http://localhost:7000/path",
            "http://user@localhost:7000",
            "ftp://localhost:7000",
            "http://localhost:70000",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }
}
