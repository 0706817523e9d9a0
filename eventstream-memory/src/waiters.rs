use std::{
    collections::{BTreeSet, HashMap},
    task::Waker,
};

use eventstream_core::EventTypes;

use crate::{type_hash::TypeHash, woken::Woken};

/// A registered cursor.
pub(crate) type WaiterId = usize;

/// Numbers the types of events, and wakes the cursors that sleep until one of theirs comes.
///
/// A cursor is found through the types that it wants, so that ten thousand which want others cost
/// an append nothing. One that sleeps while the events that it does not want are truncated is woken
/// too: once for each length of the buffer, so that its position follows.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    slots: Vec<Slot>,
    free: Vec<WaiterId>,
    types: HashMap<Box<[u8]>, Type, TypeHash>,
    known_types: u32,
    /// Those who want every type, and sleep.
    sleeping_for_any: Vec<WaiterId>,
    /// Those who want some types, and sleep, by their positions.
    sleeping_for_some: BTreeSet<(u64, WaiterId)>,
    woken: Woken,
}

#[derive(Debug, Default)]
struct Slot {
    wants_any: bool,
    /// Set while the cursor waits to be woken.
    waker: Option<Waker>,
    /// Where the cursor fell asleep.
    position: u64,
    since: Since,
}

/// What has come for a cursor since it fell asleep.
#[derive(Debug, Default)]
enum Since {
    /// It is not known.
    #[default]
    Unknown,
    Nothing,
    /// An event at this offset, and nothing before it.
    Event(u64),
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
        self.slots[id] = Slot { wants_any: types.is_any(), ..Slot::default() };
        for name in types.names().unwrap_or_default() {
            self.types.entry(name.as_str().as_bytes().into()).or_default().wanted_by.insert(id);
        }
        id
    }

    /// Forgets a cursor; returns the waker that it left. Whoever drops a waker may run any code, so
    /// it is not done here, under the lock.
    pub(crate) fn unregister(&mut self, id: WaiterId, types: &EventTypes) -> Option<Waker> {
        for name in types.names().unwrap_or_default() {
            if let Some(entry) = self.types.get_mut(name.as_str().as_bytes()) {
                entry.wanted_by.remove(&id);
                // A name that only a filter knew is forgotten with it.
                if entry.id.is_none() && entry.wanted_by.is_empty() {
                    self.types.remove(name.as_str().as_bytes());
                }
            }
        }
        self.free.push(id);
        self.stop_sleeping(id)
    }

    /// Takes back the waker that a cursor left.
    pub(crate) fn stop_sleeping(&mut self, id: WaiterId) -> Option<Waker> {
        let waker = self.slots[id].waker.take();
        if waker.is_some() {
            self.sleeping_for_any.retain(|sleeping| *sleeping != id);
            self.sleeping_for_some.remove(&(self.slots[id].position, id));
        }
        waker
    }

    /// Leaves a waker, which is used once; returns the one that was left before.
    pub(crate) fn sleep(&mut self, id: WaiterId, position: u64, waker: Waker) -> Option<Waker> {
        let slot = &mut self.slots[id];
        let before = slot.waker.replace(waker);
        if slot.wants_any {
            if before.is_none() {
                self.sleeping_for_any.push(id);
            }
        } else {
            self.sleeping_for_some.remove(&(slot.position, id));
            self.sleeping_for_some.insert((position, id));
        }
        slot.position = position;
        slot.since = Since::Nothing;
        before
    }

    /// Notes that an event of this type is appended at `offset`; returns the type's number.
    pub(crate) fn note(&mut self, event_type: &[u8], offset: u64) -> u32 {
        for id in self.sleeping_for_any.drain(..) {
            self.woken.extend(self.slots[id].note(offset));
        }
        if let Some(entry) = self.types.get_mut(event_type) {
            for id in &entry.wanted_by {
                let slot = &mut self.slots[*id];
                if let Some(waker) = slot.note(offset) {
                    self.sleeping_for_some.remove(&(slot.position, *id));
                    self.woken.extend([waker]);
                }
            }
            if let Some(id) = entry.id {
                return id;
            }
        }
        let id = self.known_types;
        self.known_types += 1;
        self.types.entry(event_type.into()).or_default().id = Some(id);
        id
    }

    /// Wakes those who fell asleep before `oldest`, so that they go on: nothing has come for them.
    pub(crate) fn wake_overtaken(&mut self, oldest: u64) {
        while let Some((position, id)) = self.sleeping_for_some.first().copied()
            && position < oldest
        {
            self.sleeping_for_some.pop_first();
            self.woken.extend(self.slots[id].waker.take());
        }
    }

    /// Wakes all, because something else has happened than an event.
    pub(crate) fn wake_all(&mut self) {
        self.sleeping_for_any.clear();
        self.sleeping_for_some.clear();
        self.woken.extend(self.slots.iter_mut().filter_map(|slot| slot.waker.take()));
    }

    /// From here on it is not known any more what has come for those who fell asleep before.
    pub(crate) fn forget(&mut self) {
        for slot in &mut self.slots {
            slot.since = Since::Unknown;
        }
    }

    /// Where a cursor can go on that was at `position` when it looked last; `next` is the end.
    pub(crate) fn resume(&self, id: WaiterId, position: u64, next: u64) -> u64 {
        position.max(match self.slots[id].since {
            Since::Unknown => position,
            Since::Nothing => next,
            Since::Event(offset) => offset,
        })
    }

    pub(crate) fn has_woken(&self) -> bool {
        !self.woken.is_empty()
    }

    /// Those to wake, once the lock is released.
    pub(crate) fn take_woken(&mut self) -> Woken {
        std::mem::take(&mut self.woken)
    }
}

impl Slot {
    /// Notes an event that the cursor wants; returns the waker, if it waits for one.
    fn note(&mut self, offset: u64) -> Option<Waker> {
        if matches!(self.since, Since::Nothing) {
            self.since = Since::Event(offset);
        }
        self.waker.take()
    }
}
