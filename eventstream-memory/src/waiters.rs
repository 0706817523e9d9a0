use std::{
    collections::{BTreeSet, HashMap},
    task::Waker,
};

use eventstream_core::{EventType, EventTypes};

/// A registered cursor.
pub(crate) type WaiterId = usize;

/// Numbers the types of events, and wakes the cursors that sleep until one of theirs comes.
///
/// A cursor is found through the types that it wants, so that ten thousand which want others cost
/// an append nothing.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    slots: Vec<Slot>,
    free: Vec<WaiterId>,
    types: HashMap<EventType, Type>,
    known_types: u32,
    /// Those who want every type, and sleep.
    sleeping_for_any: Vec<WaiterId>,
    woken: Vec<Waker>,
}

#[derive(Debug, Default)]
struct Slot {
    waker: Option<Waker>,
    wants_any: bool,
}

#[derive(Debug, Default)]
struct Type {
    /// The type's number, if an event of it was appended.
    id: Option<u32>,
    wanted_by: BTreeSet<WaiterId>,
}

impl Waiters {
    pub(crate) fn register(&mut self, types: &EventTypes) -> WaiterId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() - 1
        });
        self.slots[id].wants_any = types.is_any();
        for name in types.names().unwrap_or_default() {
            self.types.entry(name.clone()).or_default().wanted_by.insert(id);
        }
        id
    }

    pub(crate) fn unregister(&mut self, id: WaiterId, types: &EventTypes) {
        for name in types.names().unwrap_or_default() {
            if let Some(entry) = self.types.get_mut(name.as_str()) {
                entry.wanted_by.remove(&id);
                // A name that only a filter knew is forgotten with it.
                if entry.id.is_none() && entry.wanted_by.is_empty() {
                    self.types.remove(name.as_str());
                }
            }
        }
        if self.slots[id].waker.take().is_some() {
            self.sleeping_for_any.retain(|sleeping| *sleeping != id);
        }
        self.free.push(id);
    }

    /// Leaves a waker. It is used once.
    pub(crate) fn sleep(&mut self, id: WaiterId, waker: &Waker) {
        let slot = &mut self.slots[id];
        if let Some(left) = &mut slot.waker {
            left.clone_from(waker);
            return;
        }
        slot.waker = Some(waker.clone());
        if slot.wants_any {
            self.sleeping_for_any.push(id);
        }
    }

    /// Notes that an event of this type is appended; returns the type's number.
    pub(crate) fn note(&mut self, event_type: &str) -> u32 {
        for id in self.sleeping_for_any.drain(..) {
            self.woken.extend(self.slots[id].waker.take());
        }
        if let Some(entry) = self.types.get_mut(event_type) {
            for id in &entry.wanted_by {
                self.woken.extend(self.slots[*id].waker.take());
            }
            if let Some(id) = entry.id {
                return id;
            }
        }
        let id = self.known_types;
        self.known_types += 1;
        self.types.entry(EventType::new(event_type)).or_default().id = Some(id);
        id
    }

    pub(crate) fn wake_all(&mut self) {
        self.sleeping_for_any.clear();
        self.woken.extend(self.slots.iter_mut().filter_map(|slot| slot.waker.take()));
    }

    /// Those to wake, once the lock is released.
    pub(crate) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }
}
