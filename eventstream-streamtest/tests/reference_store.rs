//! The suites pass on a store that is right, by its own harness and as a repository, and on a
//! repository that is no store.

mod support;

use std::{collections::BTreeSet, env, process::Command, sync::Arc};

use eventstream_core::{BoxError, EventStore, Expect, Identity, Parcel};
use eventstream_streamtest::{
    Case, Profile, RepositoryEnv, RepositoryHarness, repository_cases, repository_suite,
    store_cases, store_suite,
};
use support::store::{Bare, Data, Memory, ReferenceStore};

store_suite!(mod store: Memory(Bare));
repository_suite!(mod repository: Memory(Bare));

/// For those who read, what they can't append to is a repository and no more.
struct Shelf;

struct ShelfEnv(Arc<ReferenceStore>);

impl RepositoryHarness for Shelf {
    type Env = ShelfEnv;

    async fn start(&self) -> Result<ShelfEnv, BoxError> {
        Ok(ShelfEnv(Arc::new(ReferenceStore::new(Data::starting_at(0)))))
    }

    fn profile(&self) -> Profile {
        Profile::full().without("offsets::near_the_largest", "it has no other beginning")
    }
}

impl RepositoryEnv for ShelfEnv {
    type Repository = Arc<ReferenceStore>;

    fn repository(&self) -> &Arc<ReferenceStore> {
        &self.0
    }

    fn application(&self) -> &Identity {
        &self.0.application
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.0.append(parcels, Expect::Any).await?;
        Ok(())
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        Ok(EventStore::truncate(&self.0, before).await?)
    }
}

repository_suite!(mod shelf: Shelf);

#[test]
fn the_macros_make_a_test_of_each_case() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    for (module, cases) in [
        ("store::", store_cases()),
        ("repository::", repository_cases()),
        ("shelf::", repository_cases()),
    ] {
        let cases: BTreeSet<_> = cases.iter().map(Case::name).collect();
        let tests: BTreeSet<_> = listed
            .lines()
            .filter_map(|line| line.strip_prefix(module)?.strip_suffix(": test"))
            .collect();
        assert_eq!(tests, cases);
    }
}
