use std::io;

use tracing::level_filters::LevelFilter;

use crate::args::LogLevel;

/// Has what goes wrong in the server written to the standard error.
pub(super) fn start(level: LogLevel) {
    let level = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Nobody else has set one: this is a program.
    let _ = tracing::subscriber::set_global_default(
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(io::stderr)
            .with_ansi(false)
            // Where it can't be written there is nobody to tell either.
            .log_internal_errors(false)
            .finish(),
    );
}
