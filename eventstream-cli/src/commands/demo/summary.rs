use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use eventstream_core::{Event, EventQuery, EventRepository, EventTypes};
use serde::{Deserialize, Serialize};

use crate::failure::{Context, Failure};

/// What the demo's handler has made of the events, and how far it has come: the effect, and its
/// offset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    /// The offset of the next event to handle.
    pub(super) next_offset: u64,
    pub(super) handled: u64,
    pub(super) by_type: BTreeMap<String, u64>,
    pub(super) by_repository: BTreeMap<String, u64>,
}

impl Summary {
    pub(super) fn add(&mut self, event: &Event) {
        let parcel = &event.parcel;
        self.next_offset = event.offset + 1;
        self.handled += 1;
        count(&mut self.by_type, parcel.event_type());
        count(&mut self.by_repository, parcel.source_instance_id());
    }

    /// The summary of all that is in a store, made without a consumer.
    pub(super) async fn of(store: &impl EventRepository) -> Result<Self, Failure> {
        let mut query = store.load_by_type(EventTypes::any(), 0).await?;
        let mut summary = Self::default();
        let mut events = Vec::new();
        while query.next_batch(&mut events, 1000).await? > 0 {
            for event in events.drain(..) {
                summary.add(&event);
            }
        }
        Ok(summary)
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

/// The file that keeps a summary: the old one or the new one, whole, whatever happens.
#[derive(Clone, Debug)]
pub(super) struct SummaryFile {
    directory: PathBuf,
    path: PathBuf,
}

impl SummaryFile {
    pub(super) fn in_directory(directory: PathBuf) -> Self {
        Self { path: directory.join("summary.json"), directory }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is kept; without a file, nothing has been handled.
    pub(super) fn load(&self) -> Result<Summary, Failure> {
        let shown = self.path.display();
        match fs::read(&self.path) {
            Ok(json) => serde_json::from_slice(&json)
                .context(format_args!("{shown} is not a summary of this demo"))
                .map_err(|failure| failure.hint("remove the directory, and run it again")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Summary::default()),
            Err(error) => Err(error).context(format_args!("can't read {shown}")),
        }
    }

    /// Keeps a summary; when this returns, it is on the disk.
    pub(super) fn save(&self, summary: &Summary) -> io::Result<()> {
        let draft = self.path.with_extension("json.new");
        let mut file = File::create(&draft)?;
        file.write_all(&serde_json::to_vec_pretty(summary)?)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        // The name is given to what is on the disk, never to a part of it …
        fs::rename(&draft, &self.path)?;
        // … and is on the disk itself when the directory is.
        File::open(&self.directory)?.sync_all()
    }
}
