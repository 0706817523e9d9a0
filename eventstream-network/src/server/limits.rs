use std::time::Duration;

/// What a client may take of a server: each has a default, and none can be switched off.
///
/// A connection takes up to 512 KiB for what it has sent and nobody has read, and a call up to 256 KiB
/// for what it is sent and does not take, besides one event. What the store reads ahead for it comes on top:
/// with some stores that is several MiB. A consumer that takes nothing loses it after
/// [`unread_timeout`](Self::unread_timeout); a query keeps it as long as its call goes on. An append is counted with
/// its bytes from the moment on that its length is known; who may not append anything is not listened
/// to, nor is who may not read anything when they want to read. One who may, and begins large appends without ending them, holds up the appends of others, of
/// whatever application: each time for up to `request_timeout`, which begins anew once there is room for
/// an append.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use eventstream_network::Limits;
///
/// let limits = Limits::default().connections(100).idle_timeout(Duration::from_secs(60));
/// # let _ = limits;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Limits {
    pub(crate) connections: usize,
    pub(crate) streams_per_connection: u32,
    pub(crate) streams: usize,
    pub(crate) public_streams: usize,
    pub(crate) public_stream_age: Duration,
    pub(crate) header_bytes: u32,
    pub(crate) request_bytes: usize,
    pub(crate) pending_request_bytes: usize,
    pub(crate) append_bytes: usize,
    pub(crate) pending_append_bytes: usize,
    pub(crate) appends_per_stream: usize,
    pub(crate) handshake_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) keep_alive_interval: Duration,
    pub(crate) keep_alive_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) unread_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            streams_per_connection: 256,
            streams: 16_384,
            public_streams: 256,
            public_stream_age: Duration::from_secs(600),
            header_bytes: 16 << 10,
            request_bytes: 256 << 10,
            pending_request_bytes: 16 << 20,
            append_bytes: 32 << 20,
            pending_append_bytes: 128 << 20,
            appends_per_stream: 1_024,
            handshake_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            keep_alive_interval: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(300),
            unread_timeout: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// How many connections there may be; more wait to be accepted. 1,024 if not set.
    pub fn connections(self, connections: usize) -> Self {
        Self { connections, ..self }
    }

    /// How many calls of one connection may be under way; more wait at the client. 256 if not set.
    pub fn streams_per_connection(self, streams_per_connection: u32) -> Self {
        Self { streams_per_connection, ..self }
    }

    /// How many calls may be under way in all, besides those that need no permission; more are answered
    /// `RESOURCE_EXHAUSTED`. 16,384 if not set.
    pub fn streams(self, streams: usize) -> Self {
        Self { streams, ..self }
    }

    /// How many calls may be under way in all that need no permission and last: those that watch the
    /// server's health, and reflection. As many more that ask for its health once may be. More are
    /// answered `RESOURCE_EXHAUSTED`. 256 if not set.
    pub fn public_streams(self, public_streams: usize) -> Self {
        Self { public_streams, ..self }
    }

    /// How long a call may last that needs no permission; then it ends with `UNAVAILABLE`, and can be
    /// made again. 600 seconds if not set.
    pub fn public_stream_age(self, public_stream_age: Duration) -> Self {
        Self { public_stream_age, ..self }
    }

    /// How many bytes the headers of a call may have. 16 KiB if not set.
    pub fn header_bytes(self, header_bytes: u32) -> Self {
        Self { header_bytes, ..self }
    }

    /// How many bytes a request may have that is no append. 256 KiB if not set.
    pub fn request_bytes(self, request_bytes: usize) -> Self {
        Self { request_bytes, ..self }
    }

    /// How many bytes the requests of all calls that are under way may have, not counting appends, nor
    /// requests of less than 4 KiB: more are answered `RESOURCE_EXHAUSTED`. What is asked for is kept as
    /// long as the call goes on, and takes several times as much. At least `request_bytes`. 16 MiB if not
    /// set.
    pub fn pending_request_bytes(self, pending_request_bytes: usize) -> Self {
        Self { pending_request_bytes, ..self }
    }

    /// How many bytes an append may have. At most 4 GiB, as all messages of gRPC. 32 MiB if not set.
    pub fn append_bytes(self, append_bytes: usize) -> Self {
        Self { append_bytes, ..self }
    }

    /// How many bytes of appends may be under way in all; more are not read before others have
    /// ended. At least `append_bytes`. 128 MiB if not set.
    pub fn pending_append_bytes(self, pending_append_bytes: usize) -> Self {
        Self { pending_append_bytes, ..self }
    }

    /// How many appends of one stream of appends may be under way; more are not read. 1,024 if not set.
    pub fn appends_per_stream(self, appends_per_stream: usize) -> Self {
        Self { appends_per_stream, ..self }
    }

    /// How long a new connection may take until it speaks HTTP/2, and a request to arrive that needs no
    /// permission. 5 seconds if not set.
    pub fn handshake_timeout(self, handshake_timeout: Duration) -> Self {
        Self { handshake_timeout, ..self }
    }

    /// How long a request may take to arrive, from its first byte to its last. 30 seconds if not set.
    pub fn request_timeout(self, request_timeout: Duration) -> Self {
        Self { request_timeout, ..self }
    }

    /// After how long without a sign of life a client is asked for one. 10 seconds if not set.
    pub fn keep_alive_interval(self, keep_alive_interval: Duration) -> Self {
        Self { keep_alive_interval, ..self }
    }

    /// How long a client may take to give a sign of life; then its connection is closed. 10 seconds if not set.
    pub fn keep_alive_timeout(self, keep_alive_timeout: Duration) -> Self {
        Self { keep_alive_timeout, ..self }
    }

    /// After how long without a call a connection is closed. 300 seconds if not set.
    pub fn idle_timeout(self, idle_timeout: Duration) -> Self {
        Self { idle_timeout, ..self }
    }

    /// For how long a consumer may take nothing of what it is sent, and keep its cursor: then the cursor
    /// is closed, with all that it has read ahead, after twice the time at most. When the consumer goes
    /// on, it is opened again where it was: if events were truncated meanwhile, the consumer is told so.
    /// 5 seconds if not set, and 10 milliseconds at least.
    pub fn unread_timeout(self, unread_timeout: Duration) -> Self {
        Self { unread_timeout: unread_timeout.max(Duration::from_millis(10)), ..self }
    }
}
