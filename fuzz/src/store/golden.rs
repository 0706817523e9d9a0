//! The store that the files are taken from: the one which every version has to read.

use std::{fs, path::Path, sync::LazyLock};

use super::FilesOf;

/// The offsets that can be read.
pub(super) const OLDEST: u64 = 1_010;
pub(super) const NEXT: u64 = 1_125;
/// The offset of the event number 0.
const FIRST: u64 = 1_000;

pub(super) fn files() -> &'static FilesOf {
    static FILES: LazyLock<FilesOf> = LazyLock::new(|| {
        let folder = "../eventstream-persisted/tests/golden/format-2";
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let entries = fs::read_dir(folder).expect("the golden store");
        entries
            .map(|entry| {
                let entry = entry.expect("a file");
                let name = entry.file_name().into_string().expect("a name");
                (name, fs::read(entry.path()).expect("a file"))
            })
            .collect()
    });
    &FILES
}

/// The id of the event at an offset, and its payload.
pub(super) fn event_at(offset: u64) -> (String, String) {
    let number = offset.wrapping_sub(FIRST);
    (format!("m-{number}"), format!(r#"{{"n":{number}}}"#))
}
