//! A stream whose cursors are read ahead by a task, as over a network.

use std::sync::Mutex;

use eventstream_core::{
    BoxError, CloseHandle, Cursor, Error, Event, EventStream, EventTypes, Identity, Parcel, Result,
};
use eventstream_streamtest::{Profile, StreamEnv, StreamHarness, Timing};
use tokio::{sync::mpsc, task::AbortHandle};

use super::{log::Log, quick, reference::Reference};

/// Events that are on their way.
const READ_AHEAD: usize = 16;

pub struct Remote;

pub struct RemoteEnv {
    reference: Reference,
    tasks: Mutex<Vec<AbortHandle>>,
}

enum Message {
    Event(Event),
    /// All below is filtered out.
    Position(u64),
    Truncated {
        requested: u64,
        oldest: u64,
    },
}

impl RemoteEnv {
    fn new(first_offset: u64) -> Self {
        Self { reference: Reference::declaring(first_offset), tasks: Mutex::default() }
    }
}

impl StreamHarness for Remote {
    type Env = RemoteEnv;

    async fn start(&self) -> Result<RemoteEnv, BoxError> {
        Ok(RemoteEnv::new(0))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<RemoteEnv>, BoxError> {
        Ok(Some(RemoteEnv::new(first_offset)))
    }

    fn timing(&self) -> Timing {
        quick()
    }

    fn profile(&self) -> Profile {
        // One more is in the task's hand.
        Profile::full().read_ahead(READ_AHEAD + 1)
    }
}

impl StreamEnv for RemoteEnv {
    type Stream = Self;

    fn stream(&self) -> &Self {
        self
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.reference.append(parcels).await
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        self.reference.truncate(before).await
    }
}

/// The connections break.
impl Drop for RemoteEnv {
    fn drop(&mut self) {
        for task in self.tasks.lock().unwrap().drain(..) {
            task.abort();
        }
    }
}

impl EventStream for RemoteEnv {
    type Cursor = RemoteCursor;

    fn application(&self) -> &Identity {
        self.reference.application()
    }

    async fn event_types(&self) -> Result<EventTypes> {
        self.reference.event_types().await
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<RemoteCursor> {
        types.check_supported_by(&self.event_types().await?)?;
        let (sender, messages) = mpsc::channel(READ_AHEAD);
        let task = tokio::spawn(send(self.reference.log.clone(), offset, types, sender));
        self.tasks.lock().unwrap().push(task.abort_handle());
        Ok(RemoteCursor { messages, position: offset, truncated: None, close: CloseHandle::new() })
    }
}

async fn send(log: Log, mut position: u64, types: EventTypes, sender: mpsc::Sender<Message>) {
    loop {
        let appended = log.appended();
        let message = match log.find(position, &types) {
            Ok(Ok(event)) => {
                position = event.offset + 1;
                Message::Event(event)
            }
            Ok(Err(end)) if end > position => {
                position = end;
                Message::Position(end)
            }
            Ok(Err(_)) => {
                tokio::select! {
                    () = appended => continue,
                    () = sender.closed() => return,
                }
            }
            Err(Error::Truncated { requested, oldest }) => Message::Truncated { requested, oldest },
            Err(_) => return,
        };
        let is_last = matches!(message, Message::Truncated { .. });
        if sender.send(message).await.is_err() || is_last {
            return;
        }
    }
}

pub struct RemoteCursor {
    messages: mpsc::Receiver<Message>,
    position: u64,
    truncated: Option<(u64, u64)>,
    close: CloseHandle,
}

impl Cursor for RemoteCursor {
    async fn next(&mut self) -> Result<Event> {
        loop {
            self.close.check()?;
            if let Some((requested, oldest)) = self.truncated {
                return Err(Error::Truncated { requested, oldest });
            }
            let receiving = async {
                let message = self.messages.recv().await;
                message.ok_or_else(|| Error::backend("receive", true, "the connection is broken"))
            };
            match self.close.guard(receiving).await? {
                Message::Event(event) => {
                    self.position = event.offset + 1;
                    return Ok(event);
                }
                Message::Position(position) => self.position = position,
                Message::Truncated { requested, oldest } => {
                    self.truncated = Some((requested, oldest));
                }
            }
        }
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }
}
