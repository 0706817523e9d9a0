//! `eventstream salvage`.

use std::path::Path;

use eventstream_core::Identity;
use eventstream_persisted::{EmbeddedStore, Salvaged};

use super::{embedded, shell::quoted};
use crate::{
    args::SalvageArgs,
    cloud_event,
    failure::Failure,
    output::{Output, plural, stdout_closed, warn},
};

/// Events that are read, and written, at once.
const BATCH: usize = 256;

pub(super) async fn run(args: SalvageArgs) -> Result<(), Failure> {
    let path = embedded::directory(&args.store, "salvage")?;
    let (damaged, application) = embedded::with(path, async |store| {
        let damaged = tokio::select! {
            biased;
            () = stdout_closed() => Err(Failure::OutputClosed),
            damaged = write(store) => damaged,
        }?;
        Ok((damaged, store.application().clone()))
    })
    .await?;
    if damaged == 0 {
        return Ok(());
    }
    let places = plural(damaged, "place");
    Err(Failure::new(format!("{} is damaged in {places}, left out here", path.display()))
        .hint(new_store(path, &application)))
}

/// Writes what can be read; returns how often something can't.
async fn write(store: &EmbeddedStore) -> Result<u64, Failure> {
    let mut output = Output::default();
    let mut salvage = store.salvage();
    let mut events = Vec::new();
    let mut damaged = 0;
    loop {
        match salvage.next_batch(&mut events, BATCH).await? {
            Salvaged::Events(_) => {
                for event in events.drain(..) {
                    output.line_with(|out| cloud_event::write(&event.parcel, out))?;
                }
                output.flush()?;
            }
            Salvaged::Damaged(problem) => {
                warn(&format!("left out: {problem}"));
                damaged += 1;
            }
            Salvaged::End => return Ok(damaged),
            // To be added here when the library adds it.
            other => return Err(Failure::new(format!("can't tell what {other:?} means"))),
        }
    }
}

/// What to do with what can still be read.
pub(super) fn new_store(path: &Path, application: &Identity) -> String {
    format!("to make a new store of what can still be read: {}", keep(path, application).join(" "))
}

/// The command that makes a new store of what can still be read, on two lines.
pub(super) fn keep(path: &Path, application: &Identity) -> [String; 2] {
    let store = quoted(&path.display().to_string());
    let application = quoted(&format!("{}:{}", application.name, application.key));
    [
        format!("eventstream salvage --store {store} |"),
        format!("eventstream append --store NEW --application {application}"),
    ]
}
