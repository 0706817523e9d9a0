use eventstream_memory::MemoryStream;
use eventstream_network::{
    NetworkServer, Protocols,
    proto::grpc::{
        health::v1::{
            HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
            health_check_response::ServingStatus,
        },
        reflection::v1::{
            ServerReflectionRequest, ServerReflectionResponse,
            server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
        },
    },
};
use prost::Message;
use prost_types::FileDescriptorProto;

use crate::{
    raw::{Raw, frame},
    support::{Running, application},
};

async fn serve() -> (std::sync::Arc<Running>, Raw) {
    let builder = NetworkServer::builder()
        .host(MemoryStream::new(application()))
        .protocols(Protocols::none().with_ours().with_a());
    let server = Running::start(builder).await;
    let raw = Raw::connect(server.address()).await;
    (server, raw)
}

#[tokio::test]
async fn health_is_told_until_the_server_goes_away() {
    let (server, raw) = serve().await;
    let asked = |service: &str| HealthCheckRequest { service: service.to_owned() };
    let check = "/grpc.health.v1.Health/Check";
    for service in ["", "eventstream.v1.EventStream"] {
        let found: HealthCheckResponse = raw.ask(check, &asked(service)).await;
        assert_eq!(found.status(), ServingStatus::Serving);
    }
    // One that is not spoken.
    raw.fails(check, &asked("dogma.messaging.v1.EventStream")).await.is_bare(5);
    let list: HealthListResponse =
        raw.ask("/grpc.health.v1.Health/List", &HealthListRequest {}).await;
    assert_eq!(list.statuses.len(), 5);

    let watch = "/grpc.health.v1.Health/Watch";
    let mut unknown = raw.call(watch, &asked("none")).await;
    let found: HealthCheckResponse = unknown.next().await.unwrap();
    assert_eq!(found.status(), ServingStatus::ServiceUnknown);
    let mut watched = raw.call(watch, &asked("")).await;
    let found: HealthCheckResponse = watched.next().await.unwrap();
    assert_eq!(found.status(), ServingStatus::Serving);
    server.shutdown.cancel();
    let found: HealthCheckResponse = watched.next().await.unwrap();
    assert_eq!(found.status(), ServingStatus::NotServing);
    watched.end().await.is_bare(14);
}

#[tokio::test]
async fn what_is_served_can_be_found_out() {
    let (_server, raw) = serve().await;
    for service in ["grpc.reflection.v1", "grpc.reflection.v1alpha"] {
        let path = format!("/{service}.ServerReflection/ServerReflectionInfo");
        let asked = [
            MessageRequest::ListServices(String::new()),
            MessageRequest::FileContainingSymbol("eventstream.v1.EventStream".to_owned()),
            MessageRequest::FileContainingSymbol("eventstream.v1.LoadRequest.ByType".to_owned()),
            MessageRequest::FileByFilename("dogma/interop/v1/envelope/envelope.proto".to_owned()),
            MessageRequest::FileContainingSymbol("no.such.Thing".to_owned()),
        ];
        let requests = asked.map(|asked| ServerReflectionRequest {
            host: String::new(),
            message_request: Some(asked),
        });
        let body: Vec<u8> = requests.iter().flat_map(|one| frame(&one.encode_to_vec())).collect();
        let mut answer = raw.frames(&path, body).await;
        let mut files = Vec::new();
        for request in requests {
            let found: ServerReflectionResponse = answer.next().await.unwrap();
            assert_eq!(found.original_request, Some(request));
            match found.message_response.unwrap() {
                MessageResponse::ListServicesResponse(list) => {
                    let names: Vec<_> = list.service.into_iter().map(|found| found.name).collect();
                    let expected = [
                        "eventstream.v1.EventStream",
                        "dogma.interop.v1.eventstream.StreamAPI",
                        "grpc.health.v1.Health",
                        "grpc.reflection.v1.ServerReflection",
                    ];
                    assert_eq!(names, expected);
                }
                MessageResponse::FileDescriptorResponse(file) => {
                    let file = file.file_descriptor_proto[0].clone();
                    files.push(FileDescriptorProto::decode(file).unwrap().name.unwrap());
                }
                MessageResponse::ErrorResponse(error) => assert_eq!(error.error_code, 5),
                MessageResponse::AllExtensionNumbersResponse(other) => panic!("{other:?}"),
            }
        }
        let ours = "eventstream/v1/eventstream.proto";
        assert_eq!(files, [ours, ours, "dogma/interop/v1/envelope/envelope.proto"]);
        assert_eq!(answer.end().await.code, 0);
    }
}
