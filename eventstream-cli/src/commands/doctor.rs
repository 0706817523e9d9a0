//! `eventstream doctor`.

use console::{Style, pad_str};
use eventstream_persisted::{Finding, Severity, StoreLocation};
use serde::Serialize;

use super::store;
use crate::{
    args::{DoctorArgs, ReportFormat},
    failure::Failure,
    interrupt::{self, Work},
    output::{Output, plain, plural},
};

pub(super) async fn run(args: DoctorArgs) -> Result<(), Failure> {
    let interrupted = interrupt::listen(Work::Nothing);
    let looking = async {
        let builder = store::builder_of(&args.store, args.application.as_ref()).await?;
        builder.findings().await.map_err(|error| store::failure(&error))
    };
    let findings = tokio::select! {
        biased;
        () = interrupted.cancelled() => return Err(Failure::new("interrupted")),
        findings = looking => findings?,
    };
    let report = Report::new(&args.store, &findings);
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&report)?,
        ReportFormat::Text => {
            for line in text(&report, &findings) {
                output.line(&line)?;
            }
        }
    }
    output.flush()?;
    match (report.errors, report.warnings) {
        (0, 0) => Ok(()),
        (0, _) => Err(Failure::Warned),
        _ => Err(Failure::Found),
    }
}

#[derive(Serialize)]
struct Report<'a> {
    store: String,
    errors: u64,
    warnings: u64,
    findings: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    check: &'a str,
    severity: String,
    what: &'a str,
    /// Null if there is nothing to be done.
    advice: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn new(location: &StoreLocation, findings: &'a [Finding]) -> Self {
        let count = |severity| {
            let all = findings.iter().filter(|it| it.severity() == severity);
            all.count() as u64
        };
        Self {
            store: location.to_string(),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            findings: findings.iter().map(Found::of).collect(),
        }
    }
}

impl<'a> Found<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            check: finding.check(),
            severity: finding.severity().to_string(),
            what: finding.what(),
            advice: finding.what_to_do(),
        }
    }
}

fn text(report: &Report<'_>, findings: &[Finding]) -> Vec<String> {
    let width = findings.iter().map(|it| it.check().len()).max().unwrap_or_default();
    let mut lines = Vec::with_capacity(findings.len() + 2);
    for finding in findings {
        let severity = pad_str(&finding.severity().to_string(), 7, console::Alignment::Left, None)
            .into_owned();
        lines.push(format!(
            "{}  {:<width$}  {}",
            style(finding.severity()).apply_to(severity),
            finding.check(),
            plain(finding.what()),
        ));
        if let Some(advice) = finding.what_to_do() {
            // Below what it is about.
            lines.push(format!("{:indent$}{}", "", plain(advice), indent = width + 11));
        }
    }
    lines.push(String::new());
    lines.push(match (report.errors, report.warnings) {
        (0, 0) => format!("{}: nothing to be done", report.store),
        (errors, warnings) => format!(
            "{}: {}, {}",
            report.store,
            plural(errors, "error"),
            plural(warnings, "warning"),
        ),
    });
    lines
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Fine => Style::new().green(),
        Severity::Warning => Style::new().yellow().bold(),
        Severity::Error => Style::new().red().bold(),
        _ => Style::new(),
    }
}
