use eventstream_core::{Event, EventQuery, EventTypes, Parcel, Result};

use super::Data;

/// What the parcels of a batch may have together.
const MAX_BYTES: usize = 4 << 20;

/// What a query asks for.
#[derive(Clone)]
pub enum Wanted {
    Types(EventTypes),
    Source(String, String),
}

impl Wanted {
    pub fn matches(&self, parcel: &Parcel) -> bool {
        match self {
            Self::Types(types) => types.contains(parcel.event_type()),
            Self::Source(key, id) => {
                parcel.source_handler().is_some_and(|handler| handler.key == key)
                    && parcel.source_instance_id() == id
            }
        }
    }
}

/// Ends where the store ended when it was made.
pub struct ReferenceQuery {
    pub data: Data,
    pub wanted: Wanted,
    pub position: u64,
    pub end: u64,
}

impl ReferenceQuery {
    /// What comes next, without moving to it.
    pub fn peek(&self) -> Result<Option<Event>> {
        self.data.find(self.position, self.end, |parcel| self.wanted.matches(parcel))
    }
}

impl EventQuery for ReferenceQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        let (mut added, mut bytes) = (0, 0);
        while added < max {
            let next = match self.peek() {
                Ok(Some(next)) => next,
                Ok(None) => {
                    self.position = self.position.max(self.end);
                    break;
                }
                // It is left for the next call, which will find it again.
                Err(_) if added > 0 => break,
                Err(error) => return Err(error),
            };
            bytes += next.parcel.wire().len();
            if added > 0 && bytes > MAX_BYTES {
                break;
            }
            self.position = next.offset + 1;
            buf.push(next);
            added += 1;
        }
        Ok(added)
    }

    fn position(&self) -> u64 {
        self.position
    }
}
