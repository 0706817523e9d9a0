//! What stands around a cursor: closing it, erasing its type, reading it as a stream; and what the
//! trait provides.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use eventstream_core::{
    BoxCursor, CloseHandle, Cursor, CursorExt, CursorStream, DynStream, Envelope, Error, Event,
    EventStream, EventTypes, Identity, Parcel, Result,
};
use futures_core::{Stream, stream::FusedStream};

fn event(offset: u64) -> Event {
    let app = Identity::new("app", "key");
    let envelope = Envelope::new(format!("m-{offset}"), app, "type", "text/plain");
    Event::new(offset, Parcel::seal(envelope).unwrap())
}

/// What a cursor does next.
enum Step {
    Event(u64),
    /// Fails so many times.
    Fail(usize),
    /// Fails for ever.
    Truncated,
}

/// Does what its script says, and then waits; `next_batch` is as the trait provides it.
struct Scripted {
    script: VecDeque<Step>,
    position: u64,
    close: CloseHandle,
}

impl Scripted {
    fn new(script: impl IntoIterator<Item = Step>) -> Self {
        let script = script.into_iter().collect();
        Self { script, position: 0, close: CloseHandle::new() }
    }

    fn events(offsets: impl IntoIterator<Item = u64>) -> Self {
        Self::new(offsets.into_iter().map(Step::Event))
    }
}

impl Cursor for Scripted {
    async fn next(&mut self) -> Result<Event> {
        self.close.check()?;
        match self.script.pop_front() {
            Some(Step::Event(offset)) => {
                self.position = offset + 1;
                Ok(event(offset))
            }
            Some(Step::Fail(times)) => {
                if times > 1 {
                    self.script.push_front(Step::Fail(times - 1));
                }
                Err(Error::backend("read", true, "it failed"))
            }
            Some(Step::Truncated) => {
                self.script.push_front(Step::Truncated);
                Err(Error::Truncated { requested: self.position, oldest: self.position + 1 })
            }
            None => self.close.guard(std::future::pending()).await,
        }
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }
}

/// Counts the batches that are asked for.
struct Counted(Scripted, Arc<AtomicUsize>);

impl Cursor for Counted {
    fn next(&mut self) -> impl Future<Output = Result<Event>> + Send {
        self.0.next()
    }

    fn next_batch(
        &mut self,
        buf: &mut Vec<Event>,
        max: usize,
    ) -> impl Future<Output = Result<usize>> + Send {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.next_batch(buf, max)
    }

    fn position(&self) -> u64 {
        self.0.position()
    }

    fn close_handle(&self) -> CloseHandle {
        self.0.close_handle()
    }
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn is_closed<T>(poll: &Poll<Result<T>>) -> bool {
    matches!(poll, Poll::Ready(Err(Error::CursorClosed)))
}

async fn item<C: Cursor>(stream: &mut CursorStream<C>) -> Option<Result<Event>> {
    poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await
}

mod close_handle {
    use super::*;

    #[test]
    fn only_the_first_close_succeeds() {
        let handle = CloseHandle::new();
        assert!(!handle.is_closed() && handle.check().is_ok());
        handle.clone().close().unwrap();
        assert!(matches!(handle.close(), Err(Error::CursorClosed)));
        assert!(handle.is_closed() && matches!(handle.check(), Err(Error::CursorClosed)));
    }

    #[test]
    fn waiting_ends_with_the_close() {
        let handle = CloseHandle::new();
        let mut closed = pin!(handle.closed());
        let mut guarded = pin!(handle.guard(std::future::pending::<Result<()>>()));
        assert!(poll(closed.as_mut()).is_pending() && poll(guarded.as_mut()).is_pending());
        handle.close().unwrap();
        assert!(poll(closed).is_ready());
        assert!(is_closed(&poll(guarded)));
        assert!(poll(handle.closed()).is_ready());
    }

    #[test]
    fn a_close_wins_over_what_is_guarded() {
        let handle = CloseHandle::new();
        assert!(matches!(poll(handle.guard(async { Ok(1) })), Poll::Ready(Ok(1))));
        handle.close().unwrap();
        assert!(is_closed(&poll(handle.guard(async { Ok(1) }))));
    }

    #[tokio::test]
    async fn a_close_from_another_task_is_never_missed() {
        for _ in 0..1_000 {
            let handle = CloseHandle::new();
            let other = handle.clone();
            let waiting = tokio::spawn(async move { other.closed().await });
            tokio::task::yield_now().await;
            handle.close().unwrap();
            waiting.await.unwrap();
        }
    }
}

mod provided_next_batch {
    use super::*;

