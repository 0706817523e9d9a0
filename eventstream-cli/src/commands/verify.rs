//! `eventstream verify`.

use std::path::Path;

use eventstream_core::Identity;
use eventstream_persisted::{Problem, VerifyReport};
use serde::Serialize;

use super::{
    embedded,
    salvage::{keep, new_store},
    shell::quoted,
    stats::range,
};
use crate::{
    args::{ReportFormat, VerifyArgs},
    failure::Failure,
    output::{Output, in_bytes, plural},
};

pub(super) async fn run(args: VerifyArgs) -> Result<(), Failure> {
    let path = embedded::directory(&args.store, "verify")?;
    let verified = embedded::with(path, async |store| {
        Ok((store.verify().await?, store.application().clone()))
    });
    let (report, application) = verified.await?;
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&Verified::new(&report))?,
        ReportFormat::Text => {
            for line in text(path, &report, &application) {
                output.line(&line)?;
            }
        }
    }
    output.flush()?;
    if report.is_clean() {
        return Ok(());
    }
    let failure = Failure::new(format!("{} is damaged", path.display()));
    Err(match args.output {
        ReportFormat::Text => failure,
        ReportFormat::Json => failure.hint(new_store(path, &application)),
    })
}

#[derive(Serialize)]
struct Verified<'a> {
    clean: bool,
    first_offset: u64,
    next_offset: u64,
    events: u64,
    files: u64,
    bytes: u64,
    problems: Vec<Damage<'a>>,
}

#[derive(Serialize)]
struct Damage<'a> {
    file: &'a str,
    first_offset: Option<u64>,
    last_offset: Option<u64>,
    what: &'a str,
}

impl<'a> Verified<'a> {
    fn new(report: &'a VerifyReport) -> Self {
        Self {
            clean: report.is_clean(),
            first_offset: report.first_offset,
            next_offset: report.next_offset,
            events: report.events,
            files: report.files,
            bytes: report.bytes,
            problems: report.problems.iter().map(Damage::of).collect(),
        }
    }
}

impl<'a> Damage<'a> {
    fn of(problem: &'a Problem) -> Self {
        Self {
            file: &problem.file,
            first_offset: problem.offsets.map(|(first, _)| first),
            last_offset: problem.offsets.map(|(_, last)| last),
            what: &problem.what,
        }
    }
}

fn text(path: &Path, report: &VerifyReport, application: &Identity) -> Vec<String> {
    let mut lines = vec![
        format!("store   {}", path.display()),
        format!("events  {}", range(report.first_offset, report.next_offset)),
        format!(
            "read    {} that are good, {} in {}",
            plural(report.events, "event"),
            in_bytes(report.bytes),
            plural(report.files, "file"),
        ),
    ];
    if report.is_clean() {
        lines.push("result  no damage".to_owned());
        return lines;
    }
    lines.push(format!("result  damaged in {}:", plural(report.problems.len() as u64, "place")));
    lines.extend(report.problems.iter().map(|problem| format!("  {problem}")));
    lines.push(String::new());
    lines.extend(what_to_do(path, report, application));
    lines
}

fn what_to_do(path: &Path, report: &VerifyReport, application: &Identity) -> Vec<String> {
    let store = quoted(&path.display().to_string());
    let mut lines = vec!["What to do, whichever fits:".to_owned()];
    let all_are_good = report.events == report.next_offset - report.first_offset;
    if all_are_good {
        lines.push("- No event is lost. Have what follows from them made anew:".to_owned());
        lines.push(format!("    eventstream compact --store {store}"));
        lines.push(
            "- Make a copy that is whole, if that was not enough. Its consumers begin again:"
                .to_owned(),
        );
        lines.push(format!("    eventstream backup --store {store} --to NEW"));
    }
    lines.push(
        "- Go back to a backup: put it in the place of the store. Its consumers begin again."
            .to_owned(),
    );
    lines.push(
        "- Keep what can still be read, in a new store. Its consumers begin again:".to_owned(),
    );
    lines.extend(keep(path, application).into_iter().map(|line| format!("    {line}")));
    let last = report.problems.iter().map(|problem| problem.offsets.map(|(_, last)| last));
    // Only if it is known of all of them which events they concern.
    if !all_are_good
        && let Some(last) = last.collect::<Option<Vec<_>>>().and_then(|it| it.into_iter().max())
    {
        let before = last.saturating_add(1).min(report.next_offset);
        let gone = before.saturating_sub(report.first_offset);
        lines.push(format!(
            "- Do without what is damaged and all before it: {}. The others keep their offsets:",
            plural(gone, "event"),
        ));
        lines.push(format!("    eventstream truncate --store {store} --before {before}"));
    }
    lines
}
