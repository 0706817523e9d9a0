use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Notify;

use crate::{Error, Result};

/// Closes a cursor from any task. All clones close the same cursor.
///
/// Implementations of [`Cursor`](crate::Cursor) make one for each cursor, look at it with
/// [`check`](Self::check) on every call, and wait under [`guard`](Self::guard).
///
/// # Examples
///
/// ```
/// use eventstream_core::{CloseHandle, Error};
///
/// let handle = CloseHandle::new();
/// let other = handle.clone();
/// assert!(handle.close().is_ok());
/// assert!(matches!(other.close(), Err(Error::CursorClosed)));
/// assert!(other.is_closed());
/// ```
#[derive(Clone, Default)]
pub struct CloseHandle(Arc<State>);

#[derive(Default)]
struct State {
    closed: AtomicBool,
    notify: Notify,
    wake: Option<Box<dyn Fn() + Send + Sync>>,
}

impl CloseHandle {
    /// A handle for a new cursor, which is open.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle for a new cursor, which is open, with what wakes the cursor if it waits: called
    /// once, when it is closed, after [`check`](Self::check) says so.
    ///
    /// For cursors that have a place for a waker anyway. Instead of waiting under
    /// [`guard`](Self::guard), which costs some locks each time, they leave their waker there, look
    /// at [`check`](Self::check) after that, and wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// use eventstream_core::CloseHandle;
    ///
    /// let (wake, woken) = mpsc::channel();
    /// let handle = CloseHandle::waking(move || drop(wake.send(())));
    /// assert!(woken.try_recv().is_err());
    /// handle.close()?;
    /// assert!(woken.try_recv().is_ok());
    /// # Ok::<(), eventstream_core::Error>(())
    /// ```
    #[must_use]
    pub fn waking(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(State { wake: Some(Box::new(wake)), ..State::default() }))
    }

    /// Closes the cursor: its pending call and all later ones say [`Error::CursorClosed`].
    ///
    /// # Errors
    ///
    /// [`Error::CursorClosed`] if it is closed already.
    pub fn close(&self) -> Result<()> {
        if self.0.closed.swap(true, Ordering::AcqRel) {
            return Err(Error::CursorClosed);
        }
        self.0.notify.notify_waiters();
        if let Some(wake) = &self.0.wake {
            wake();
        }
        Ok(())
    }

    /// Whether the cursor is closed.
    #[must_use]
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// As [`is_closed`](Self::is_closed), for use with `?`.
    ///
    /// # Errors
    ///
    /// [`Error::CursorClosed`] if the cursor is closed.
    #[inline]
    pub fn check(&self) -> Result<()> {
        if self.is_closed() { Err(Error::CursorClosed) } else { Ok(()) }
    }

    /// Waits until the cursor is closed.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped at any time.
    pub async fn closed(&self) {
        // Made before the flag is read: a close that comes between is not missed.
        let notified = self.0.notify.notified();
        if !self.is_closed() {
            notified.await;
        }
    }

    /// Waits for `future`, but not past a close, which wins if both are there.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `future`, which is dropped when the cursor is closed.
    ///
    /// # Errors
    ///
    /// [`Error::CursorClosed`] once the cursor is closed, else what `future` says.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{CloseHandle, Error};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let handle = CloseHandle::new();
    /// assert_eq!(handle.guard(async { Ok(7) }).await.unwrap(), 7);
    /// handle.close().unwrap();
    /// let waiting = handle.guard(std::future::pending::<Result<(), Error>>());
    /// assert!(matches!(waiting.await, Err(Error::CursorClosed)));
    /// # });
    /// ```
    pub async fn guard<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.closed() => Err(Error::CursorClosed),
            result = future => result,
        }
    }
}

impl fmt::Debug for CloseHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseHandle").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}