    #[tokio::test]
    async fn takes_what_is_at_hand() {
        let mut cursor = Scripted::events(0..5);
        let mut buf = vec![event(9)];
        assert_eq!(cursor.next_batch(&mut buf, 3).await.unwrap(), 3);
        assert_eq!(cursor.next_batch(&mut buf, 3).await.unwrap(), 2);
        assert_eq!(buf.iter().map(|e| e.offset).collect::<Vec<_>>(), [9, 0, 1, 2, 3, 4]);
        assert!(poll(cursor.next_batch(&mut buf, 3)).is_pending());
        assert_eq!(cursor.next_batch(&mut buf, 0).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn leaves_an_error_for_the_next_call() {
        let mut cursor = Scripted::new([Step::Event(0), Step::Fail(2), Step::Event(1)]);
        let mut buf = Vec::new();
        assert_eq!(cursor.next_batch(&mut buf, 9).await.unwrap(), 1);
        assert!(cursor.next_batch(&mut buf, 9).await.is_err());
        assert_eq!(cursor.next_batch(&mut buf, 9).await.unwrap(), 1);
        assert_eq!(buf.len(), 2);
    }
}

mod box_cursor {
    use super::*;

    #[tokio::test]
    async fn asks_for_one_batch_for_many_events() {
        let batches = Arc::new(AtomicUsize::new(0));
        let mut cursor = BoxCursor::new(Counted(Scripted::events(0..120), batches.clone()));
        for offset in 0..120 {
            assert_eq!(cursor.next().await.unwrap().offset, offset);
        }
        assert_eq!(batches.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn its_position_is_that_of_what_it_has_read_ahead() {
        let mut cursor = Scripted::events([3, 7, 8]).boxed();
        assert_eq!(cursor.position(), 0);
        assert_eq!(cursor.next().await.unwrap().offset, 3);
        assert_eq!(cursor.position(), 7);
        let mut buf = Vec::new();
        assert_eq!(cursor.next_batch(&mut buf, 1).await.unwrap(), 1);
        assert_eq!(cursor.position(), 8);
        assert_eq!(cursor.next_batch(&mut buf, 9).await.unwrap(), 1);
        assert_eq!(cursor.position(), 9);
    }

    #[tokio::test]
    async fn a_close_wins_over_what_it_has_read_ahead() {
        let mut cursor = Scripted::events(0..9).boxed();
        cursor.next().await.unwrap();
        cursor.close().unwrap();
        assert!(is_closed(&poll(cursor.next())));
        assert!(is_closed(&poll(cursor.next_batch(&mut Vec::new(), 1))));
    }
}

mod cursor_stream {
    use super::*;

    #[tokio::test]
    async fn delivers_in_order_and_goes_on_after_an_error() {
        let script = (0..100).map(Step::Event).chain([Step::Fail(1), Step::Event(100)]);
        let mut stream = Scripted::new(script).into_stream();
        for offset in 0..100 {
            assert_eq!(item(&mut stream).await.unwrap().unwrap().offset, offset);
        }
        // The batch that found it had events too: the error was left for the next call, which
        // the script does not repeat.
        assert_eq!(item(&mut stream).await.unwrap().unwrap().offset, 100);
        assert!(poll(item(&mut stream)).is_pending());

        let mut stream = Scripted::new([Step::Fail(1), Step::Event(0)]).into_stream();
        assert!(item(&mut stream).await.unwrap().is_err());
        assert_eq!(item(&mut stream).await.unwrap().unwrap().offset, 0);
    }

    #[tokio::test]
    async fn ends_after_an_error_that_stays() {
        let mut stream = Scripted::new([Step::Truncated]).into_stream();
        assert!(matches!(item(&mut stream).await, Some(Err(Error::Truncated { .. }))));
        assert!(stream.is_terminated() && item(&mut stream).await.is_none());
    }

    #[tokio::test]
    async fn ends_with_the_close_also_while_it_waits() {
        let cursor = Scripted::events(0..2);
        let close = cursor.close_handle();
        let mut stream = cursor.into_stream();
        assert_eq!(item(&mut stream).await.unwrap().unwrap().offset, 0);
        assert!(!stream.is_terminated());
        close.close().unwrap();
        assert!(item(&mut stream).await.is_none() && stream.is_terminated());

        let cursor = Scripted::events([]);
        let close = cursor.close_handle();
        let waiting = tokio::spawn(async move { item(&mut cursor.into_stream()).await });
        tokio::task::yield_now().await;
        close.close().unwrap();
        assert!(waiting.await.unwrap().is_none());
    }
}

struct Events(Identity);

impl EventStream for Events {
    type Cursor = Scripted;

    fn application(&self) -> &Identity {
        &self.0
    }

    async fn event_types(&self) -> Result<EventTypes> {
        Ok(EventTypes::from("type"))
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<Scripted> {
        types.check_supported_by(&self.event_types().await?)?;
        Ok(Scripted::events(offset..10))
    }
}

#[tokio::test]
async fn streams_of_several_types_stand_in_one_list() {
    let stream = Arc::new(Events(Identity::new("app", "key")));
    let streams = [DynStream::new(stream.clone()), DynStream::new(DynStream::new(stream))];
    for stream in streams.iter().flat_map(|stream| [stream.clone(), stream.clone()]) {
        assert_eq!(stream.application().name, "app");
        assert_eq!(stream.event_types().await.unwrap(), EventTypes::from("type"));
        let mut cursor = stream.open(4, EventTypes::any()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, 4);
        assert!(matches!(
            stream.open(0, EventTypes::from("other")).await,
            Err(Error::UnsupportedEventTypes { .. })
        ));
    }
}

#[test]
fn what_is_public_can_be_sent_and_shared_as_promised() {
    fn send<T: Send + 'static>() {}
    fn send_sync<T: Send + Sync + 'static>() {}
    send_sync::<CloseHandle>();
    send_sync::<DynStream>();
    send_sync::<Error>();
    send_sync::<Event>();
    send_sync::<EventTypes>();
    send::<BoxCursor>();
    send::<CursorStream<Scripted>>();
}

#[test]
fn errors_never_print_their_source() {
    let error = Error::backend("read", true, "the disk is gone");
    assert_eq!(error.to_string(), "read failed");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the disk is gone");
}
