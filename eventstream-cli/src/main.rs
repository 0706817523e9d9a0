//! The program `eventstream`: append, tail and inspect ordered streams of event messages.

mod advice;
mod args;
mod cloud_event;
mod commands;
mod failure;
mod interrupt;
mod naming;
mod network_advice;
mod output;

use std::process::ExitCode;

use mimalloc::MiMalloc;

use crate::{
    args::{Args, Command},
    failure::{Context, Failure},
};

/// Bytes are taken on one thread and given back on another all the time, which it is made for.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Something is not as it should be, and works.
const WARNED: u8 = 3;

fn main() -> ExitCode {
    match run(Args::read()) {
        // Who closes the output has seen enough.
        Ok(()) | Err(Failure::OutputClosed) => ExitCode::SUCCESS,
        Err(Failure::Warned) => ExitCode::from(WARNED),
        Err(Failure::Found) => ExitCode::FAILURE,
        Err(failure) => {
            output::report(&failure);
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<(), Failure> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    // All but a server do one thing at a time.
    if !matches!(args.command, Command::Serve(_)) {
        runtime.worker_threads(2);
    }
    let runtime = runtime.enable_all().build().context("can't start the runtime")?;
    let result = runtime.block_on(commands::run(args.command));
    // What was given up after an interrupt is not waited for.
    runtime.shutdown_background();
    result
}
