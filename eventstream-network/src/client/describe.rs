use eventstream_core::{EventTypes, Incarnation};

use super::{Protocol, call_error::CallError, channel::Channel, live::Live};
use crate::{
    grpc::Code,
    proto::{
        dogma::{interop::v1::eventstream as a, messaging::v1 as b},
        eventstream::v1::{DescribeRequest, DescribeResponse},
    },
};

/// What a server says of an application, as far as its protocol can.
pub(super) struct Description {
    pub(super) event_types: EventTypes,
    /// Of each type that is declared, the media types that it can be had in.
    pub(super) media_types: Vec<(String, Vec<String>)>,
    pub(super) end: Option<u64>,
    pub(super) incarnation: Option<Incarnation>,
}

/// From the best one on.
const PROTOCOLS: [Protocol; 3] = [Protocol::Ours, Protocol::A, Protocol::B];

impl Channel {
    /// All protocols that the server speaks.
    pub(super) async fn protocols(&self) -> Result<Vec<Protocol>, CallError> {
        let live = self.live().await?;
        let mut spoken = Vec::with_capacity(PROTOCOLS.len());
        for protocol in PROTOCOLS {
            if live.speaks(protocol, "").await? {
                spoken.push(protocol);
            }
        }
        Ok(spoken)
    }
}

impl Live {
    /// The best protocol that the server speaks.
    pub(super) async fn protocol(&self, application_key: &str) -> Result<Protocol, CallError> {
        let find = || async {
            for protocol in PROTOCOLS {
                if self.speaks(protocol, application_key).await? {
                    return Ok(protocol);
                }
            }
            Err(CallError::protocol("it speaks none of the protocols that are known"))
        };
        self.protocol.get_or_try_init(find).await.copied()
    }

    async fn speaks(&self, protocol: Protocol, application_key: &str) -> Result<bool, CallError> {
        match self.describe(protocol, application_key).await {
            Err(error) if error.is_unimplemented() => Ok(false),
            Err(error) if says_nothing_of_the_service(&error) => Err(error),
            // Any other answer shows that the service is there.
            Ok(_) | Err(_) => Ok(true),
        }
    }

    pub(super) async fn describe(
        &self,
        protocol: Protocol,
        application_key: &str,
    ) -> Result<Description, CallError> {
        let application_key = application_key.to_owned();
        let media_types: Vec<(String, Vec<String>)> = match protocol {
            Protocol::Ours => {
                let request = DescribeRequest { application_key, without_oldest_offset: true };
                return ours(self.call("/eventstream.v1.EventStream/Describe", &request).await?);
            }
            Protocol::A => {
                let request = a::EventTypesRequest { application_key };
                let path = "/dogma.interop.v1.eventstream.StreamAPI/EventTypes";
                let response: a::EventTypesResponse = self.call(path, &request).await?;
                let types = response.event_types.into_iter();
                types.map(|found| (found.portable_name, found.media_types)).collect()
            }
            Protocol::B => {
                let request = b::MessageTypesRequest { application_key };
                let path = "/dogma.messaging.v1.EventStream/EventTypes";
                let response: b::MessageTypesResponse = self.call(path, &request).await?;
                let types = response.message_types.into_iter();
                types.map(|found| (found.portable_name, found.media_types)).collect()
            }
        };
        // One that declares nothing may carry anything.
        let event_types = if media_types.is_empty() {
            EventTypes::any()
        } else {
            media_types.iter().map(|(name, _)| name.as_str()).collect()
        };
        Ok(Description { event_types, media_types, end: None, incarnation: None })
    }
}

/// What stands between, or is over in a moment, may answer so, whether there is such a service or not;
/// and so may who does not know the caller.
fn says_nothing_of_the_service(error: &CallError) -> bool {
    let CallError::Status(status) = error else { return true };
    matches!(
        status.code,
        Code::Unavailable
            | Code::ResourceExhausted
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Unknown
            | Code::Internal
            | Code::Unauthenticated
    )
}

fn ours(response: DescribeResponse) -> Result<Description, CallError> {
    let media_types: Vec<_> = response
        .event_types
        .into_iter()
        .map(|found| (found.portable_name, found.media_types))
        .collect();
    let event_types = if response.any_event_type {
        EventTypes::any()
    } else {
        media_types.iter().map(|(name, _)| name.as_str()).collect()
    };
    let incarnation = incarnation_of(&response.incarnation)?;
    Ok(Description { event_types, media_types, end: response.next_offset, incarnation })
}

pub(super) fn incarnation_of(bytes: &[u8]) -> Result<Option<Incarnation>, CallError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let bytes = bytes.try_into().map_err(|_| CallError::protocol("an incarnation has 16 bytes"))?;
    Ok(Some(Incarnation::from_bytes(bytes)))
}
