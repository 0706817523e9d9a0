//! The store's file system can't be written to.

use crate::{disk::Disk, harness::*};

#[test]
fn it_can_be_read_and_is_not_appended_to() {
    let Some(disk) = Disk::mount("size=10m") else { return };
    disk.append(&["--batch", "100"], SAMPLE).assert_ok();
    disk.remount("ro");

    assert!(disk.exported() == SAMPLE);
    let info = disk.run("info", &["-o", "json"]);
    info.assert_ok();
    assert!(info.stdout.contains("\"next_offset\":1000"), "{}", info.stdout);

    disk.run("verify", &[]).assert_ok();
    disk.run("stats", &[]).assert_ok();
    let salvage = disk.run("salvage", &[]);
    salvage.assert_ok();
    assert!(salvage.stdout == SAMPLE);
    for (command, args) in [("truncate", &["--before", "1"][..]), ("compact", &[])] {
        let done = disk.run(command, args);
        done.assert_failed("Read-only file system");
    }

    // Events that are there already are no reason to let it pass: it is asked to write.
    for input in [events(0..3), SAMPLE.to_owned()] {
        let done = disk.append(&[], &input);
        done.assert_failed(&disk.store.display().to_string());
        done.assert_failed("Read-only file system");
        assert!(done.stderr.contains("hint: "), "{}", done.stderr);
    }

    disk.remount("rw");
    disk.append(&[], &events(0..3)).assert_ok();
    assert_eq!(disk.exported(), SAMPLE.to_owned() + &events(0..3));
}

#[test]
fn what_follows_it_ends_by_an_interrupt() {
    let Some(disk) = Disk::mount("size=10m") else { return };
    disk.append(&[], &events(0..2)).assert_ok();
    disk.remount("ro");
    let mut tail = Running::start(disk.command("tail", &["-o", "cloudevents"]));
    assert_eq!(tail.line() + "\n", events(0..1));
    assert_eq!(tail.line() + "\n", events(1..2));
    tail.signal(rustix::process::Signal::INT);
    tail.end().assert_ok();
}

#[test]
fn no_store_is_made_on_it() {
    let Some(disk) = Disk::mount("size=10m") else { return };
    disk.remount("ro");
    let done = disk.append(&[], &events(0..3));
    done.assert_failed(&disk.store.display().to_string());
    done.assert_failed("Read-only file system");
}
