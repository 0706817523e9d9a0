//! Streams and the cursors that read them.

mod boxed;
mod close_handle;
mod cursor;
mod cursor_ext;
mod cursor_stream;
mod event_stream;
mod read_ahead;

pub use boxed::{BoxCursor, DynStream};
pub use close_handle::CloseHandle;
pub use cursor::Cursor;
pub use cursor_ext::CursorExt;
pub use cursor_stream::CursorStream;
pub use event_stream::EventStream;
pub use read_ahead::ReadAhead;
