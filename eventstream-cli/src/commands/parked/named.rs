//! The parked events that are named on the command line.

use std::collections::BTreeSet;

use crate::{
    args::ParkedOffsets,
    commands::database::{self, Found},
    failure::Failure,
};

/// So many offsets are enough to give an idea.
const SHOWN: usize = 10;

/// Their offsets, in order: all of them are parked.
pub(super) async fn offsets(found: &Found, named: &ParkedOffsets) -> Result<Vec<u64>, Failure> {
    let parked = found.parked.offsets(&found.consumer.application).await;
    let parked = parked.map_err(|error| database::failure(&error))?;
    if named.all {
        return Ok(parked);
    }
    // In the order of the offsets, each once.
    let wanted: BTreeSet<u64> = named.offsets.iter().copied().collect();
    let missing: Vec<u64> =
        wanted.iter().copied().filter(|it| parked.binary_search(it).is_err()).collect();
    if missing.is_empty() {
        return Ok(wanted.into_iter().collect());
    }
    let what = match &missing[..] {
        [_] => format!("the event at offset {} is", listed(&missing)),
        _ => format!("the events at offsets {} are", listed(&missing)),
    };
    let consumer = &found.consumer;
    let failure = Failure::new(format!(
        "{what} not parked for consumer {:?} of {}",
        consumer.name, consumer.application.name
    ));
    Err(match &parked[..] {
        [] => failure.hint("it has nothing parked"),
        _ => failure.hint(format!("parked are: {}", listed(&parked))),
    })
}

fn listed(offsets: &[u64]) -> String {
    let mut texts: Vec<String> = offsets.iter().take(SHOWN).map(u64::to_string).collect();
    if offsets.len() > SHOWN {
        texts.push(format!("and {} more", offsets.len() - SHOWN));
    }
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(listed(&[7]), "7");
        let many: Vec<u64> = (0..12).collect();
        assert_eq!(listed(&many), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and 2 more");
    }
}
