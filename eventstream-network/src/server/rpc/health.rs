//! `grpc.health.v1.Health`.

use tokio::sync::watch;

use crate::{
    grpc::{Code, Status, whole},
    proto::grpc::health::v1::{
        HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
        health_check_response::ServingStatus,
    },
    server::{call::Call, response::Reply, route::services, status::going_away},
    unfold::unfold,
};

fn response(serving: bool) -> HealthCheckResponse {
    let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
    HealthCheckResponse { status: status.into() }
}

fn is_known(call: &Call, service: &str) -> bool {
    service.is_empty() || services(call.shared.protocols).contains(&service)
}

pub(in crate::server) async fn check(mut call: Call) -> Result<Reply, Status> {
    let HealthCheckRequest { service } = call.message().await?;
    if !is_known(&call, &service) {
        return Err(Status::new(Code::NotFound, format!("there is no service {service:?}")));
    }
    let serving = *call.shared.drain.serving().borrow();
    Ok(Reply::message(&response(serving)))
}

pub(in crate::server) async fn list(mut call: Call) -> Result<Reply, Status> {
    let HealthListRequest {} = call.message().await?;
    let serving = *call.shared.drain.serving().borrow();
    let names = services(call.shared.protocols).into_iter().chain([""]);
    let statuses = names.map(|name| (name.to_owned(), response(serving))).collect();
    Ok(Reply::message(&HealthListResponse { statuses }))
}

/// Says how it is now, and whenever that changes.
pub(in crate::server) async fn watch(mut call: Call) -> Result<Reply, Status> {
    let HealthCheckRequest { service } = call.message().await?;
    let known = is_known(&call, &service);
    let mut serving = call.shared.drain.serving();
    serving.mark_changed();
    let streams = call.shared.drain.streams.clone();
    let reply = Reply::stream(unfold(serving, move |mut serving: watch::Receiver<bool>| {
        let streams = streams.clone();
        async move {
            tokio::select! {
                biased;
                changed = serving.changed() => match changed {
                    Ok(()) => {}
                    Err(_) => return Some((Err(going_away()), serving)),
                },
                () = streams.cancelled() => return Some((Err(going_away()), serving)),
            }
            let is_serving = *serving.borrow_and_update();
            let status = if known {
                response(is_serving)
            } else {
                HealthCheckResponse { status: ServingStatus::ServiceUnknown.into() }
            };
            Some((Ok(whole(&status)), serving))
        }
    }));
    Ok(reply.until(Some(call.too_old())))
}
