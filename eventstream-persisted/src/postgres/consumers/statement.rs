//! What a statement does, as far as it matters to the transaction that it is run in.

/// Whether a statement would begin or end a transaction.
pub(super) fn ends_transaction(sql: &str) -> bool {
    let mut words = without_comments(sql).split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut next = || words.by_ref().find(|word| !word.is_empty()).map(str::to_ascii_uppercase);
    match next().as_deref() {
        Some("BEGIN" | "START" | "COMMIT" | "END" | "ABORT") => true,
        // ROLLBACK TO goes back to a savepoint.
        Some("ROLLBACK") => match next().as_deref() {
            Some("TO") => false,
            Some("WORK" | "TRANSACTION") => next().as_deref() != Some("TO"),
            _ => true,
        },
        Some("PREPARE") => next().as_deref() == Some("TRANSACTION"),
        _ => false,
    }
}

/// The statement from its first word on.
fn without_comments(sql: &str) -> &str {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = after_comment(comment);
        } else {
            return rest;
        }
    }
}

/// What stands after a comment, which may have others in it.
fn after_comment(comment: &str) -> &str {
    let (mut depth, mut rest) = (1, comment);
    while depth > 0 {
        let Some(at) = rest.find(['/', '*']) else {
            return "";
        };
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("/*") {
            (depth, rest) = (depth + 1, after);
        } else if let Some(after) = rest.strip_prefix("*/") {
            (depth, rest) = (depth - 1, after);
        } else {
            rest = &rest[1..];
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_transaction_is_known() {
        for sql in [
            "COMMIT",
            " commit and chain",
            "end;",
            "ROLLBACK",
            "rollback work",
            "ABORT",
            "begin",
            "START TRANSACTION",
            "prepare transaction 'x'",
            "-- a\n /* b /* c */ d */ ; COMMIT",
        ] {
            assert!(ends_transaction(sql), "{sql}");
        }
        for sql in [
            "SELECT 1",
            "ROLLBACK TO a",
            "rollback transaction to savepoint a",
            "SAVEPOINT a",
            "RELEASE a",
            "PREPARE x AS SELECT 1",
            "-- COMMIT",
            "/* COMMIT",
            "UPDATE commit SET a = 1",
            "",
        ] {
            assert!(!ends_transaction(sql), "{sql}");
        }
    }
}
