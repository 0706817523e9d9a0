use std::{path::PathBuf, str::FromStr};

use tokio_postgres::config::{Config, Host, SslMode};

use super::{Tls, TlsMode};
use crate::postgres::error::{PostgresError, Result};

/// Where a database is, out of a URL.
#[derive(Clone, Debug)]
pub(in crate::postgres) struct Url {
    pub(in crate::postgres) config: Config,
    pub(in crate::postgres) tls: Tls,
}

/// What is asked for of the encryption.
#[derive(Default)]
struct Ssl {
    mode: Option<String>,
    roots: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl FromStr for Url {
    type Err = PostgresError;

    fn from_str(url: &str) -> Result<Self> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(bad("it has to begin with postgres://"));
        }
        if url.split_once('?').is_some_and(|(before, after)| {
            // The driver would take what stands before it for the user and the password.
            !before.contains('@') && after.contains('@')
        }) {
            return Err(bad(
                "an @ stands behind the ?: write it as %40 in an option, and a ? in a password as %3F",
            ));
        }
        let (rest, ssl) = without_ssl(url)?;
        let mut config: Config = rest.parse().map_err(|error: tokio_postgres::Error| {
            use std::error::Error;
            // What the driver says, without what it says that it was doing.
            error.source().map_or_else(|| bad(&error.to_string()), |why| bad(&why.to_string()))
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(bad("it names no host"));
        }
        let (mode, driver) = mode(&ssl)?;
        config.ssl_mode(driver);
        let identity = match (ssl.certificate, ssl.key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(bad("sslcert and sslkey go together: one of them is missing")),
        };
        let tls = Tls::load(mode, ssl.roots, identity)?;
        Ok(Self { config, tls })
    }
}

impl Url {
    /// What people see of it: never the password.
    pub(in crate::postgres) fn name(&self) -> String {
        let hosts: Vec<_> = (self.config.get_hosts().iter())
            .map(|host| match host {
                Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                Host::Unix(path) => path.display().to_string(),
            })
            .chain(self.config.get_hostaddrs().iter().map(ToString::to_string))
            .collect();
        let ports: Vec<_> = self.config.get_ports().iter().map(u16::to_string).collect();
        let ports = if ports.is_empty() { "5432".to_owned() } else { ports.join(",") };
        let user = self.config.get_user().unwrap_or_default();
        let database = self.config.get_dbname().unwrap_or(user);
        format!("{}:{ports}/{database}", hosts.join(","))
    }
}

/// The URL without what the driver does not know of, and that.
fn without_ssl(url: &str) -> Result<(String, Ssl)> {
    let mut ssl = Ssl::default();
    let Some((address, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), ssl));
    };
    let mut rest = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name {
            "sslmode" => ssl.mode = Some(decoded(value)?),
            "sslrootcert" => ssl.roots = Some(decoded(value)?.into()),
            "sslcert" => ssl.certificate = Some(decoded(value)?.into()),
            "sslkey" => ssl.key = Some(decoded(value)?.into()),
            _ => rest.push(parameter),
        }
    }
    let separator = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{address}{separator}{}", rest.join("&")), ssl))
}

/// As `libpq` takes it: with `require` and a file of roots, the certificate is verified, too.
fn mode(ssl: &Ssl) -> Result<(TlsMode, SslMode)> {
    Ok(match ssl.mode.as_deref() {
        Some("disable") => (TlsMode::Off, SslMode::Disable),
        None | Some("prefer") => (TlsMode::Unverified, SslMode::Prefer),
        Some("require") if ssl.roots.is_none() => (TlsMode::Unverified, SslMode::Require),
        Some("require" | "verify-ca") => (TlsMode::Chain, SslMode::Require),
        Some("verify-full") => (TlsMode::Full, SslMode::Require),
        Some(other) => {
            return Err(bad(&format!(
                "sslmode can be disable, prefer, require, verify-ca or verify-full, and not {other}"
            )));
        }
    })
}

fn decoded(text: &str) -> Result<String> {
    crate::percent::decoded(text).map_err(|problem| bad(&problem))
}

fn bad(problem: &str) -> PostgresError {
    PostgresError::BadUrl { problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(url: &str) -> String {
        url.parse::<Url>().unwrap_err().to_string()
    }

    #[test]
    fn a_name_has_no_password() {
        let url: Url = "postgres://me:secret@db.example:5433/shop?sslmode=require".parse().unwrap();
        assert_eq!(url.name(), "db.example:5433/shop");
        assert_eq!(url.config.get_ssl_mode(), SslMode::Require);
        let url: Url =
            "postgresql://me@/?host=%2Frun%2Fpostgresql&connect_timeout=3".parse().unwrap();
        assert_eq!(url.name(), "/run/postgresql:5432/me");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(problem("mysql://x").contains("postgres://"));
        assert!(problem("postgres://me@/shop").contains("host"));
        assert!(problem("postgres://h/d?sslmode=maybe").contains("maybe"));
        assert!(problem("postgres://h/d?colour=red").contains("colour"));
        assert!(problem("postgres://h/d?sslmode=%zz").contains("percent"));
        assert!(problem("postgres://h/d?sslcert=/a").contains("sslkey"));
        assert!(problem("postgres://h/d?sslkey=/a&sslmode=require").contains("sslcert"));
        for secret in ["postgres://h/d?password=abc@def", "postgres://u:abc?x@def/d"] {
            let problem = problem(secret);
            assert!(problem.contains("%40") && !problem.contains("abc"), "{problem}");
            assert!(!problem.contains("def"), "{problem}");
        }
        let fine: Url = "postgres://u@h/d?application_name=a@b".parse().unwrap();
        assert_eq!(fine.name(), "h:5432/d");
        assert!(problem("postgres://h/d?sslmode=verify-full").contains("sslrootcert"));
        let missing = problem("postgres://h/d?sslmode=verify-ca&sslrootcert=/no/such/file");
        assert!(missing.contains("/no/such/file"), "{missing}");
    }
}
