use std::fmt;

use http::HeaderMap;

use super::Peer;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// To know which applications there are.
    List,
    /// To read an application's events, or what is known of them.
    Read,
    /// To append to an application's events.
    Append,
    /// To truncate an application's events.
    Truncate,
}

/// A call that an [`Authorizer`](super::Authorizer) has to judge.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    pub(super) action: Action,
    pub(super) application_key: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    pub(super) peer: &'a Peer,
}

impl<'a> Access<'a> {
    /// What is to be done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The key of the application that it is to be done with, as the caller names it: there may be
    /// none of that key. `None` for [`Action::List`], and before a request is read.
    #[must_use]
    pub fn application_key(&self) -> Option<&'a str> {
        self.application_key
    }

    /// The values of a header of the call: `authorization`, say. The name is in lower case.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.headers.get_all(name).iter().map(http::HeaderValue::as_bytes)
    }

    /// Who is at the other end of the connection.
    #[must_use]
    pub fn peer(&self) -> &'a Peer {
        self.peer
    }
}

/// Without the headers: tokens are among them.
impl fmt::Debug for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("action", &self.action)
            .field("application_key", &self.application_key)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
