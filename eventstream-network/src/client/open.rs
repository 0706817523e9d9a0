use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use eventstream_core::{Error, EventTypes, Incarnation, Result};

use super::{
    Protocol,
    call_error::CallError,
    channel::Channel,
    describe::Description,
    live::{GivenUp, Live},
    options::StreamOptions,
    request_body::RequestBody,
    responses::Responses,
};
use crate::{
    grpc::whole,
    proto::{
        dogma::{interop::v1::eventstream as a, messaging::v1 as b},
        eventstream::v1 as ours,
    },
};

/// The longest interval that can be asked for.
const MAX_HEARTBEAT: u128 = 24 * 3600 * 1000;

/// Opens a `Consume`, for the first time and again.
pub(super) struct Opener {
    pub(super) channel: Arc<Channel>,
    pub(super) options: StreamOptions,
    pub(super) application_key: String,
    pub(super) types: EventTypes,
}

/// What is known of a stream that is opened again.
pub(super) struct Known {
    pub(super) incarnation: Option<Incarnation>,
    /// Whether it was read up to where it is opened.
    pub(super) was_read: bool,
}

/// A `Consume` that was asked for.
pub(super) struct Opened {
    pub(super) protocol: Protocol,
    /// Of the connection that it was asked for on.
    pub(super) connection: GivenUp,
    pub(super) state: OpenedState,
}

type Asked = Pin<Box<dyn Future<Output = Result<Responses, CallError>> + Send>>;

pub(super) enum OpenedState {
    /// The server has not said yet whether it will: some only do with the first event.
    Asked(Asked),
    Taken(Box<Responses>),
}

/// Why a `Consume` can't be asked for.
pub(super) enum OpenError {
    Call(CallError),
    /// Found out before it was asked for.
    Other(Error),
}

impl From<CallError> for OpenError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl Opener {
    /// Where it was opened before, the stream has to be the same, as far as the server can tell.
    pub(super) async fn open(
        &self,
        position: u64,
        known: Option<Known>,
    ) -> Result<Opened, OpenError> {
        let live = self.channel.live().await?;
        let protocol = match self.options.protocol {
            Some(protocol) => protocol,
            None => live.protocol(&self.application_key).await?,
        };
        let state = match protocol {
            Protocol::Ours => {
                let incarnation = known.as_ref().and_then(|known| known.incarnation);
                if incarnation.is_none() && known.is_some_and(|known| known.was_read) {
                    self.check_end(&live, position).await?;
                }
                let request = RequestBody::new(whole(&self.ours(position, incarnation)));
                let responses = live.open("/eventstream.v1.EventStream/Consume", request).await?;
                OpenedState::Taken(Box::new(responses))
            }
            Protocol::A | Protocol::B => {
                let description = live.describe(protocol, &self.application_key).await?;
                OpenedState::Asked(self.ask(&live, protocol, &description, position)?)
            }
        };
        Ok(Opened { protocol, state, connection: live.given_up() })
    }

    /// A stream that can't tell which one it is, but ends before what was read of it, is another one.
    async fn check_end(&self, live: &Live, position: u64) -> Result<(), CallError> {
        match live.describe(Protocol::Ours, &self.application_key).await?.end {
            Some(end) if end < position => Err(CallError::protocol(format!(
                "the stream ends at {end}, and was read up to {position}: another has taken its place"
            ))),
            _ => Ok(()),
        }
    }

    fn ours(&self, offset: u64, incarnation: Option<Incarnation>) -> ours::ConsumeRequest {
        let names = self.types.names();
        let heartbeat = self.options.heartbeat.as_millis().min(MAX_HEARTBEAT);
        ours::ConsumeRequest {
            application_key: self.application_key.clone(),
            offset,
            event_types: Some(ours::EventTypes {
                any: names.is_none(),
                portable_names: names_of(names.unwrap_or_default()),
            }),
            media_types: self.options.media_types.clone(),
            heartbeat_milliseconds: u32::try_from(heartbeat).unwrap_or_default(),
            incarnation: incarnation
                .map_or_else(Bytes::new, |found| found.as_bytes().to_vec().into()),
        }
    }

    /// The server is told the types by their names, and does not have to refuse those that it does
    /// not know in a way that can be told from others: they are compared here.
    fn ask(
        &self,
        live: &Live,
        protocol: Protocol,
        description: &Description,
        offset: u64,
    ) -> Result<Asked, OpenError> {
        let Description { event_types: declared, media_types, .. } = description;
        self.types.check_supported_by(declared).map_err(|error| match error {
            Error::UnsupportedEventTypes { types } => {
                OpenError::Call(CallError::UnsupportedEventTypes(types))
            }
            error => OpenError::Other(error),
        })?;
        let types = self.types.intersection(declared);
        let Some(names) = types.names() else {
            return Err(Self::not_carried("every type of an open stream", protocol));
        };
        let application_key = self.application_key.clone();
        if protocol == Protocol::B {
            if !self.options.media_types.is_empty() {
                return Err(Self::not_carried("a media type", protocol));
            }
            let types = names_of(names);
            let request = b::ConsumeRequest { application_key, offset, types };
            let path = "/dogma.messaging.v1.EventStream/Consume";
            return Ok(Box::pin(live.start(path, RequestBody::new(whole(&request)))));
        }
        let media_types_of = |name: &str| match self.options.media_types.as_slice() {
            // Those that the server has, in its order.
            [] => {
                let found = media_types.iter().find(|(found, _)| found == name);
                found.map(|(_, media_types)| media_types.clone()).unwrap_or_default()
            }
            wanted => wanted.to_vec(),
        };
        let event_types = names
            .iter()
            .map(|name| a::EventType {
                portable_name: name.as_str().to_owned(),
                media_types: media_types_of(name.as_str()),
            })
            .collect();
        let start_point = Some(a::consume_request::StartPoint::Offset(offset));
        let request = a::ConsumeRequest { application_key, event_types, start_point };
        let path = "/dogma.interop.v1.eventstream.StreamAPI/Consume";
        Ok(Box::pin(live.start(path, RequestBody::new(whole(&request)))))
    }

    fn not_carried(what: &'static str, protocol: Protocol) -> OpenError {
        OpenError::Call(CallError::NotCarried { what, protocol })
    }

    pub(super) fn error(&self, error: OpenError, position: u64) -> Error {
        match error {
            OpenError::Call(error) => error.into_error(&self.channel.endpoint, "open", position),
            OpenError::Other(error) => error,
        }
    }
}

fn names_of(names: &[eventstream_core::EventType]) -> Vec<String> {
    names.iter().map(|name| name.as_str().to_owned()).collect()
}
