//! Tasks that a case has side by side.

use tokio::task::JoinSet;

use crate::failure::{Check, Failure};

/// What each of them has come to, in no order; the first that fails ends the case.
pub(crate) async fn all<T: 'static>(mut tasks: JoinSet<Check<T>>) -> Check<Vec<T>> {
    let mut outputs = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let output = ended.map_err(|error| {
            Failure::new(format!("what runs side by side has panicked: {error}"))
        })?;
        outputs.push(output?);
    }
    Ok(outputs)
}
