//! The variables that options can be given by.

use std::env;

use clap::{Arg, ArgAction, Command, builder::BoolishValueParser, error::ContextKind};

/// Gives each option of a command, and of those below it, its variable.
///
/// This is the place where it is done, so that none can be left out.
pub(super) fn declare(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let example = command.get_arguments().find_map(Arg::get_long).map(str::to_owned);
    let command = command.mut_args(|arg| with_variable(arg, &name)).mut_subcommands(declare);
    let Some(example) = example else { return command };
    let note = format!(
        "Options can be given by variables, too: --{example} by {}.",
        variable_of(&name, &example)
    );
    let examples = command.get_after_help().map(|text| format!("{text}\n\n"));
    command.after_help(examples.unwrap_or_default() + &note)
}

/// What is wrong may have been said by a variable, where nobody thinks of it.
pub(super) fn hint(command: &Command, error: &clap::Error) -> Option<String> {
    let argument = error.get(ContextKind::InvalidArg)?.to_string();
    let option = argument.split([' ', '=']).next()?.strip_prefix("--")?;
    let mut forms = vec![format!("--{option}")];
    forms.extend(short_of(command, option).map(|short| format!("-{short}")));
    let words: Vec<String> =
        env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if words.iter().any(|word| forms.iter().any(|form| word.starts_with(form))) {
        return None;
    }
    let variable = words.iter().map(|word| variable_of(word, option)).find(|it| is_set(it))?;
    Some(format!("--{option} is given by the variable {variable}"))
}

fn short_of(command: &Command, option: &str) -> Option<char> {
    let here = command.get_arguments().find(|arg| arg.get_long() == Some(option));
    here.and_then(Arg::get_short)
        .or_else(|| command.get_subcommands().find_map(|below| short_of(below, option)))
}

fn with_variable(arg: Arg, command: &str) -> Arg {
    let Some(option) = arg.get_long() else { return arg };
    let variable = variable_of(command, option);
    let is_general = variable == general(option);
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    // One that is empty counts as none.
    if env::var_os(&variable).is_some_and(|value| value.is_empty()) {
        return arg;
    }
    // The rule is said once; what is an exception to it is shown.
    arg.env(variable).hide_env(is_general).hide_env_values(true)
}

/// The same option of several commands has one variable, unless it means something else.
fn variable_of(command: &str, option: &str) -> String {
    match (command, option) {
        ("backup" | "reset" | "copy", "to") | ("copy", "from") => {
            general(&format!("{command}-{option}"))
        }
        _ => general(option),
    }
}

fn general(option: &str) -> String {
    format!("EVENTSTREAM_{}", option.replace('-', "_").to_ascii_uppercase())
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    /// Of each variable, the options that it stands for, and the commands that have them.
    fn walk(command: &Command, found: &mut BTreeMap<String, Vec<(String, String)>>) {
        for arg in command.get_arguments() {
            let Some(option) = arg.get_long() else {
                assert!(arg.is_positional(), "{arg}: an option has a long name");
                continue;
            };
            let variable = arg.get_env().unwrap_or_else(|| panic!("--{option} has no variable"));
            let variable = variable.to_str().unwrap().to_owned();
            let place = (option.to_owned(), command.get_name().to_owned());
            found.entry(variable).or_default().push(place);
        }
        for below in command.get_subcommands() {
            walk(below, found);
        }
    }

    #[test]
    fn every_option_has_a_variable_and_each_variable_one_option() {
        let mut found = BTreeMap::new();
        walk(&declare(Args::command()), &mut found);
        assert!(found.len() > 30, "{found:?}");
        for (variable, places) in &found {
            let options: Vec<&str> = places.iter().map(|(option, _)| option.as_str()).collect();
            assert!(options.iter().all(|it| *it == options[0]), "{variable}: {places:?}");
        }
        // They mean different things, though they are called the same.
        for (variable, option, command) in [
            ("EVENTSTREAM_BACKUP_TO", "to", "backup"),
            ("EVENTSTREAM_RESET_TO", "to", "reset"),
            ("EVENTSTREAM_COPY_TO", "to", "copy"),
            ("EVENTSTREAM_COPY_FROM", "from", "copy"),
            ("EVENTSTREAM_FROM", "from", "tail"),
        ] {
            assert_eq!(found[variable], [(option.to_owned(), command.to_owned())]);
        }
        assert_eq!(found["EVENTSTREAM_EXIT_AT_END"].len(), 1);
        // It is a secret, and no option.
        assert!(!found.contains_key("EVENTSTREAM_TOKEN"));
    }
}
