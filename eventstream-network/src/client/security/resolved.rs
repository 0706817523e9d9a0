use std::{net::IpAddr, sync::Arc};

use super::{ClientTls, SecurityOptions, Token};
use crate::client::{NetworkError, endpoint::Endpoint};

/// What connections and calls are made with.
#[derive(Clone, Default)]
pub(in crate::client) struct Security {
    pub(in crate::client) token: Option<Token>,
    pub(in crate::client) tls: Option<Arc<ClientTls>>,
}

impl Security {
    pub(in crate::client) fn of(
        endpoint: &Endpoint,
        options: &SecurityOptions,
    ) -> Result<Self, NetworkError> {
        let in_the_clear = !endpoint.is_encrypted() && !is_loopback(endpoint.host_and_port().0);
        if in_the_clear && options.token.is_some() && !options.token_over_plain_text {
            return Err(NetworkError::TokenInTheClear { endpoint: endpoint.to_string() });
        }
        let tls = if endpoint.is_encrypted() {
            Some(Arc::new(ClientTls::of(endpoint, options)?))
        } else if options.ca_file.is_some() || options.identity.is_some() {
            return Err(NetworkError::NotEncrypted { endpoint: endpoint.to_string() });
        } else {
            None
        };
        Ok(Self { token: options.token.as_ref().map(Token::of).transpose()?, tls })
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
