//! What the program can be asked for.

mod append;
mod backup;
mod choice;
mod compact;
mod consumers;
mod copy;
mod database;
mod demo;
mod doctor;
mod embedded;
mod info;
mod parked;
mod remote;
mod salvage;
mod serve;
mod shell;
mod stats;
mod store;
mod tail;
mod truncate;
mod verify;

use crate::{args::Command, failure::Failure};

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Append(args) => append::run(args).await,
        Command::Tail(args) => tail::run(args).await,
        Command::Info(args) => info::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Copy(args) => copy::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Stats(args) => stats::run(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Backup(args) => backup::run(args).await,
        Command::Truncate(args) => truncate::run(args).await,
        Command::Compact(args) => compact::run(args).await,
        Command::Salvage(args) => salvage::run(args).await,
        Command::Consumers(args) => consumers::run(args).await,
        Command::Parked(args) => parked::run(args).await,
        Command::Demo(args) => demo::run(args).await,
    }
}
