use super::{
    access::Action,
    call::Call,
    response::Reply,
    rpc::{health, ours, protocol_a, protocol_b, reflection},
};
use crate::grpc::{Code, Status};

pub(super) const OURS: &str = "eventstream.v1.EventStream";
pub(super) const A: &str = "dogma.interop.v1.eventstream.StreamAPI";
pub(super) const B: &str = "dogma.messaging.v1.EventStream";
pub(super) const HEALTH: &str = "grpc.health.v1.Health";
pub(super) const REFLECTION: &str = "grpc.reflection.v1.ServerReflection";
/// Older, and the same but for its name: what many clients ask for.
const REFLECTION_ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";

/// The services that a server has.
pub(super) fn services(protocols: super::Protocols) -> Vec<&'static str> {
    let events = [(protocols.ours(), OURS), (protocols.a(), A), (protocols.b(), B)];
    let events = events.into_iter().filter(|(spoken, _)| *spoken).map(|(_, name)| name);
    events.chain([HEALTH, REFLECTION]).collect()
}

/// Finds what answers a call, and whether it is to be answered.
pub(super) async fn route(path: &str, call: Call) -> Result<Reply, Status> {
    let (service, method) =
        path.strip_prefix('/').and_then(|p| p.split_once('/')).unwrap_or_default();
    let protocols = call.shared.protocols;
    let [list, read, append, truncate] =
        [Action::List, Action::Read, Action::Append, Action::Truncate];
    match (service, method) {
        (OURS, "ListApplications") if protocols.ours() => {
            ours::list_applications(call.admitted(list)?).await
        }
        (OURS, "Describe") if protocols.ours() => ours::describe(call.admitted(read)?).await,
        (OURS, "Consume") if protocols.ours() => ours::consume(call.admitted(read)?).await,
        (OURS, "Append") if protocols.ours() => ours::append(call.admitted(append)?).await,
        (OURS, "AppendStream") if protocols.ours() => ours::append_stream(call.admitted(append)?),
        (OURS, "Truncate") if protocols.ours() => ours::truncate(call.admitted(truncate)?).await,
        (OURS, "Load") if protocols.ours() => ours::load(call.admitted(read)?).await,
        (OURS, "WaitFor") if protocols.ours() => ours::wait_for(call.admitted(read)?).await,
        (A, "Consume") if protocols.a() => protocol_a::consume(call.admitted(read)?).await,
        (A, "EventTypes") if protocols.a() => protocol_a::event_types(call.admitted(read)?).await,
        (B, "Consume") if protocols.b() => protocol_b::consume(call.admitted(read)?).await,
        (B, "EventTypes") if protocols.b() => protocol_b::event_types(call.admitted(read)?).await,
        (HEALTH, "Check") => health::check(call.public()?).await,
        (HEALTH, "List") => health::list(call.public()?).await,
        (HEALTH, "Watch") => health::watch(call.public_stream()?).await,
        (REFLECTION | REFLECTION_ALPHA, "ServerReflectionInfo") => {
            reflection::info(call.public_stream()?)
        }
        _ => Err(Status::new(Code::Unimplemented, format!("there is no method {path}"))),
    }
}
