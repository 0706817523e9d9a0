//! `eventstream compact`.

use eventstream_persisted::EmbeddedStore;
use serde::Serialize;

use super::embedded;
use crate::{
    args::{CompactArgs, ReportFormat},
    failure::Failure,
    output::{Output, in_bytes},
};

#[derive(Serialize)]
struct Compacted {
    bytes_before: u64,
    bytes: u64,
}

pub(super) async fn run(args: CompactArgs) -> Result<(), Failure> {
    let path = embedded::directory(&args.store, "compact")?;
    let done = embedded::with(path, compact).await?;
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&done)?,
        ReportFormat::Text => {
            let Compacted { bytes_before, bytes } = done;
            let (bytes_before, bytes) = (in_bytes(bytes_before), in_bytes(bytes));
            output.line(&format!("{bytes} on disk, {bytes_before} before"))?;
        }
    }
    output.flush()
}

async fn compact(store: &EmbeddedStore) -> Result<Compacted, Failure> {
    let bytes_before = store.stats().await?.bytes;
    store.compact().await?;
    Ok(Compacted { bytes_before, bytes: store.stats().await?.bytes })
}
