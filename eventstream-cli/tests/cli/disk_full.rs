//! There is no room left.

use crate::{authors::Authors, book::acknowledgement, chance::Chance, disk::Disk, harness::*};

const KIB: u64 = 1024;

/// Nothing fails but for want of room, and that is said.
fn assert_full(disk: &Disk, done: &Done) {
    done.assert_failed(&disk.store.display().to_string());
    let cause = ["No space left on device", "disk is full"];
    assert!(cause.iter().any(|cause| done.stderr.contains(cause)), "{}", done.stderr);
}

#[test]
fn what_was_acknowledged_stays_and_the_rest_is_appended_when_there_is_room() {
    let chance = Chance::new();
    let authors = Authors::new(chance.seed);
    std::thread::scope(|scope| {
        for kib in [64, 128, 256, 512, 1024, 2048, 4096] {
            let authors = &authors;
            std::thread::Builder::new()
                .name(format!("a disk of {kib} KiB"))
                .spawn_scoped(scope, move || fill(authors, kib * KIB))
                .unwrap();
        }
    });
}

/// Appends until the disk is full, gives it more room, and appends the same again.
fn fill(authors: &Authors, size: u64) {
    let Some(disk) = Disk::mount(&format!("size={size}")) else { return };
    let mut input = String::new();
    let mut number = 0;
    while (input.len() as u64) < size * 2 {
        input.push_str(&authors.line(0, number));
        number += 1;
    }
    let done = disk.append(&["--ack", "--batch", "50"], &input);
    assert_full(&disk, &done);
    assert!(done.stderr.contains("acknowledged"), "{}", done.stderr);
    let acknowledged: Vec<u64> =
        done.stdout.lines().filter_map(acknowledgement).flatten().collect();
    assert!(acknowledged.iter().copied().eq(0..acknowledged.len() as u64), "{}", done.stdout);

    // It can be read while the disk is full.
    if !acknowledged.is_empty() {
        let exported = disk.exported();
        assert!(exported.lines().count() >= acknowledged.len());
        assert!(input.starts_with(&exported), "a wrong event, or half a one");
        disk.run("info", &["-o", "json"]).assert_ok();
        disk.run("verify", &[]).assert_ok();
    }

    // Trying again changes nothing.
    assert_full(&disk, &disk.append(&[], &input));

    disk.remount(&format!("size={}", size * 10));
    let done = disk.append(&[], &input);
    done.assert_ok();
    assert!(done.last_line().starts_with(&format!("{{\"first\":0,\"next\":{number},")));
    assert!(disk.exported() == input, "what was appended is not what is there");
    disk.run("verify", &[]).assert_ok();
}

#[test]
fn a_store_for_which_there_was_no_room_is_made_when_there_is() {
    let pages = (1..=16).map(|pages| format!("size={}", pages * 4 * KIB));
    let inodes = (2..=8).map(|inodes| format!("nr_inodes={inodes}"));
    let mut failures = 0;
    for options in pages.chain(inodes) {
        let Some(disk) = Disk::mount(&options) else { return };
        let done = disk.append(&["--application", "shop:k-1"], &events(0..3));
        if done.code == Some(0) {
            done.assert_ok();
        } else {
            assert_full(&disk, &done);
            failures += 1;
        }
        disk.remount("size=10m,nr_inodes=1000");
        disk.append(&["--application", "shop:k-1"], &events(0..3)).assert_ok();
        assert_eq!(disk.exported(), events(0..3), "{options}");
        disk.run("verify", &[]).assert_ok();
    }
    assert!(failures > 0, "there was always room enough");
}
