//! What the program can be asked for.

mod append;
mod demo;
mod info;
mod shell;
mod store;
mod tail;
mod truncate;

use crate::{args::Command, failure::Failure};

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Append(args) => append::run(args).await,
        Command::Tail(args) => tail::run(args).await,
        Command::Info(args) => info::run(args).await,
        Command::Truncate(args) => truncate::run(args).await,
        Command::Demo(args) => demo::run(args).await,
    }
}
