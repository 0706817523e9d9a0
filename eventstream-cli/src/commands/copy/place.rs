use eventstream_core::{Event, EventQuery, EventRepository, EventTypes};
use eventstream_persisted::AnyStore;

use crate::{failure::Failure, output::grouped};

/// Where a copy goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The oldest offset of the copy.
    pub(super) first: u64,
    /// The copy's next offset.
    pub(super) next: u64,
    /// Where the original ends.
    pub(super) end: u64,
}

impl Place {
    /// Compares the stores, and refuses whatever might mix two streams, or leave a gap.
    pub(super) async fn find(source: &AnyStore, target: &AnyStore) -> Result<Self, Failure> {
        let refused = |why: String| {
            let text = format!("{} can't be copied to {}: ", source.location(), target.location());
            Err(Failure::new(text + &why).hint(
                "nothing was changed; copy to a store that is not there yet, which is created",
            ))
        };
        if source.incarnation() == target.incarnation() {
            return refused("it is the same store".to_owned());
        }
        // The end of the copy first: the original may grow meanwhile, and so may the copy.
        let (first, next) = (target.oldest_offset().await?, target.next_offset().await?);
        let (oldest, end) = (source.oldest_offset().await?, source.next_offset().await?);
        if next > end {
            return refused(format!(
                "that has events up to offset {}, and this one only up to {}",
                grouped(next),
                grouped(end),
            ));
        }
        if next < oldest {
            return refused(format!(
                "that ends at offset {}, and this one was truncated since: it begins at {}",
                grouped(next),
                grouped(oldest),
            ));
        }
        let common = first.max(oldest);
        if common >= next {
            // Nothing that could be compared.
            if first == next && next == oldest {
                return Ok(Self { first, next, end });
            }
            return refused(format!(
                "whether they are the same stream can't be seen, as they have no event in common: that \
                 has the offsets from {} to {}, and this one begins at {}",
                grouped(first),
                grouped(next),
                grouped(oldest),
            ));
        }
        for offset in [next - 1, common] {
            let (original, copy) =
                (event_at(source, offset).await?, event_at(target, offset).await?);
            if original.parcel.wire() != copy.parcel.wire() {
                return refused(format!(
                    "they are different streams: at offset {} that has event {}, and this one {}",
                    grouped(offset),
                    copy.parcel.message_id(),
                    named(&original, &copy),
                ));
            }
        }
        Ok(Self { first, next, end })
    }
}

fn named(original: &Event, copy: &Event) -> String {
    let id = original.parcel.message_id();
    if id == copy.parcel.message_id() {
        "has one with the same id and another content".to_owned()
    } else {
        id.to_owned()
    }
}

/// The event at an offset that is there.
async fn event_at(store: &AnyStore, offset: u64) -> Result<Event, Failure> {
    let mut query = store.load_by_type(EventTypes::any(), offset).await?;
    let mut found = Vec::new();
    query.next_batch(&mut found, 1).await?;
    found.into_iter().find(|event| event.offset == offset).ok_or_else(|| {
        Failure::new(format!("{} has no event at offset {offset}", store.location()))
    })
}
