use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use prost::Message;

use super::{
    call::Call,
    message_reader::{MessageReader, Read},
    response::Reply,
    rpc::ours::append_message,
    status::going_away,
};
use crate::{
    grpc::{Status, whole},
    poll_once::poll_once,
    proto::eventstream::v1::{
        AppendFailure, AppendResponse, AppendStreamResponse, append_stream_response::Outcome,
    },
    unfold::unfold,
};

pub(super) fn appended(range: Range<u64>) -> AppendResponse {
    AppendResponse { first_offset: range.start, next_offset: range.end }
}

/// The appends of one stream: begun in their order, answered in their order, many at a time.
pub(super) struct Appends {
    requests: MessageReader,
    call: Arc<Call>,
    under_way: VecDeque<Append>,
    /// How the stream ends, once nothing is read any more.
    end: Option<Result<(), Status>>,
}

enum Append {
    Running(Pin<Box<dyn Future<Output = Result<Range<u64>, Status>> + Send>>),
    Done(Result<Range<u64>, Status>),
}

impl Append {
    fn poll_done(&mut self, cx: &mut Context<'_>) -> bool {
        if let Self::Running(running) = self
            && let Poll::Ready(outcome) = running.as_mut().poll(cx)
        {
            *self = Self::Done(outcome);
        }
        matches!(self, Self::Done(_))
    }
}

impl Appends {
    pub(super) fn new(requests: MessageReader, call: Call) -> Self {
        Self { requests, call: Arc::new(call), under_way: VecDeque::new(), end: None }
    }

    pub(super) fn into_reply(self) -> Reply {
        Reply::stream(unfold(self, |mut appends: Self| async {
            let answers = appends.answers().await?;
            Some((answers, appends))
        }))
    }

    /// The answers to all that is done; `None` at the end.
    async fn answers(&mut self) -> Option<Result<Bytes, Status>> {
        loop {
            self.begin_at_hand();
            let takes_more = self.takes_more();
            let is_empty = self.under_way.is_empty();
            if is_empty && let Some(end) = self.end.take() {
                // From here on there is nothing more to say.
                self.end = Some(Ok(()));
                return end.err().map(Err);
            }
            tokio::select! {
                biased;
                () = first_done(&mut self.under_way), if !is_empty => {
                    return Some(Ok(answers(&mut self.under_way)));
                }
                () = self.call.shared.drain.streams.cancelled(), if self.end.is_none() => {
                    self.end = Some(Err(going_away()));
                }
                read = self.requests.next(), if takes_more => self.begin(read),
            }
        }
    }

    fn takes_more(&self) -> bool {
        let limit = self.call.shared.limits.appends_per_stream;
        self.end.is_none() && self.under_way.len() < limit
    }

    /// All that have come, before any is looked at again: each look is at all that are under way.
    fn begin_at_hand(&mut self) {
        while self.takes_more()
            && let Some(read) = poll_once(self.requests.next())
        {
            self.begin(read);
        }
    }

    fn begin(&mut self, read: Result<Option<Read>, Status>) {
        match read {
            Ok(Some((message, held))) => {
                let call = self.call.clone();
                let append = async move {
                    let range = append_message(&call, message).await;
                    drop(held);
                    range
                };
                self.under_way.push_back(Append::Running(Box::pin(append)));
            }
            Ok(None) => self.end = Some(Ok(())),
            Err(status) => self.end = Some(Err(status)),
        }
    }
}

/// Waits until the first one is done. All are polled, so that all go on; a new one last, so that
/// they begin in their order.
async fn first_done(under_way: &mut VecDeque<Append>) {
    poll_fn(|cx| {
        let mut first = None;
        for append in under_way.iter_mut() {
            let done = append.poll_done(cx);
            first.get_or_insert(done);
        }
        if first == Some(true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Takes those from the front that are done.
fn answers(under_way: &mut VecDeque<Append>) -> Bytes {
    let mut frames = BytesMut::new();
    while let Some(Append::Done(_)) = under_way.front() {
        let Some(Append::Done(outcome)) = under_way.pop_front() else { break };
        let outcome = match outcome {
            Ok(range) => Outcome::Appended(appended(range)),
            Err(status) => Outcome::Failed(AppendFailure {
                code: status.code.number(),
                // Its message is short, whatever it repeats.
                status: status.to_rpc().encode_to_vec().into(),
                message: status.message,
            }),
        };
        frames.extend_from_slice(&whole(&AppendStreamResponse { outcome: Some(outcome) }));
    }
    frames.freeze()
}
