//! Commands to try next, as they can be typed.

use std::{env, path::Path};

use crate::commands::shell::quoted;

/// A line is not longer than this; a command that is goes on in the next one.
const WIDTH: usize = 76;

pub(super) fn next_steps(store: &Path, database: &Path, copy: &Path) -> Vec<String> {
    let program = program();
    let store = format!("--store {}", quoted(&store.display().to_string()));
    let copy = format!("--store {}", quoted(&copy.display().to_string()));
    let database = format!("--db {}", quoted(&database.display().to_string()));
    let info = format!("{program} info");
    let consumers = format!("{program} consumers");
    let tail = format!("{program} tail");
    let append = format!("| {program} append");
    [
        &[info.as_str(), &store][..],
        &[&consumers, &database, &store],
        &[&tail, &store, "--type git.tag.created", "--exit-at-end"],
        &[&tail, &store, "--exit-at-end", "-o cloudevents", &append, &copy],
    ]
    .into_iter()
    .flat_map(folded)
    .collect()
}

/// How this program was started.
fn program() -> String {
    by_cargo().unwrap_or_else(|| {
        let name = env::args().next().filter(|name| !name.is_empty());
        quoted(&name.unwrap_or_else(|| env!("CARGO_BIN_NAME").to_owned()))
    })
}

/// The words that start it with cargo, if cargo has started it and would find it here again.
fn by_cargo() -> Option<String> {
    if env::var("CARGO_PKG_NAME").ok()? != env!("CARGO_PKG_NAME") {
        return None;
    }
    let package = env::var_os("CARGO_MANIFEST_DIR")?;
    let workspace = Path::new(&package).parent()?;
    if !env::current_dir().ok()?.starts_with(workspace) {
        return None;
    }
    let profile = if cfg!(debug_assertions) { "" } else { "--release " };
    Some(format!("cargo run {profile}-q -p {} --", env!("CARGO_PKG_NAME")))
}

/// The parts of a command on as many lines as it takes.
fn folded(parts: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for part in parts {
        if line.is_empty() {
            (*part).clone_into(&mut line);
        } else if line.len() + 1 + part.len() <= WIDTH - " \\".len() {
            line = format!("{line} {part}");
        } else {
            lines.push(format!("{line} \\"));
            line = format!("    {part}");
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_is_folded_between_its_parts() {
        assert_eq!(folded(&["a short", "--one"]), ["a short --one"]);
        let store = format!("--store '{}'", "x y".repeat(14));
        assert_eq!(
            folded(&["program tail", &store, "-n 1", "| program append"]),
            [format!("program tail {store} -n 1 \\"), "    | program append".to_owned(),]
        );
        let store = format!("--store '{}'", "x y".repeat(50));
        assert_eq!(
            folded(&["program tail", &store, "-n 1"]),
            ["program tail \\".to_owned(), format!("    {store} \\"), "    -n 1".to_owned(),]
        );
    }
}
