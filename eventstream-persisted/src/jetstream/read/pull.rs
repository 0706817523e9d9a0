use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_nats::{Message, StatusCode, Subscriber};
use futures_core::Stream;
use tokio::{sync::watch, time::timeout};

use super::Delivered;
use crate::jetstream::{
    api::{ConsumerConfig, NextRequest},
    error::{JetStreamError, Result},
    link::Link,
};

/// So many messages are asked for at a time …
const ASK: usize = 1_000;
/// … and so many are on their way at most.
const MOST: usize = 2 * ASK;
/// The bytes that are asked for at a time. A message that has more comes alone.
const ASK_BYTES: usize = 2 * 1024 * 1024;
/// So long the server keeps what was asked for in mind …
const EXPIRES: Duration = Duration::from_secs(30);
/// … and says after so long that nothing is there.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Nothing was heard for so long: it is gone.
const SILENCE: Duration = Duration::from_secs(3);

const ACTION: &str = "deliver messages";

/// A consumer on the server, for one reader, which acknowledges nothing: whoever reads knows the
/// position, and makes another one if something goes wrong.
#[derive(Debug)]
pub(in crate::jetstream) struct Pull {
    link: Link,
    consumer: String,
    /// What it delivers to: with a number for each time that it was asked.
    inbox: String,
    messages: Subscriber,
    connections: watch::Receiver<u64>,
    asked: u64,
    /// How many messages were asked for and have not come.
    left: usize,
    /// The next one is too large to be asked for with others.
    is_next_large: bool,
    /// What the consumer has counted: it counts without gaps.
    delivered: u64,
    /// How many messages there were for it when it was made.
    pub(in crate::jetstream) pending: u64,
}

/// What was heard of a consumer.
#[derive(Debug)]
pub(in crate::jetstream) enum Heard {
    Message(Delivered),
    /// Nothing more is there, and nothing has come for long.
    Nothing,
}

impl Pull {
    /// Makes a consumer that begins at a sequence, for all messages or those of the filters.
    pub(in crate::jetstream) async fn open(
        link: &Link,
        first: u64,
        filters: Vec<String>,
        headers_only: bool,
    ) -> Result<Self> {
        // Before anything that could be lost with it.
        let mut connections = link.signals.connections();
        connections.mark_unchanged();
        let consumer = format!("{:032x}", fastrand::u128(..));
        let inbox = link.client.new_inbox();
        let subscribed = link.client.subscribe(format!("{inbox}.*")).await;
        let messages = subscribed.map_err(|error| JetStreamError::NoAnswer {
            action: "subscribe",
            problem: error.to_string(),
        })?;
        let config = ConsumerConfig::new(consumer.clone(), first, filters, headers_only);
        let pending = link.create_consumer(&config).await?;
        Ok(Self {
            link: link.clone(),
            consumer,
            inbox,
            messages,
            connections,
            asked: 0,
            left: 0,
            is_next_large: false,
            delivered: 0,
            pending,
        })
    }

    /// Waits for the next message.
    ///
    /// It can be dropped while it is pending, and nothing is lost. After an error the consumer is of
    /// no use any more.
    pub(in crate::jetstream) async fn next(&mut self) -> Result<Heard> {
        loop {
            self.ask_ahead().await?;
            let next = poll_fn(|context| Pin::new(&mut self.messages).poll_next(context));
            let message = tokio::select! {
                message = timeout(SILENCE, next) => match message {
                    Ok(message) => message,
                    Err(_) => return Err(gone("nothing was heard of the consumer")),
                },
                _ = self.connections.changed() => {
                    return Err(gone("the connection was lost"));
                }
            };
            let message = message.ok_or_else(|| gone("the connection was closed"))?;
            if let Some(heard) = self.take(message)? {
                return Ok(heard);
            }
        }
    }

    /// The next message, if it has come.
    pub(in crate::jetstream) fn try_next(&mut self) -> Result<Option<Delivered>> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        while let Poll::Ready(Some(message)) = Pin::new(&mut self.messages).poll_next(&mut context)
        {
            if let Some(Heard::Message(delivered)) = self.take(message)? {
                return Ok(Some(delivered));
            }
        }
        Ok(None)
    }

    /// Asks for more while few are on their way.
    async fn ask_ahead(&mut self) -> Result<()> {
        while self.left + ASK <= MOST {
            let (batch, max_bytes) =
                if self.is_next_large { (1, None) } else { (ASK, Some(ASK_BYTES)) };
            let request = NextRequest {
                batch,
                max_bytes,
                expires: nanos(EXPIRES),
                idle_heartbeat: nanos(HEARTBEAT),
            };
            let body = serde_json::to_vec(&request).map_err(|error| gone(&error.to_string()))?;
            let next = format!("CONSUMER.MSG.NEXT.{}.{}", self.link.stream, self.consumer);
            let reply = format!("{}.{}", self.inbox, self.asked + 1);
            let subject = self.link.subject(&next);
            let sent = self.link.client.publish_with_reply(subject, reply, body.into()).await;
            sent.map_err(|error| gone(&error.to_string()))?;
            self.asked += 1;
            self.left += batch;
            self.is_next_large = false;
        }
        Ok(())
    }

    fn take(&mut self, message: Message) -> Result<Option<Heard>> {
        let Some(status) = message.status else {
            let delivered = Delivered::new(message)?;
            self.delivered += 1;
            if delivered.number != self.delivered {
                return Err(gone("a message was lost on its way"));
            }
            self.left = self.left.saturating_sub(1);
            return Ok(Some(Heard::Message(delivered)));
        };
        let description = message.description.unwrap_or_default();
        match status {
            StatusCode::IDLE_HEARTBEAT => return Ok(None),
            StatusCode::NO_RESPONDERS => return Err(gone("nobody listens to it")),
            StatusCode::NOT_FOUND | StatusCode::TIMEOUT => {}
            _ if description.eq_ignore_ascii_case("message size exceeds maxbytes") => {
                self.is_next_large = true;
            }
            _ if description.eq_ignore_ascii_case("batch completed") => {}
            status => {
                return Err(gone(&format!("the consumer has ended ({status} {description})")));
            }
        }
        // What it has not delivered of what it was asked for.
        let pending = message.headers.as_ref().and_then(|headers| {
            headers.get("Nats-Pending-Messages")?.as_str().parse::<usize>().ok()
        });
        let pending = pending.ok_or_else(|| gone("it does not say how many are missing"))?;
        self.left = self.left.saturating_sub(pending);
        Ok((status == StatusCode::TIMEOUT && self.left == 0).then_some(Heard::Nothing))
    }
}

/// The server forgets a consumer that nobody asks; sooner is better.
impl Drop for Pull {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let delete = format!("CONSUMER.DELETE.{}.{}", self.link.stream, self.consumer);
        let (client, subject) = (self.link.client.clone(), self.link.subject(&delete));
        runtime.spawn(async move {
            let _ = client.publish(subject, bytes::Bytes::new()).await;
        });
    }
}

fn gone(problem: &str) -> JetStreamError {
    JetStreamError::NoAnswer { action: ACTION, problem: problem.to_owned() }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
