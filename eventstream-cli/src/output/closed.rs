use std::future;

/// Waits until nobody reads the standard output any more, if it is a pipe.
///
/// Writing to it would say so, too; but who follows a stream may have nothing to write for long,
/// and `eventstream tail | head -n 1` should end.
pub(crate) async fn stdout_closed() {
    #[cfg(unix)]
    if pipe_closed().await.is_some() {
        return;
    }
    future::pending::<()>().await;
}

/// `None` if it can't be found out.
#[cfg(unix)]
async fn pipe_closed() -> Option<()> {
    use std::{io, thread};

    use rustix::event::{PollFd, PollFlags, poll};
    use tokio::sync::oneshot;

    let (closed, is_closed) = oneshot::channel();
    // Not a task: it must not keep the program from ending.
    thread::Builder::new()
        .name("output".to_owned())
        .spawn(move || {
            let stdout = io::stdout();
            // Errors are told unasked. What is no pipe has none, and is waited for in vain.
            let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
            while let Err(rustix::io::Errno::INTR) = poll(&mut polled, None) {}
            if polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
                let _ = closed.send(());
            }
        })
        .ok()?;
    is_closed.await.ok()
}
