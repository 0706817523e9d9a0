//! The program `eventstream`: append, tail and inspect ordered streams of event messages.

mod advice;
mod args;
mod cloud_event;
mod commands;
mod failure;
mod interrupt;
mod naming;
mod output;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::Args,
    failure::{Context, Failure},
};

fn main() -> ExitCode {
    let args = Args::parse();
    match run(args) {
        // Who closes the output has seen enough.
        Ok(()) | Err(Failure::OutputClosed) => ExitCode::SUCCESS,
        Err(failure) => {
            output::report(&failure);
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    let result = runtime.block_on(commands::run(args.command));
    // What was given up after an interrupt is not waited for.
    runtime.shutdown_background();
    result
}
