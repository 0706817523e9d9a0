use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Link, Result};
use crate::Finding;

const ACTION: &str = "look at the server";
/// `gen_random_uuid` is there since 13.
const OLDEST: i32 = 130_000;
/// Clocks that are kept by NTP differ by much less.
const SKEW: Duration = Duration::from_secs(5);

/// The server's settings, and its clock.
pub(super) async fn check(link: &Link) -> Result<Vec<Finding>> {
    let sql =
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int,
            current_setting('server_encoding'), current_setting('fsync'),
            current_setting('full_page_writes'), current_setting('autovacuum'),
            (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'synchronous_commit'),
            pg_is_in_recovery(), current_setting('default_transaction_read_only'),
            (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let before = now();
    let rows = link.query(ACTION, sql, &[]).await?;
    let after = now();
    let Some(row) = rows.first() else {
        return Ok(vec![Finding::unknown("server", "it says nothing of itself")]);
    };
    let text = |column: usize| row.get::<_, Option<String>>(column).unwrap_or_default();
    let server = Duration::from_millis(row.get::<_, i64>(9).try_into().unwrap_or_default());
    Ok(vec![
        version(&text(0), row.get(1)),
        encoding(&text(2)),
        fsync(&text(3)),
        full_page_writes(&text(4)),
        synchronous_commit(&text(6)),
        autovacuum(&text(5)),
        writable(row.get(7), &text(8)),
        clock(server, before, after),
    ])
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn version(name: &str, number: i32) -> Finding {
    const CHECK: &str = "version";
    if number >= OLDEST {
        Finding::fine(CHECK, format!("the server is PostgreSQL {name}"))
    } else {
        Finding::error(CHECK, format!("PostgreSQL {name} is too old"))
            .advice("upgrade the server to version 13 or later")
    }
}

fn encoding(encoding: &str) -> Finding {
    const CHECK: &str = "encoding";
    if encoding == "UTF8" {
        Finding::fine(CHECK, "the database keeps all text")
    } else {
        Finding::error(CHECK, format!("the database has encoding {encoding}"))
            .advice("create a database with encoding UTF8")
    }
}

fn fsync(setting: &str) -> Finding {
    const CHECK: &str = "fsync";
    if setting == "off" {
        let what = "fsync is off: a crash of the server's machine may lose events, or all of the \
                    database";
        Finding::warning(CHECK, what).advice("set `fsync = on`")
    } else {
        Finding::fine(CHECK, "the server syncs what it writes")
    }
}

fn full_page_writes(setting: &str) -> Finding {
    const CHECK: &str = "full_page_writes";
    if setting == "off" {
        let what =
            "full_page_writes is off: a crash of the server's machine may damage the database";
        Finding::warning(CHECK, what).advice("set `full_page_writes = on`")
    } else {
        Finding::fine(CHECK, "a page that was written in part is made whole again")
    }
}

/// The store switches it on where it is off; others don't.
fn synchronous_commit(setting: &str) -> Finding {
    const CHECK: &str = "synchronous_commit";
    match setting {
        "off" => Finding::warning(
            CHECK,
            "it is off: the store switches it on for what it commits itself, but what is appended in \
             transactions of your own may be lost in a crash after it was acknowledged",
        )
        .advice("set `synchronous_commit = on`, for the server or for the user"),
        "local" => Finding::fine(CHECK, "a commit is on the server's disk, and no standby's"),
        _ => Finding::fine(CHECK, format!("it is {setting}: a commit is on the server's disk")),
    }
}

fn autovacuum(setting: &str) -> Finding {
    const CHECK: &str = "autovacuum";
    if setting == "off" {
        let what = "autovacuum is off: the tables grow, and get slower to read";
        Finding::warning(CHECK, what).advice("set `autovacuum = on`")
    } else {
        Finding::fine(CHECK, "the tables are vacuumed")
    }
}

fn writable(is_in_recovery: bool, default_read_only: &str) -> Finding {
    const CHECK: &str = "read only";
    if is_in_recovery {
        Finding::warning(CHECK, "the server is a standby: events can be read, not appended")
            .advice("connect to the server that takes writes")
    } else if default_read_only == "on" {
        let what = "default_transaction_read_only is on: events can be read, not appended";
        Finding::warning(CHECK, what)
            .advice("set `default_transaction_read_only = off`, for the server or for the user")
    } else {
        Finding::fine(CHECK, "the server takes writes")
    }
}

/// The server's clock was read between two looks at ours.
fn clock(server: Duration, before: Duration, after: Duration) -> Finding {
    const CHECK: &str = "clock";
    let skew = before.saturating_sub(server).max(server.saturating_sub(after));
    if skew <= SKEW {
        return Finding::fine(CHECK, "the server's clock and ours agree");
    }
    let side = if server < before { "behind" } else { "ahead of" };
    let what = format!(
        "the server's clock is {} seconds {side} ours: the times of events don't fit together",
        skew.as_secs()
    );
    Finding::warning(CHECK, what).advice("have both clocks set by NTP")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    #[test]
    fn a_server_that_is_too_old_is_an_error() {
        assert_eq!(version("12.9", 120_009).severity(), Severity::Error);
        assert_eq!(version("15.4", 150_004).severity(), Severity::Fine);
    }

    #[test]
    fn clocks_differ_by_more_than_the_question_takes() {
        let at = Duration::from_secs;
        for (server, before, after, severity) in [
            (100, 100, 100, Severity::Fine),
            (104, 100, 100, Severity::Fine),
            (120, 100, 130, Severity::Fine),
            (94, 100, 101, Severity::Warning),
            (107, 100, 101, Severity::Warning),
        ] {
            let finding = clock(at(server), at(before), at(after));
            assert_eq!(finding.severity(), severity, "{finding}");
        }
        assert!(clock(at(90), at(100), at(101)).what().contains("10 seconds behind"));
        assert!(clock(at(110), at(100), at(101)).what().contains("9 seconds ahead of"));
    }
}
