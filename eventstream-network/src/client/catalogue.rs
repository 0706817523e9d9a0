use std::collections::BTreeMap;

use eventstream_core::{EventType, EventTypes, Identity, Incarnation};

use super::{call_error::CallError, channel::Channel, describe::incarnation_of};
use crate::proto::{
    dogma::interop::v1::envelope,
    eventstream::v1::{
        DescribeRequest, DescribeResponse, ListApplicationsRequest, ListApplicationsResponse,
    },
};

/// What a server says of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplicationInfo {
    /// Its name and key.
    pub application: Identity,
    /// The types that may appear.
    pub event_types: EventTypes,
    /// Of each type that is known, the media types that its events can be had in, in order of
    /// preference; none if that is not known.
    pub media_types: BTreeMap<EventType, Vec<String>>,
    /// The oldest offset that can be read, if the server can tell.
    pub oldest_offset: Option<u64>,
    /// The offset that the next event will get, if the server can tell.
    pub next_offset: Option<u64>,
    /// Which stream it is, if the server can tell.
    pub incarnation: Option<Incarnation>,
    /// Whether there is a store, so that it can be appended to.
    pub has_store: bool,
}

fn identity(identity: envelope::Identity) -> Identity {
    Identity::new(identity.name, identity.key)
}

impl Channel {
    pub(super) async fn applications(&self) -> Result<Vec<Identity>, CallError> {
        let path = "/eventstream.v1.EventStream/ListApplications";
        let response: ListApplicationsResponse =
            self.live().await?.call(path, &ListApplicationsRequest {}).await?;
        Ok(response.applications.into_iter().map(identity).collect())
    }

    pub(super) async fn describe(&self, key: &str) -> Result<ApplicationInfo, CallError> {
        let request =
            DescribeRequest { application_key: key.to_owned(), without_oldest_offset: false };
        let path = "/eventstream.v1.EventStream/Describe";
        let response: DescribeResponse = self.live().await?.call(path, &request).await?;
        let media_types: BTreeMap<_, _> = response
            .event_types
            .into_iter()
            .map(|found| (EventType::from(found.portable_name), found.media_types))
            .collect();
        Ok(ApplicationInfo {
            application: identity(response.application.unwrap_or_default()),
            event_types: if response.any_event_type {
                EventTypes::any()
            } else {
                media_types.keys().cloned().collect()
            },
            media_types,
            oldest_offset: response.oldest_offset,
            next_offset: response.next_offset,
            incarnation: incarnation_of(&response.incarnation)?,
            has_store: response.has_store,
        })
    }
}
