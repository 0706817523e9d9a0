//! `eventstream info`.

mod server;
mod store;

use crate::{
    args::{InfoArgs, Source},
    failure::Failure,
};

pub(super) async fn run(args: InfoArgs) -> Result<(), Failure> {
    match &args.source {
        Source::Store(location) => store::run(&args, location).await,
        Source::Server(at) => server::run(&args, at).await,
    }
}
