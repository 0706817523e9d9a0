//! A store is used in every way.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use eventstream_core::{
    Envelope, Event, EventQuery, EventRepository, EventStore, EventTypes, Expect, Parcel,
};
use eventstream_persisted::{EmbeddedStore, Salvaged};
use tokio::runtime::{Builder, Runtime};

use super::{FilesOf, golden};

/// Every event that can't be read may be reported by itself.
const MOST_DAMAGES: usize = 10_000;

/// Opens a store of these files, reads and checks it, and appends to it. `is_honest` says that what
/// has changed shows in checksums: then no wrong event may be read.
pub(super) fn run(files: &FilesOf, is_honest: bool) {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));
    // In memory, where there is such a place: syncing takes no time there.
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        tempfile::Builder::new().prefix("eventstream-fuzz-").tempdir_in(parent).expect("a folder")
    });
    let folder = FOLDER.path().join("store");
    write(&folder, files);
    RUNTIME.block_on(async {
        // Or it says that it is no store.
        if let Ok(store) = EmbeddedStore::open(&folder).await {
            Session { store, files, is_honest }.run().await;
        }
    });
    fs::remove_dir_all(&folder).expect("remove the store");
}

fn write(folder: &PathBuf, files: &FilesOf) {
    fs::create_dir_all(folder).expect("a folder");
    for (name, content) in files {
        fs::write(folder.join(name), content).expect("write a file");
    }
}

struct Session<'a> {
    store: EmbeddedStore,
    files: &'a FilesOf,
    is_honest: bool,
}

impl Session<'_> {
    async fn run(&self) {
        let store = &self.store;
        let Ok(report) = store.verify().await else { return };
        let (oldest, next) = (report.first_offset, report.next_offset);
        let saved = self.salvage(oldest, next).await;
        if self.is_honest {
            // Where both stand in files that have not changed.
            if self.is_unchanged("oldest") {
                assert_eq!(oldest, golden::OLDEST);
            }
            if self.is_unchanged("head") {
                // Nothing that was acknowledged is forgotten; and only by a file of such a name
                // there can seem to be more.
                let is_renamed = self.files.keys().any(|name| !golden::files().contains_key(name));
                assert!(next == golden::NEXT || is_renamed && next > golden::NEXT, "{next}");
            }
            assert_eq!(saved.events, report.events);
            assert_eq!(saved.lost > 0, saved.events < next.saturating_sub(oldest));
            assert!(!report.is_clean() || saved.lost == 0);
        }
        self.read(oldest).await;
        let _ = store.stats().await;
        self.append(next, report.is_clean()).await;
        if store.compact().await.is_ok()
            && let Ok(after) = store.verify().await
            && self.is_honest
        {
            assert!(after.events >= report.events, "{after:?}");
        }
    }

    fn is_unchanged(&self, name: &str) -> bool {
        self.files.get(name) == golden::files().get(name)
    }

    /// Reads all that can be read, from end to end.
    async fn salvage(&self, oldest: u64, next: u64) -> Saved {
        let mut salvage = self.store.salvage();
        let (mut saved, mut position, mut damages) = (Saved::default(), oldest, 0);
        let mut events = Vec::new();
        loop {
            match salvage.next_batch(&mut events, 64).await {
                Ok(Salvaged::Events(_)) => {}
                Ok(Salvaged::Damaged(problem)) => {
                    let (first, last) = problem.offsets.expect("it is about events");
                    assert!(first <= last, "{problem}");
                    if self.is_honest {
                        assert_eq!(first, position, "{problem}");
                    }
                    position = last + 1;
                    saved.lost += position - first;
                    damages += 1;
                    assert!(damages < MOST_DAMAGES, "it gets on");
                }
                Ok(_) => break,
                Err(_) => return saved,
            }
            for event in events.drain(..) {
                if self.is_honest {
                    assert_eq!(event.offset, position);
                }
                position = event.offset + 1;
                self.look_at(&event);
                saved.events += 1;
            }
        }
        if self.is_honest {
            assert_eq!(position, next.max(oldest));
        }
        saved
    }

    fn look_at(&self, Event { offset, parcel }: &Event) {
        let envelope = parcel.to_envelope();
        if self.is_honest {
            let (id, data) = golden::event_at(*offset);
            assert_eq!((envelope.message_id, &*envelope.data), (id, data.as_bytes()));
            assert_eq!(Parcel::from_wire(parcel.wire().clone()).ok().as_ref(), Some(parcel));
        }
    }

    /// Reads with filters, up to the first event that can't be read.
    async fn read(&self, oldest: u64) {
        let mut events = Vec::new();
        let types = [EventTypes::any(), EventTypes::from_iter(["order.paid", "order.sent"])];
        for types in types {
            if let Ok(mut query) = self.store.load_by_type(types.clone(), oldest).await {
                while query.next_batch(&mut events, 64).await.is_ok_and(|count| count > 0) {}
            }
            let is_wanted = |event: &Event| types.contains(event.parcel.event_type());
            assert!(!self.is_honest || events.iter().all(is_wanted));
            events.drain(..).for_each(|event| self.look_at(&event));
        }
        let key = "5c9a2b5e-3d0c-4f0a-9f37-6d9a0e8b1c42";
        if let Ok(mut query) = self.store.load_by_source(key, "o-2").await {
            while query.next_batch(&mut events, 64).await.is_ok_and(|count| count > 0) {}
        }
        let is_wanted = |event: &Event| event.parcel.source_instance_id() == "o-2";
        assert!(!self.is_honest || events.iter().all(is_wanted));
        for event in &events {
            self.look_at(event);
        }
    }

    /// What is there is not stored again, and what is new is read as it was appended.
    async fn append(&self, next: u64, is_clean: bool) {
        let store = &self.store;
        for offset in [1_015, 1_060, 1_124] {
            let (id, data) = golden::event_at(offset);
            if let Ok(range) = store.append(vec![self.parcel(id, data)], Expect::Any).await
                && self.is_honest
            {
                let is_its_own = range == (offset..offset + 1);
                assert!(is_its_own || !is_clean || next <= offset, "{offset}: {range:?}");
            }
        }
        let new = self.parcel("new".to_owned(), "new".to_owned());
        let Ok(range) = store.append(vec![new.clone()], Expect::Any).await else { return };
        if self.is_honest {
            assert!(range.start >= next, "{range:?}");
            let mut query =
                store.load_by_type(EventTypes::any(), range.start).await.expect("it is there");
            let mut events = Vec::new();
            query.next_batch(&mut events, 1).await.expect("it was stored just now");
            assert_eq!((events[0].offset, &events[0].parcel), (range.start, &new));
        }
    }

    fn parcel(&self, id: String, data: String) -> Parcel {
        let application = self.store.application().clone();
        let envelope = Envelope::new(id, application, "order.placed", "application/json");
        let envelope = Envelope { data: data.into(), ..envelope };
        Parcel::seal(envelope).unwrap_or_else(|_| {
            // A store that says that it is of somebody whom no event can be of.
            let nobody = eventstream_core::Identity::new("nobody", "nobody");
            let envelope = Envelope::new("m", nobody, "order.placed", "application/json");
            Parcel::seal(envelope).expect("all is there")
        })
    }
}

#[derive(Default)]
struct Saved {
    events: u64,
    lost: u64,
}
