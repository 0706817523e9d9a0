//! What a server hosts, in place of a store.

use std::env;

use eventstream_core::{Error, Identity};
use eventstream_network::{ApplicationInfo, NetworkClient, NetworkError};

use crate::{
    args::Server,
    failure::{Failure, said_by_backend},
    naming::Application,
    network_advice::{advice_on_first_contact, code},
    output::plain,
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
            Listed::All(applications) => choose(&server.url, applications, wanted)?,
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

pub(super) fn choose(
    url: &str,
    applications: Vec<Identity>,
    wanted: Option<&Application>,
) -> Result<Identity, Failure> {
    let all = applications.iter().map(named).collect::<Vec<_>>().join(", ");
    let problem = |text: String| Err(Failure::new(text));
    let mut meant =
        applications.into_iter().filter(|it| wanted.is_none_or(|wanted| wanted.means(it)));
    match (meant.next(), meant.next(), wanted) {
        (Some(application), None, _) => Ok(application),
        (None, _, _) if all.is_empty() => problem(format!("{url} serves no application")),
        (None, _, Some(Application(wanted))) => {
            problem(format!("{url} does not serve {}; it serves {all}", named(wanted)))
        }
        (_, _, None) => problem(format!("{url} serves several applications: {all}"))
            .map_err(|failure| failure.hint("say which one by --application NAME[:KEY]")),
        (_, _, Some(Application(wanted))) => problem(format!(
            "{url} serves several applications that are called {}: {all}",
            plain(&wanted.name),
        ))
        .map_err(|failure| failure.hint("say which one by --application NAME:KEY")),
    }
}

fn named(application: &Identity) -> String {
    plain(&application.to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(wanted: Option<&str>, served: &[(&str, &str)]) -> Result<String, String> {
        let served = served.iter().map(|(name, key)| Identity::new(*name, *key)).collect();
        let wanted = wanted.map(|it| it.parse::<Application>().unwrap());
        match choose("URL", served, wanted.as_ref()) {
            Ok(identity) => Ok(identity.key),
            Err(Failure::Failed { chain, .. }) => Err(chain.join(": ")),
            Err(Failure::OutputClosed) => unreachable!("nothing is written"),
        }
    }

    #[test]
    fn one_application_is_meant_or_it_is_said_which_there_are() {
        let two = [("shop", "k-1"), ("bank", "k-2")];
        assert_eq!(chosen(None, &two[..1]).as_deref(), Ok("k-1"));
        assert_eq!(chosen(Some("bank"), &two).as_deref(), Ok("k-2"));
        assert_eq!(chosen(Some("x:k-2"), &two).as_deref(), Ok("k-2"));
        let all = "shop (k-1), bank (k-2)";
        assert_eq!(chosen(None, &two), Err(format!("URL serves several applications: {all}")));
        let error = chosen(Some("bar:k-3"), &two);
        assert_eq!(error, Err(format!("URL does not serve bar (k-3); it serves {all}")));
        assert_eq!(chosen(None, &[]).unwrap_err(), "URL serves no application");
        let error = chosen(Some("shop"), &[("shop", "k-1"), ("shop", "k-2")]).unwrap_err();
        assert!(error.contains("several applications that are called shop"), "{error}");
    }
}
