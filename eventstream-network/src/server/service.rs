use std::{future, sync::Arc};

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::{
    Peer,
    activity::Active,
    call::{Call, Held},
    response::ResponseBody,
    route::route,
    shared::Shared,
};
use crate::grpc::{self, Code, GRPC_TIMEOUT, Status, parse_timeout};

/// Answers a request, of whatever kind.
pub(super) async fn answer(
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    active: Active,
    request: Request<Incoming>,
) -> Response<ResponseBody> {
    if request.method() != Method::POST {
        return refused(StatusCode::METHOD_NOT_ALLOWED);
    }
    if !grpc::is_grpc(request.headers()) {
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let share = Held::default();
    let deadline = match request.headers().get(GRPC_TIMEOUT).map(parse_timeout) {
        None => None,
        // One that lies too far away to be named is none.
        Some(Some(timeout)) => Instant::now().checked_add(timeout),
        Some(None) => return failed(&Status::new(Code::Internal, "grpc-timeout can't be read")),
    };
    let (head, body) = request.into_parts();
    let call = Call::new(shared, peer, head.headers, body, share.clone());
    let replied = tokio::select! {
        biased;
        replied = route(head.uri.path(), call) => replied,
        () = at(deadline) => Err(Status::new(Code::DeadlineExceeded, "the call has taken too long")),
    };
    match replied {
        Ok(reply) => {
            let body = ResponseBody::new(reply, deadline, (share, active));
            let mut response = Response::new(body);
            response.headers_mut().insert(http::header::CONTENT_TYPE, grpc::APPLICATION_GRPC);
            response
        }
        Err(status) => failed(&status),
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => future::pending().await,
    }
}

/// The call has failed: there are headers, and that was all.
fn failed(status: &Status) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    response.headers_mut().insert(http::header::CONTENT_TYPE, grpc::APPLICATION_GRPC);
    status.write_to(response.headers_mut());
    response
}

/// It is no call.
fn refused(code: StatusCode) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = code;
    response
}
