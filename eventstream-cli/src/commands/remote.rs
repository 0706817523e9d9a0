//! What a server hosts, in place of a store.

use std::env;

use eventstream_core::{Error, Identity};
use eventstream_network::{ApplicationInfo, NetworkClient, NetworkError};

use super::choice::{Holder, choose, named};
use crate::{
    args::Server,
    failure::{Failure, said_by_backend},
    naming::Application,
    network_advice::{advice_on_first_contact, code},
};

/// The token, where it is not in a file: it is nothing to write on a command line, which others on
/// the machine can read.
const TOKEN: &str = "EVENTSTREAM_TOKEN";

/// An application that a server hosts.
pub(super) struct Remote {
    pub(super) client: NetworkClient,
    pub(super) application: Identity,
    /// What the server says of it; `None` if it does not speak our own protocol.
    pub(super) info: Option<ApplicationInfo>,
}

impl Remote {
    /// Connects, and finds out which application is meant.
    pub(super) async fn open(
        server: &Server,
        wanted: Option<&Application>,
    ) -> Result<Self, Failure> {
        Self::of(connect(server).await?, server, wanted).await
    }

    pub(super) async fn of(
        client: NetworkClient,
        server: &Server,
        wanted: Option<&Application>,
    ) -> Result<Self, Failure> {
        let application = match listed(&client).await? {
            Listed::All(applications) => {
                choose(&Holder::server(&server.url), applications, wanted)?
            }
            // What can't be looked up has to be named as it is.
            Listed::Denied(failure) | Listed::NotSpoken(failure) => match wanted {
                Some(Application(identity)) => identity.clone(),
                None => return Err(failure),
            },
        };
        let info = match client.describe(&application.key).await {
            Ok(info) => Some(info),
            Err(error) if refused_with(&error, code::UNIMPLEMENTED) => None,
            Err(error) if refused_with(&error, code::NOT_FOUND) => {
                let text = format!("{} does not serve {}", server.url, named(&application));
                return Err(Failure::new(text).hint(
                    "write --application NAME:KEY, with the key of an application that it serves",
                ));
            }
            Err(error) => return Err(error.into()),
        };
        let application = info.as_ref().map_or(application, |info| info.application.clone());
        Ok(Self { client, application, info })
    }
}

/// What a server says of its applications.
pub(super) enum Listed {
    All(Vec<Identity>),
    /// It is not told to everybody.
    Denied(Failure),
    /// The server does not speak the protocol in which it could be told.
    NotSpoken(Failure),
}

pub(super) async fn connect(server: &Server) -> Result<NetworkClient, Failure> {
    let mut builder = NetworkClient::connect(&server.url);
    if let Some(ca) = &server.ca {
        builder = builder.ca_file(ca);
    }
    if let Some((certificate, key)) = &server.identity {
        builder = builder.identity_files(certificate, key);
    }
    if let Some(token_file) = &server.token_file {
        builder = builder.token_file(token_file);
    } else if let Some(token) = env::var_os(TOKEN).filter(|token| !token.is_empty()) {
        // One that is no text is none, and that is said without saying what it is.
        builder = builder.token(token.to_string_lossy());
    }
    if server.token_over_plain_text {
        builder = builder.token_over_plain_text();
    }
    builder.await.map_err(|error| at_first_contact(&error))
}

/// Asks for the applications: the first thing that is said to a server.
pub(super) async fn listed(client: &NetworkClient) -> Result<Listed, Failure> {
    match client.applications().await {
        Ok(applications) => Ok(Listed::All(applications)),
        Err(error) if refused_with(&error, code::PERMISSION_DENIED) => {
            Ok(Listed::Denied(Failure::from(&error).hint(
                "the token is good for some applications only: say which one by --application \
                 NAME:KEY",
            )))
        }
        Err(error) if refused_with(&error, code::UNIMPLEMENTED) => {
            Ok(Listed::NotSpoken(Failure::from(&error).hint(
                "the server does not speak our own protocol, in which it could say what it \
                 serves: say which application is meant by --application NAME:KEY",
            )))
        }
        Err(error) => Err(at_first_contact(&error)),
    }
}

/// Whether the server has said no with this code.
pub(super) fn refused_with(error: &Error, expected: i32) -> bool {
    let said = said_by_backend::<NetworkError>(error);
    matches!(said, Some(NetworkError::Refused { code, .. }) if *code == expected)
}

fn at_first_contact(error: &Error) -> Failure {
    let failure = Failure::from(error);
    match said_by_backend(error).and_then(advice_on_first_contact) {
        Some(advice) => failure.or_hint(advice),
        None => failure,
    }
}
