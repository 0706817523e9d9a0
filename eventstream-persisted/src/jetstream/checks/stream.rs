use super::Surroundings;
use crate::Finding;

/// What the stream's configuration says.
pub(super) fn check(surroundings: &Surroundings<'_>) -> Vec<Finding> {
    let config = &surroundings.info.config;
    let mut findings = Vec::new();
    findings.push(match config.text("storage") {
        "file" => Finding::fine("storage", "the events are kept in files"),
        other => Finding::error("storage", format!("the events are kept in {other}, not in files"))
            .advice("make the stream anew with the storage `file`"),
    });
    findings.push(match config.text("retention") {
        "limits" => Finding::fine("retention", "events stay when they were read"),
        other => Finding::error(
            "retention",
            format!(
                "with `{other}`, events are removed when they \
             were read"
            ),
        )
        .advice("make the stream anew with the retention `limits`"),
    });
    for what in ["mirror", "sources", "subject_transform"] {
        if config.has(what) {
            let found = format!("the stream has `{what}`, which puts or changes messages in it");
            findings
                .push(Finding::error("origin", found).advice("make the stream anew without it"));
        }
    }
    if config.flag("sealed") {
        let finding = Finding::warning("sealed", "the stream is sealed: nothing can be appended");
        findings.push(finding.advice("append to another store"));
    }
    findings.push(replicas(config.limit("num_replicas").unwrap_or(1)));
    findings.extend(limits(surroundings));
    findings.push(if config.flag("deny_purge") {
        Finding::warning("purge", "the stream can't be purged, so the store can't be truncated")
            .advice("if it is to be, make the stream anew with `deny_purge` false")
    } else {
        Finding::fine("purge", "the store can be truncated")
    });
    findings.push(if config.flag("deny_delete") {
        Finding::fine("delete", "single messages can't be deleted")
    } else {
        Finding::warning(
            "delete",
            "single messages can be deleted, which leaves holes that readers \
             stop at",
        )
        .advice("make the stream anew with `deny_delete` true, as the builder does")
    });
    if config.flag("allow_rollup_hdrs") || config.flag("allow_msg_ttl") {
        let what = "the stream takes messages that remove others, or themselves after a time";
        findings.push(
            Finding::warning("rollup", what)
                .advice("set `allow_rollup_hdrs` and `allow_msg_ttl` to false"),
        );
    }
    findings.push(if config.flag("allow_direct") {
        Finding::fine("direct", "messages can be read from every replica")
    } else {
        Finding::fine("direct", "messages are looked up at the leader only")
    });
    findings.push(Finding::fine(
        "duplicates",
        "message ids are remembered for as long as the events are there, whatever the stream's window",
    ));
    findings
}

fn replicas(replicas: u64) -> Finding {
    match replicas {
        0 | 1 => Finding::warning("replicas", "there is one copy of the events")
            .advice("in a cluster, have three: `nats stream edit --replicas 3`"),
        many => Finding::fine("replicas", format!("there are {many} copies of the events")),
    }
}

/// What removes events, or lets none in.
fn limits(surroundings: &Surroundings<'_>) -> Vec<Finding> {
    let config = &surroundings.info.config;
    let mut findings = Vec::new();
    if config.limit("max_age").is_some() {
        let what = "events are removed when they are older than `max_age`";
        findings.push(
            Finding::warning("limits", what)
                .advice("set `max_age` to 0, unless they are to be truncated by it"),
        );
    }
    for limit in ["max_msgs", "max_bytes", "max_msgs_per_subject"] {
        let Some(value) = config.limit(limit) else { continue };
        let what = if config.text("discard") == "new" {
            format!("once `{limit}` of {value} is reached, nothing can be appended")
        } else {
            format!("once `{limit}` of {value} is reached, the oldest events are removed")
        };
        findings.push(Finding::warning("limits", what).advice(format!("set `{limit}` to -1")));
    }
    if findings.is_empty() {
        findings.push(Finding::fine("limits", "no limit removes events"));
    }
    findings
}
