use super::{Surroundings, max_event_bytes, monitoring};
use crate::Finding;

/// Below this, events that are usual elsewhere don't fit.
const SMALL: usize = 256 * 1024;

/// What can be found out about the server.
pub(super) async fn check(surroundings: &Surroundings<'_>) -> Vec<Finding> {
    let Surroundings { link, info, .. } = surroundings;
    let version = link.version();
    let is_atomic = info.config.flag("allow_atomic");
    let mut findings = vec![match (version.has_atomic_batches(), is_atomic) {
        (true, true) => Finding::fine("version", format!("{version} stores several events as one")),
        (true, false) => Finding::warning(
            "version",
            format!(
                "{version} could store several events as \
             one, but the stream does not allow it"
            ),
        )
        .advice("set `allow_atomic` to true"),
        (false, _) => Finding::warning(
            "version",
            format!(
                "{version} can't store several events as \
             one: they are refused"
            ),
        )
        .advice("upgrade the server to 2.12 or later"),
    }];
    let max = max_event_bytes(link, info);
    findings.push(if max < SMALL {
        Finding::warning("size", format!("an event can have {max} bytes only"))
            .advice("raise `max_payload` of the server, or `max_msg_size` of the stream")
    } else {
        Finding::fine("size", format!("an event can have {max} bytes"))
    });
    findings.push(sync(surroundings).await);
    findings
}

/// Whether what is acknowledged is on disk.
async fn sync(surroundings: &Surroundings<'_>) -> Finding {
    const CHECK: &str = "sync";
    const ADVICE: &str = "set `sync_interval: always` in the server's `jetstream` block";
    let Some(address) = surroundings.monitoring else {
        return Finding::unknown(
            CHECK,
            "whether the server has on disk what it acknowledges can only be seen at its monitoring \
             port; by default it syncs every two minutes",
        )
        .advice("name that port, as `monitoring=HOST:PORT` of the URL");
    };
    let settings = match monitoring::settings(address).await {
        Ok(settings) => settings,
        Err(problem) => {
            return Finding::unknown(CHECK, format!("the monitoring port {address} {problem}"))
                .advice("check that address, and `http_port` of the server");
        }
    };
    if settings.sync_always {
        return Finding::fine(CHECK, "what the server acknowledges is on disk");
    }
    let seconds = settings.sync_interval / 1_000_000_000;
    let what = format!(
        "the server syncs every {seconds} seconds: when it loses power, it loses what it acknowledged \
         since"
    );
    Finding::warning(CHECK, what).advice(ADVICE)
}
