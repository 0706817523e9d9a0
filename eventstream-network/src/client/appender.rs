use std::{
    collections::VecDeque,
    future::Future,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use eventstream_core::{Expect, Parcel};
use prost::Message;
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
    time::timeout,
};

use super::{
    call_error::CallError, channel::Channel, request_body::RequestBody, responses::Responses,
};
use crate::{
    grpc::Status,
    proto::{
        eventstream::v1::{AppendResponse, AppendStreamResponse, append_stream_response::Outcome},
        google::rpc,
    },
    wire::encode_append,
};

/// Appends that wait to be sent: what HTTP/2 does not take yet is held by those who append.
const QUEUED: usize = 64;

type Answer = Result<Range<u64>, CallError>;

/// Sends appends over one stream, which is opened when it is needed and gone.
pub(super) struct Appender {
    channel: Arc<Channel>,
    open: AsyncMutex<Option<Open>>,
}

/// A stream of appends that is open, or was a moment ago.
struct Open {
    requests: mpsc::Sender<Bytes>,
    waiting: Arc<Waiting>,
}

/// Who waits for an answer, in the order of the answers; `None` once none will come.
struct Waiting(Mutex<Option<VecDeque<oneshot::Sender<Answer>>>>);

impl Waiting {
    fn with<T>(&self, f: impl FnOnce(&mut Option<VecDeque<oneshot::Sender<Answer>>>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn join(&self) -> Option<oneshot::Receiver<Answer>> {
        let (sender, receiver) = oneshot::channel();
        self.with(|waiting| waiting.as_mut().map(|waiting| waiting.push_back(sender)))?;
        Some(receiver)
    }

    fn answer(&self, answer: Answer) -> Result<(), CallError> {
        let next = self.with(|waiting| waiting.as_mut().and_then(VecDeque::pop_front));
        let next = next.ok_or_else(|| CallError::protocol("it answers what was not asked"))?;
        // Who does not wait any more does not want to know.
        drop(next.send(answer));
        Ok(())
    }

    /// What the server refuses for good is the append whose turn it is: one that is too large, say.
    /// The others were not looked at.
    fn fail(&self, error: &CallError) {
        let others = match error {
            CallError::Status(status) if !error.is_retryable() => {
                CallError::lost(format!("the stream has ended at another append: {status}"))
            }
            error => error.clone(),
        };
        let mut waiting = self.with(Option::take).into_iter().flatten();
        if let Some(first) = waiting.next() {
            drop(first.send(Err(error.clone())));
        }
        for waiting in waiting {
            drop(waiting.send(Err(others.clone())));
        }
    }
}

impl Appender {
    pub(super) fn new(channel: Arc<Channel>) -> Self {
        Self { channel, open: AsyncMutex::new(None) }
    }

    pub(super) async fn append(&self, key: &str, parcels: &[Parcel], expect: Expect) -> Answer {
        let answer = self.send(encode_append(key, parcels, expect)).await?;
        self.in_time(answer).await?.unwrap_or_else(|_| Err(CallError::lost("no answer came")))
    }

    async fn in_time<T>(&self, waiting: impl Future<Output = T>) -> Result<T, CallError> {
        let call_timeout = self.channel.options.call_timeout;
        timeout(call_timeout, waiting).await.map_err(|_| CallError::Timeout(call_timeout))
    }

    /// In the order in which it is called.
    async fn send(&self, frame: Bytes) -> Result<oneshot::Receiver<Answer>, CallError> {
        // A server that does not get done does not take more either: those behind it wait here.
        let mut open = self.in_time(self.open.lock()).await?;
        // One that was open before may be gone; a new one may go, too, but then something is wrong.
        for _ in 0..2 {
            let stream = match &*open {
                Some(stream) => stream,
                None => open.insert(self.open().await?),
            };
            if let Ok(place) = self.in_time(stream.requests.reserve()).await?
                && let Some(answer) = stream.waiting.join()
            {
                place.send(frame);
                return Ok(answer);
            }
            *open = None;
        }
        Err(CallError::connect("the server ends the stream of appends as soon as it is open"))
    }

    async fn open(&self) -> Result<Open, CallError> {
        let live = self.channel.live().await?;
        let (requests, queue) = mpsc::channel(QUEUED);
        let path = "/eventstream.v1.EventStream/AppendStream";
        let responses = live.open(path, RequestBody::stream(queue)).await?;
        let waiting = Arc::new(Waiting(Mutex::new(Some(VecDeque::new()))));
        tokio::spawn({
            let waiting = waiting.clone();
            async move {
                let ended = receive(responses.without_events(), &waiting).await;
                waiting
                    .fail(&ended.err().unwrap_or_else(|| CallError::lost("the stream has ended")));
            }
        });
        Ok(Open { requests, waiting })
    }
}

/// Hands out the answers, until there are no more.
async fn receive(mut responses: Responses, waiting: &Waiting) -> Result<(), CallError> {
    while responses.receive().await? {
        while let Some(message) = responses.message()? {
            waiting.answer(answer(message)?)?;
        }
    }
    Ok(())
}

fn answer(message: Bytes) -> Result<Answer, CallError> {
    let wrong = |error: prost::DecodeError| CallError::protocol(error.to_string());
    match AppendStreamResponse::decode(message).map_err(wrong)?.outcome {
        Some(Outcome::Appended(AppendResponse { first_offset, next_offset })) => {
            Ok(Ok(first_offset..next_offset))
        }
        Some(Outcome::Failed(failure)) => {
            let status = rpc::Status::decode(failure.status).map_err(wrong)?;
            Ok(Err(CallError::Status(Status::from_rpc(status))))
        }
        None => Err(CallError::protocol("an answer to an append says nothing")),
    }
}
