use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::grouped;

/// A progress bar on the standard error, if that is a terminal; nothing at all otherwise.
#[derive(Clone)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar, or a spinner if nobody knows how long it takes.
    pub(crate) fn new(total: Option<u64>) -> Self {
        if !io::stderr().is_terminal() {
            return Self::hidden();
        }
        let target = ProgressDrawTarget::stderr();
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::with_draw_target(Some(total), target),
                "{bar:30.cyan} {percent:>3} %  {msg}",
            ),
            None => (ProgressBar::with_draw_target(None, target), "{spinner:.cyan} {msg}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Nothing at all.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Moves to a position, and says how many events that is.
    pub(crate) fn set(&self, position: u64, events: u64) {
        self.0.set_position(position);
        self.0.set_message(format!("{} events", grouped(events)));
    }

    /// Does something else on the terminal.
    pub(crate) fn aside<T>(&self, what: impl FnOnce() -> T) -> T {
        self.0.suspend(what)
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
