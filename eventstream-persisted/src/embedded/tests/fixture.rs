use std::{
    collections::BTreeMap,
    ops::Range,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use eventstream_core::{Envelope, Expect, Identity, Parcel};

use crate::{
    Compression, EmbeddedStoreError,
    embedded::{
        care::{self, VerifyReport},
        creation,
        disk::{names, simulated::SimulatedDisk},
        error::Result,
        files::Files,
        layout::{Charter, Record},
        read::{Filter, read_page},
        tidy::Tidying,
        write::{Core, Reuse},
    },
};

pub(super) const FIRST: u64 = 5;

pub(super) fn charter() -> Charter {
    Charter::new(Identity::new("app", "app-key"), FIRST)
}

/// The event with this number: of one of three types, and of one of five instances, or none.
pub(super) fn parcel(number: u64) -> Parcel {
    /// Sealed once: they are compared over and over.
    static PARCELS: LazyLock<Vec<Parcel>> = LazyLock::new(|| (0..2_000).map(seal).collect());
    let known = usize::try_from(number).ok().and_then(|number| PARCELS.get(number));
    known.cloned().unwrap_or_else(|| seal(number))
}

fn seal(number: u64) -> Parcel {
    let times = usize::try_from(number % 7 + 1).unwrap();
    let mut envelope = Envelope {
        data: format!("payload {number} ").repeat(times).into(),
        created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        ..Envelope::new(
            format!("m-{number}"),
            Identity::new("app", "app-key"),
            format!("type-{}", number % 3),
            "text/plain",
        )
    };
    if number.is_multiple_of(2) {
        envelope.source_handler = Some(Identity::new("handler", "handler-key"));
        envelope.source_instance_id = format!("i-{}", number % 5);
    }
    Parcel::seal(envelope).unwrap()
}

/// Whether a file has this ending.
pub(super) fn is_kind(name: &str, kind: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == kind)
}

/// A store on a disk in memory, without threads.
#[derive(Debug)]
pub(super) struct Fixture {
    pub(super) disk: SimulatedDisk,
    pub(super) files: Arc<Files>,
    pub(super) core: Core,
    log_bytes: u64,
}

impl Fixture {
    pub(super) fn create(log_bytes: u64) -> Self {
        let disk = SimulatedDisk::default();
        creation::write(&disk, &charter()).unwrap();
        Self::open(disk, log_bytes).unwrap()
    }

    pub(super) fn of_files(files: BTreeMap<String, Vec<u8>>) -> Result<Self> {
        Self::open(SimulatedDisk::with(files), 4096)
    }

    pub(super) fn open(disk: SimulatedDisk, log_bytes: u64) -> Result<Self> {
        let directory = PathBuf::from("store");
        let content = disk.files();
        let path = directory.join(names::CHARTER);
        let Some(charter) = content.get(names::CHARTER) else {
            return Err(EmbeddedStoreError::NotFound { path });
        };
        let Ok((charter, _)) = Charter::decode(charter) else {
            return Err(EmbeddedStoreError::DamagedHead { path });
        };
        let files = Arc::new(Files::open(directory, Arc::new(disk.clone()), charter)?);
        let core = Core::open(files.clone(), log_bytes)?;
        files.ends_at(core.next());
        Ok(Self { disk, files, core, log_bytes })
    }

    /// Appends the events with these numbers in one commit; returns their offsets.
    pub(super) fn append(
        &mut self,
        numbers: Range<u64>,
    ) -> Result<eventstream_core::Result<Range<u64>>> {
        self.core.catch_up()?;
        let records: Vec<_> =
            numbers.map(|number| Record::new(&self.files.charter, parcel(number))).collect();
        let mut outcome = None;
        let committed = self.core.commit(|batch| {
            outcome = Some(batch.append(records, Expect::Any)?);
            Ok(())
        })?;
        self.core.remember(&committed);
        Ok(outcome.unwrap())
    }

    pub(super) fn truncate(&mut self, before: u64) -> Result<()> {
        self.core.catch_up()?;
        self.core.truncate(before)?.unwrap();
        Ok(())
    }

    pub(super) fn rotate(&mut self) -> Result<()> {
        self.core.catch_up()?;
        self.core.rotate(Reuse::Spare)?;
        Ok(())
    }

    pub(super) fn tidy(&mut self) -> Result<()> {
        let tidying = Tidying {
            files: self.files.clone(),
            compression: Compression::Lz4,
            log_bytes: self.log_bytes,
        };
        tidying.run(false)?;
        self.core.tidied();
        Ok(())
    }

    pub(super) fn verify(&self) -> Result<VerifyReport> {
        care::verify(&self.files)
    }

    /// Reads all events that can be read of these; and the ranges that can't.
    pub(super) fn read(&self, filter: &Filter) -> Result<Read> {
        let mut read = Read::default();
        let (mut position, end) = (self.files.oldest()?, self.files.next()?);
        while position < end {
            match read_page(&self.files, filter, position, end) {
                Ok(page) => {
                    let page = page.unwrap();
                    assert!(page.position > position, "a page gets on");
                    position = page.position;
                    let events = page.events.into_iter();
                    read.events.extend(events.map(|event| (event.offset, event.parcel)));
                }
                Err(EmbeddedStoreError::Damaged { first, last, .. }) => {
                    assert_eq!(first, position);
                    assert!(last >= first);
                    read.damaged.push((first, last.min(end - 1)));
                    position = last.saturating_add(1);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }
}

/// What came of reading all.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) events: Vec<(u64, Parcel)>,
    pub(super) damaged: Vec<(u64, u64)>,
}
