//! `eventstream consumers`.

mod list;
mod remove;
mod reset;
mod standing;

use eventstream_persisted::SqliteConsumer;

use crate::{
    args::{ConsumersArgs, ConsumersCommand},
    failure::Failure,
};

pub(super) async fn run(args: ConsumersArgs) -> Result<(), Failure> {
    match (args.command, args.list) {
        (Some(ConsumersCommand::List(args)), _) | (None, Some(args)) => list::run(args).await,
        (Some(ConsumersCommand::Reset(args)), _) => reset::run(args).await,
        (Some(ConsumersCommand::Remove(args)), _) => remove::run(args).await,
        // The command line has it that one of them is there.
        (None, None) => Err(Failure::new("no database is named: --db FILE")),
    }
}

/// Somebody was faster.
fn gone(consumer: &SqliteConsumer) -> Failure {
    Failure::new(format!("consumer {:?} was removed meanwhile", consumer.name))
}
