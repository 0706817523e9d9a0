//! `grpc.reflection.v1.ServerReflection`, and the same under its older name.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

use crate::{
    grpc::{Code, Status, whole},
    proto::{
        DESCRIPTORS,
        grpc::reflection::v1::{
            ErrorResponse, ExtensionNumberResponse, FileDescriptorResponse, ListServiceResponse,
            ServerReflectionRequest, ServerReflectionResponse, ServiceResponse,
            server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
        },
    },
    server::{
        Protocols, call::Call, message_reader::MessageReader, response::Reply, route::services,
        shared::Shared, status::going_away,
    },
    unfold::unfold,
};

static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

/// Which file describes what: each an encoded `FileDescriptorProto`.
#[derive(Default)]
struct Index {
    by_name: HashMap<String, Bytes>,
    by_symbol: HashMap<String, Bytes>,
}

impl Index {
    fn new() -> Self {
        let mut index = Self::default();
        // They are compared with the `.proto` files by a test.
        for file in FileDescriptorSet::decode(DESCRIPTORS).unwrap_or_default().file {
            let encoded = Bytes::from(file.encode_to_vec());
            index.add(&file, &encoded);
        }
        index
    }

    fn add(&mut self, file: &FileDescriptorProto, encoded: &Bytes) {
        self.by_name.insert(file.name().to_owned(), encoded.clone());
        let package = file.package();
        for message in &file.message_type {
            self.add_message(package, message, encoded);
        }
        for service in &file.service {
            let name = format!("{package}.{}", service.name());
            for method in &service.method {
                self.by_symbol.insert(format!("{name}.{}", method.name()), encoded.clone());
            }
            self.by_symbol.insert(name, encoded.clone());
        }
    }

    fn add_message(&mut self, scope: &str, message: &DescriptorProto, encoded: &Bytes) {
        let name = format!("{scope}.{}", message.name());
        for nested in &message.nested_type {
            self.add_message(&name, nested, encoded);
        }
        for nested in &message.enum_type {
            self.by_symbol.insert(format!("{name}.{}", nested.name()), encoded.clone());
        }
        self.by_symbol.insert(name, encoded.clone());
    }
}

pub(in crate::server) fn info(mut call: Call) -> Result<Reply, Status> {
    let requests = call.reader(MessageReader::tiny)?;
    let state = (requests, call.shared.clone());
    let reply = Reply::stream(unfold(
        state,
        |(mut requests, shared): (MessageReader, Arc<Shared>)| async {
            let read = tokio::select! {
                biased;
                () = shared.drain.streams.cancelled() => Err(going_away()),
                read = requests.next() => read,
            };
            let response = match read {
                Ok(None) => return None,
                Ok(Some((message, _))) => respond(message, shared.protocols),
                Err(status) => Err(status),
            };
            Some((response, (requests, shared)))
        },
    ));
    Ok(reply.until(Some(call.too_old())))
}

fn respond(message: Bytes, protocols: Protocols) -> Result<Bytes, Status> {
    let request = ServerReflectionRequest::decode(message)
        .map_err(|error| Status::new(Code::Internal, error.to_string()))?;
    let response = match &request.message_request {
        Some(MessageRequest::FileByFilename(name)) => described(INDEX.by_name.get(name), name),
        Some(MessageRequest::FileContainingSymbol(name)) => {
            described(INDEX.by_symbol.get(name.trim_start_matches('.')), name)
        }
        Some(MessageRequest::ListServices(_)) => {
            let service = services(protocols).into_iter();
            let service = service.map(|name| ServiceResponse { name: name.to_owned() }).collect();
            MessageResponse::ListServicesResponse(ListServiceResponse { service })
        }
        Some(MessageRequest::AllExtensionNumbersOfType(name)) => {
            if INDEX.by_symbol.contains_key(name) {
                // There are no extensions in proto3.
                MessageResponse::AllExtensionNumbersResponse(ExtensionNumberResponse {
                    base_type_name: name.clone(),
                    extension_number: Vec::new(),
                })
            } else {
                not_found(name)
            }
        }
        Some(MessageRequest::FileContainingExtension(extension)) => {
            not_found(&extension.containing_type)
        }
        None => MessageResponse::ErrorResponse(ErrorResponse {
            error_code: Code::InvalidArgument.number(),
            error_message: "nothing is asked for".to_owned(),
        }),
    };
    Ok(whole(&ServerReflectionResponse {
        valid_host: request.host.clone(),
        original_request: Some(request),
        message_response: Some(response),
    }))
}

/// Those that a file imports can be asked for by their names.
fn described(file: Option<&Bytes>, name: &str) -> MessageResponse {
    match file {
        Some(file) => MessageResponse::FileDescriptorResponse(FileDescriptorResponse {
            file_descriptor_proto: vec![file.clone()],
        }),
        None => not_found(name),
    }
}

fn not_found(name: &str) -> MessageResponse {
    MessageResponse::ErrorResponse(ErrorResponse {
        error_code: Code::NotFound.number(),
        error_message: format!("there is no {name:?} here"),
    })
}
