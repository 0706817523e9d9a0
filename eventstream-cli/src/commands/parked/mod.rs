//! `eventstream parked`.

mod drop;
mod event;
mod full_text;
mod list;
mod named;
mod replay;
mod show;

use crate::{
    args::{ParkedArgs, ParkedCommand},
    failure::Failure,
};

pub(super) async fn run(args: ParkedArgs) -> Result<(), Failure> {
    match args.command {
        ParkedCommand::List(args) => list::run(args).await,
        ParkedCommand::Show(args) => show::run(args).await,
        ParkedCommand::Replay(args) => replay::run(args).await,
        ParkedCommand::Drop(args) => drop::run(args).await,
    }
}
