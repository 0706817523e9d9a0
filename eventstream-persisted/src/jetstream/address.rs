use std::path::PathBuf;

use async_nats::ServerAddr;
use url::Url;

use super::error::{JetStreamError, Result};

/// Names of streams are parts of subjects, and of files on the server.
const LONGEST_NAME: usize = 200;

/// Where a store is, as its URL says it.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) servers: Vec<ServerAddr>,
    pub(super) stream: String,
    pub(super) user: Option<(String, String)>,
    pub(super) token: Option<String>,
    pub(super) credentials: Option<PathBuf>,
    pub(super) domain: Option<String>,
    pub(super) monitoring: Option<String>,
}

impl Address {
    /// Reads `nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT][,HOST[:PORT]…]/NAME[?credentials=FILE&…]`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let invalid = |problem: &str| JetStreamError::InvalidUrl {
            url: without_secrets(text),
            problem: problem.to_owned(),
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| invalid("it has no scheme"))?;
        if !matches!(scheme, "nats" | "tls") {
            return Err(invalid("its scheme is neither `nats` nor `tls`"));
        }
        let path = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path);
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        // What follows is told only if it can't be a piece of a password.
        let is_login_cut = path.contains('@');
        let wrong = |problem: String| {
            let cut = "if a user, password or token has `/`, `?` or `#`, write it as `%2F`, `%3F` or `%23`";
            invalid(if is_login_cut { cut } else { &problem })
        };
        let mut servers = Vec::new();
        for host in hosts.split(',') {
            let server: ServerAddr = (format!("{scheme}://{host}").parse())
                .map_err(|_| wrong(format!("`{host}` is not a server")))?;
            if server.host().is_empty() {
                return Err(invalid("a server has no name"));
            }
            servers.push(server);
        }
        // The crate decodes what is written with `%`; a host of its own makes it a URL.
        let login = login.map_or(String::new(), |login| format!("{login}@"));
        let url = Url::parse(&format!("nats://{login}host{path}"));
        let url = url.map_err(|error| invalid(&error.to_string()))?;
        let decode = |text: &str| {
            // By way of a query, as that is what the crate decodes.
            let pair = format!("x={}", text.replace('+', "%2B"));
            let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
            decoded.map_or_else(String::new, |(_, value)| value.into_owned())
        };
        let (user, token) = match (url.username(), url.password()) {
            ("", None) => (None, None),
            (user, Some(password)) => (Some((decode(user), decode(password))), None),
            (token, None) => (None, Some(decode(token))),
        };
        let stream = decode(url.path().trim_start_matches('/').trim_end_matches('/'));
        if stream.is_empty() {
            return Err(invalid("it has no name of a stream"));
        }
        if url.fragment().is_some() || url.path().contains('@') {
            return Err(wrong("it has a `#`".to_owned()));
        }
        check_name(&stream)?;
        let mut address = Self {
            servers,
            stream,
            user,
            token,
            credentials: None,
            domain: None,
            monitoring: None,
        };
        for (key, value) in url.query_pairs() {
            match &*key {
                "credentials" => address.credentials = Some(PathBuf::from(value.into_owned())),
                "domain" => address.domain = Some(value.into_owned()),
                "monitoring" => address.monitoring = Some(value.into_owned()),
                _ => {
                    return Err(wrong(format!(
                        "it knows `credentials`, `domain` and `monitoring`, not `{key}`"
                    )));
                }
            }
        }
        Ok(address)
    }

    /// The servers, for people.
    pub(super) fn servers_text(&self) -> String {
        let texts =
            self.servers.iter().map(|server| format!("{}:{}", server.host(), server.port()));
        texts.collect::<Vec<_>>().join(", ")
    }
}

fn check_name(name: &str) -> Result<()> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.len() <= LONGEST_NAME && name.bytes().all(is_good) {
        return Ok(());
    }
    Err(JetStreamError::InvalidName { name: name.to_owned() })
}

/// The URL for people to read, who may show it to others.
fn without_secrets(url: &str) -> String {
    let is_scheme = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (format!("{scheme}://"), rest),
        _ => (String::new(), url),
    };
    // An option may be a secret that has got there; and where an `@` is behind it, all before that may
    // be a password.
    let shown = rest.find(['?', '#']).map_or(rest, |cut| &rest[..cut]);
    match rest.rfind('@') {
        None => format!("{scheme}{shown}"),
        Some(at) => format!("{scheme}…{}", shown.get(at..).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_are_read() {
        let url = "tls://me:p%40ss@a.example,b.example:4333/orders-1\
                   ?credentials=/etc/x.creds&domain=hub&monitoring=a:8222";
        let address = Address::parse(url).unwrap();
        assert_eq!(address.servers_text(), "a.example:4222, b.example:4333");
        assert_eq!(address.stream, "orders-1");
        assert_eq!(address.user, Some(("me".to_owned(), "p@ss".to_owned())));
        assert_eq!(address.credentials, Some(PathBuf::from("/etc/x.creds")));
        assert_eq!(address.domain.as_deref(), Some("hub"));
        assert_eq!(address.monitoring.as_deref(), Some("a:8222"));
        let address = Address::parse("nats://secret@[::1]:1/S/").unwrap();
        assert_eq!(address.token.as_deref(), Some("secret"));
        assert_eq!((address.servers[0].port(), &*address.stream), (1, "S"));
    }

    #[test]
    fn what_is_wrong_is_named_and_no_secret_told() {
        for (url, problem) in [
            ("localhost/S", "has no scheme"),
            ("http://u:secret@localhost/S", "scheme"),
            ("nats://u:secret@localhost", "no name"),
            ("nats:///S", "server"),
            ("nats://u:secret@localhost:port/S", "localhost:port"),
            ("nats://u:secret@localhost/S?creds=x", "creds"),
            ("nats://u:secret@localhost/a.b", "a.b"),
            ("nats://u:secret@localhost/a/b", "a/b"),
            ("nats://u:secret@localhost/a%20b", "a b"),
        ] {
            let error = Address::parse(url).unwrap_err().to_string();
            assert!(error.contains(problem) && !error.contains("secret"), "{error}");
        }
        // What is in the wrong place, or was not encoded.
        for url in [
            "nats://u:se/cret@h/S",
            "nats://u:se?cret@h/S",
            "nats://u:se#cret@h/S",
            "nats://u:22/cret@h/S",
            "nats://u:22/cret?@h/S",
            "nats://u:22/S?cret@h/S",
            "nats://u:22/S#cret@h/S",
            "nats://cret/x@h/S",
            "nats://h/S?token=cret",
            "nats://u:x@h/S?token=cret",
            "nats://h/S#cret",
            "u:cret@h/S",
            "u:cret://x@h/S",
            "http://h/S?token=cret",
            "nats://h/S?token=x@cret",
        ] {
            let error = Address::parse(url).unwrap_err().to_string();
            assert!(!error.contains("se`") && !error.contains("cret"), "{url}: {error}");
        }
        let address = Address::parse("nats://h/S?credentials=/home/me@x/creds").unwrap();
        assert_eq!(address.credentials, Some(PathBuf::from("/home/me@x/creds")));
        assert!(Address::parse(&format!("nats://h/{}", "x".repeat(201))).is_err());
    }
}
