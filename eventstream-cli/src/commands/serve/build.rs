use std::path::Path;

use eventstream_core::EventTypes;
use eventstream_network::{
    FileError, Limits, NetworkServer, Protocols, ServeError, Tls, TokenFile,
};
use eventstream_persisted::AnyStore;

use crate::{
    args::{Protocol, ServeArgs},
    failure::Failure,
};

/// Appends that may be under way, in multiples of the largest one.
const PENDING: usize = 4;

/// The server that is asked for.
pub(super) fn server(args: &ServeArgs, stores: &[AnyStore]) -> Result<NetworkServer, Failure> {
    let mut builder = NetworkServer::builder().protocols(protocols(args)).limits(limits(args));
    for (i, store) in stores.iter().enumerate() {
        let same = |other: &AnyStore| other.application().key == store.application().key;
        if let Some(other) = stores[..i].iter().position(same) {
            return Err(Failure::new(format!(
                "{} and {} are stores of the same application, {}",
                stores[other].location(),
                store.location(),
                store.application(),
            ))
            .hint("serve one of them, or run a second server on another port"));
        }
        let stream = store.stream(EventTypes::any());
        builder = if args.read_only {
            builder.host(stream)
        } else {
            builder.host_with_store(stream, store.clone())
        };
    }
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        let tls = Tls::from_files(certificate, key);
        builder = builder.tls(match &args.client_ca {
            Some(client_ca) => tls.client_ca(client_ca),
            None => tls,
        });
    }
    if let Some(path) = &args.tokens {
        let tokens = TokenFile::open(path).map_err(|error| unusable("--tokens", &error))?;
        builder = builder.authorizer(tokens);
    }
    if args.insecure_beyond_loopback {
        builder = builder.insecure_beyond_loopback();
    }
    let server = builder.build().map_err(|error| match &error {
        ServeError::Tls(error) => unusable(option_of(args, error), error),
        error => Failure::of(error),
    })?;
    Ok(server.drain_notice(args.drain_notice).drain_timeout(args.drain_timeout))
}

/// It is where others could reach it, and may not be.
pub(super) fn refused(error: &ServeError) -> Failure {
    match error {
        ServeError::Insecure { address, missing } => {
            Failure::new(format!("{address} can be reached from other machines, but {missing}"))
                .hint(
                    "listen on this machine only (--listen 127.0.0.1:PORT); or give --tls-cert and \
                     --tls-key, and --tokens or --client-ca; or say --insecure-beyond-loopback",
                )
        }
        error => Failure::of(error),
    }
}

fn protocols(args: &ServeArgs) -> Protocols {
    if args.protocols.is_empty() {
        return Protocols::all();
    }
    args.protocols.iter().fold(Protocols::none(), |all, protocol| match protocol {
        Protocol::Ours => all.with_ours(),
        Protocol::A => all.with_a(),
        Protocol::B => all.with_b(),
    })
}

fn limits(args: &ServeArgs) -> Limits {
    let append_bytes = usize::try_from(args.max_append_bytes).unwrap_or(usize::MAX);
    Limits::default()
        .connections(usize::try_from(args.max_connections).unwrap_or(usize::MAX))
        .append_bytes(append_bytes)
        .pending_append_bytes(append_bytes.saturating_mul(PENDING))
}

/// Which option has named the file.
fn option_of(args: &ServeArgs, error: &FileError) -> &'static str {
    let (FileError::Read { path, .. }
    | FileError::Line { path, .. }
    | FileError::Invalid { path, .. }) = error
    else {
        return "--tls-cert";
    };
    let is = |option: &Option<std::path::PathBuf>| option.as_deref() == Some(Path::new(path));
    if is(&args.tls_key) {
        "--tls-key"
    } else if is(&args.client_ca) {
        "--client-ca"
    } else {
        "--tls-cert"
    }
}

fn unusable(option: &str, error: &FileError) -> Failure {
    let hint = match (option, error) {
        (_, FileError::Read { .. }) => None,
        ("--tokens", _) => Some(
            "a line has a token, what it is good for, and for which applications: \
             TOKEN read,append KEY, or TOKEN read *; eventstream help serve has an example",
        ),
        ("--tls-key", _) => Some(
            "it has to be a file with the private key (PEM) that the certificate of --tls-cert \
             was issued for",
        ),
        ("--client-ca", _) => {
            Some("it has to be a file with the certificates (PEM) of who vouches for clients")
        }
        _ => Some("it has to be a file with the server's certificate (PEM), and those above it"),
    };
    let failure = Failure::new(format!("{option} can't be used")).because(error);
    match hint {
        Some(hint) => failure.or_hint(hint),
        None => failure,
    }
}
