//! `eventstream backup`.

mod staging;

use std::path::Path;

use eventstream_core::Incarnation;
use eventstream_persisted::{BackupReport, EmbeddedStore};
use serde::Serialize;

use self::staging::Staging;
use super::{embedded, stats::range};
use crate::{
    args::{BackupArgs, ReportFormat},
    failure::Failure,
    output::{Output, in_bytes},
};

pub(super) async fn run(args: BackupArgs) -> Result<(), Failure> {
    let path = embedded::directory(&args.store, "backup")?;
    // Before all the work.
    staging::check(&args.to)?;
    let report = embedded::with(path, async |store| back_up(store, &args.to).await).await?;
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&Copied::new(&report))?,
        ReportFormat::Text => {
            for line in text(&args.to, &report) {
                output.line(&line)?;
            }
        }
    }
    output.flush()
}

async fn back_up(store: &EmbeddedStore, to: &Path) -> Result<BackupReport, Failure> {
    // Removed with all that is in it, if this is dropped.
    let staging = Staging::beside(to)?;
    let report = store.backup(staging.copy()).await?;
    staging.publish()?;
    Ok(report)
}

#[derive(Serialize)]
struct Copied {
    first_offset: u64,
    next_offset: u64,
    bytes: u64,
    incarnation: Incarnation,
}

impl Copied {
    fn new(report: &BackupReport) -> Self {
        Self {
            first_offset: report.first_offset,
            next_offset: report.next_offset,
            bytes: report.bytes,
            incarnation: report.incarnation,
        }
    }
}

fn text(to: &Path, report: &BackupReport) -> [String; 4] {
    [
        format!("copy         {}", to.display()),
        format!("incarnation  {}", report.incarnation),
        format!("events       {}", range(report.first_offset, report.next_offset)),
        format!("size         {} on disk", in_bytes(report.bytes)),
    ]
}
