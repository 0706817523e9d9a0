//! What can be done about an error between a client and a server.

use std::io;

use eventstream_network::NetworkError;

use crate::{advice::io_kinds, failure::Failure};

/// Numbers of gRPC's codes.
pub(crate) mod code {
    pub(crate) const NOT_FOUND: i32 = 5;
    pub(crate) const PERMISSION_DENIED: i32 = 7;
    pub(crate) const RESOURCE_EXHAUSTED: i32 = 8;
    pub(crate) const UNIMPLEMENTED: i32 = 12;
    pub(crate) const UNAVAILABLE: i32 = 14;
    pub(crate) const UNAUTHENTICATED: i32 = 16;
}

/// What the error says, in the words of the command line, and what can be done.
pub(crate) fn failure(error: &NetworkError) -> Failure {
    match error {
        NetworkError::TokenInTheClear { endpoint } => Failure::new(format!(
            "the token is not sent to {endpoint}, where it can be read along on the way"
        ))
        .hint("write https://, or say --token-over-plain-text"),
        NetworkError::NobodyTrusted { endpoint, .. } => Failure::new(format!(
            "it is not said who vouches for {endpoint}, and the system trusts nobody"
        ))
        .hint(VOUCH),
        NetworkError::NotEncrypted { endpoint } => Failure::new(format!(
            "{endpoint} is not encrypted, so that --ca, --cert and --key are of no use"
        ))
        .hint("write https://, or leave them out"),
        NetworkError::InvalidToken => {
            Failure::new("the token of the variable EVENTSTREAM_TOKEN can't be one")
                .hint("a token has letters, digits and -._~+/=, and nothing else")
        }
        NetworkError::File(error) => Failure::of(error).or_hint(
            "--ca and --cert need certificates (PEM), --key a private key (PEM), --token-file a \
             token",
        ),
        error => {
            let failure = match advice(error) {
                Some(advice) => Failure::new(error.to_string()).hint(advice),
                None => Failure::new(error.to_string()),
            };
            match std::error::Error::source(error) {
                Some(source) => failure.because(source),
                None => failure,
            }
        }
    }
}

fn advice(error: &NetworkError) -> Option<&'static str> {
    match error {
        NetworkError::Connect { source, .. } => {
            let kind = io_kinds(&**source).next();
            (kind == Some(io::ErrorKind::ConnectionRefused)).then_some(
                "nobody listens there: is the address right, and is a server running? \
                 eventstream serve --store STORE starts one",
            )
        }
        NetworkError::Timeout { .. } => {
            Some("is the address right, and is nothing in between that keeps everybody out?")
        }
        NetworkError::Refused { code: number, .. } => match *number {
            code::UNAUTHENTICATED => Some(
                "give a token that the server knows: --token-file FILE, or the variable \
                 EVENTSTREAM_TOKEN",
            ),
            code::PERMISSION_DENIED => Some(
                "the token is not good for this: append needs read,append for the application, \
                 tail and info need read",
            ),
            code::NOT_FOUND => Some("eventstream info --connect URL lists the applications"),
            code::RESOURCE_EXHAUSTED => Some(
                "if the append is too large, append fewer events at once (--batch), or let the \
                 server take larger ones (--max-append-bytes); if there are too many calls, try \
                 again later",
            ),
            code::UNIMPLEMENTED => Some(
                "does the server have a store of this application that can be appended to \
                 (serve without --read-only), and does it speak our own protocol (--protocols ours)?",
            ),
            code::UNAVAILABLE => Some("try again later: the server is going away"),
            _ => None,
        },
        NetworkError::Untrusted { source, .. } => Some(advice_on_trust(&source.to_string())),
        NetworkError::OutcomeUnknown(_) => Some(
            "append the same input again, to find out: events already stored are not stored twice",
        ),
        NetworkError::NotCarried { .. } => Some(
            "name the types that are wanted: --type T; or have the server speak our own protocol, \
             too (--protocols ours)",
        ),
        _ => None,
    }
}

const VOUCH: &str = "give --ca FILE, with the certificate (PEM) of the authority that has issued \
                     the server's; if it is given, is this the right file, and the right server?";

/// What TLS says is meant for programmers.
fn advice_on_trust(text: &str) -> &'static str {
    if text.contains("CertificateRequired") {
        "the server wants to know who connects: give --cert FILE and --key FILE"
    } else if text.contains("received fatal alert") {
        "the server does not trust the certificate of --cert: it needs one that its --client-ca \
         vouches for, and that has not expired"
    } else if text.contains("not valid for name") {
        "write in --connect a name, or an address, that is in the server's certificate"
    } else if text.contains("expired") || text.contains("Expired") {
        "the server's certificate has to be renewed; or is the clock right?"
    } else {
        VOUCH
    }
}

/// A server was spoken to for the first time, and has not answered as one does: perhaps only one of
/// the two encrypts.
pub(crate) fn advice_on_first_contact(error: &NetworkError) -> Option<&'static str> {
    let (NetworkError::Connect { endpoint, source } | NetworkError::Lost { endpoint, source }) =
        error
    else {
        return None;
    };
    let cut_off = match io_kinds(&**source).next() {
        None => true,
        Some(kind) => matches!(
            kind,
            io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof
                | io::ErrorKind::InvalidData
        ),
    };
    cut_off.then_some(if endpoint.starts_with("https:") {
        "does the server encrypt? If not, write http://, and leave out --ca"
    } else {
        "does the server encrypt? If so, write https://, and give --ca FILE"
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_encrypts_is_guessed_only_where_somebody_has_hung_up() {
        let guess = |endpoint: &str, error: io::Error| {
            let source: Arc<dyn std::error::Error + Send + Sync> = Arc::new(error);
            let endpoint = endpoint.to_owned();
            let error = NetworkError::Connect { endpoint, source: Box::new(source) };
            advice_on_first_contact(&error).is_some_and(|advice| advice.contains("encrypt"))
        };
        for endpoint in ["http://h:1", "https://h:1"] {
            assert!(guess(endpoint, io::ErrorKind::ConnectionReset.into()));
            assert!(guess(endpoint, io::ErrorKind::UnexpectedEof.into()));
            assert!(!guess(endpoint, io::ErrorKind::ConnectionRefused.into()));
            assert!(!guess(endpoint, io::Error::other("there is no such host")));
        }
    }

    #[test]
    fn nothing_is_said_in_the_words_of_the_library() {
        let endpoint = || "http://h:1".to_owned();
        for error in [
            NetworkError::TokenInTheClear { endpoint: endpoint() },
            NetworkError::NobodyTrusted { endpoint: endpoint(), source: None },
            NetworkError::NotEncrypted { endpoint: endpoint() },
            NetworkError::InvalidToken,
        ] {
            let Failure::Failed { chain, hint } = failure(&error) else {
                panic!("nothing was written");
            };
            let said = format!("{chain:?} {hint:?}");
            assert!(hint.is_some() && !said.contains('`'), "{said}");
        }
    }
}
