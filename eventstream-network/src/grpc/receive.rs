use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use hyper::body::Incoming;

/// The next piece of a body; `None` at its end. What stands behind the data goes into `trailers`.
///
/// # Cancel safety
///
/// Can be dropped while it is pending: nothing is lost.
pub(crate) async fn next_data(
    body: &mut Incoming,
    trailers: &mut Option<HeaderMap>,
) -> Option<hyper::Result<Bytes>> {
    poll_fn(|cx| poll_data(body, trailers, cx)).await
}

fn poll_data(
    body: &mut Incoming,
    trailers: &mut Option<HeaderMap>,
    cx: &mut Context<'_>,
) -> Poll<Option<hyper::Result<Bytes>>> {
    loop {
        let frame = match ready!(Pin::new(&mut *body).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(frame)) => frame,
        };
        match frame.into_data() {
            Ok(data) => return Poll::Ready(Some(Ok(data))),
            Err(frame) => {
                if let Ok(found) = frame.into_trailers() {
                    *trailers = Some(found);
                }
            }
        }
    }
}
