use std::collections::HashMap;

use eventstream_core::Parcel;
use tokio::task::JoinSet;

use crate::{
    group_commit::Append,
    jetstream::{
        api::GetMessage,
        core::Core,
        error::{JetStreamError, Result},
    },
};

/// So many are asked for at a time.
const AT_ONCE: usize = 64;

/// Where messages of a batch are, of those that are stored. The leader is asked: a follower may not
/// know yet.
pub(super) async fn look_up<'a>(core: &Core, batch: &'a [Append]) -> Result<HashMap<&'a str, u64>> {
    let mut ids: Vec<&str> =
        batch.iter().flat_map(Append::parcels).map(Parcel::message_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut stored = HashMap::new();
    for ids in ids.chunks(AT_ONCE) {
        let mut asking = JoinSet::new();
        for (index, id) in ids.iter().enumerate() {
            let (link, subject) = (core.link.clone(), core.subjects.of_id(id));
            asking.spawn(
                async move { (index, link.find(GetMessage::LastBySubject(&subject)).await) },
            );
        }
        while let Some(found) = asking.join_next().await {
            let (index, found) = found.map_err(|_| JetStreamError::Stopped)?;
            if let Some(message) = found? {
                stored.insert(ids[index], message.seq - 1);
            }
        }
    }
    Ok(stored)
}
