use serde_json::Value;

use crate::harness::*;

fn stats(place: &Place) -> Value {
    let done = run(place.command("stats", &["-o", "json"]), b"");
    done.assert_ok();
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn the_kinds_of_files_add_up() {
    let place = Place::with(SAMPLE);
    let said = stats(&place);
    let number = |name: &str| said[name].as_u64().unwrap_or_else(|| panic!("{name}: {said}"));
    assert_eq!((number("first_offset"), number("next_offset")), (0, 1000));
    let parts = ["segment_bytes", "log_bytes", "index_bytes", "other_bytes"];
    assert_eq!(parts.map(number).into_iter().sum::<u64>(), number("bytes"));
    assert_eq!(number("bytes_per_event"), (number("bytes") + 500) / 1000);
    assert_eq!(said["incarnation"], place.info()["incarnation"]);
    let [oldest, newest] =
        ["oldest_append", "newest_append"].map(|it| said[it].as_str().unwrap().to_owned());
    assert!(oldest.ends_with('Z') && oldest <= newest, "{oldest} {newest}");
}

#[test]
fn it_can_be_read() {
    let place = Place::with(SAMPLE);
    let done = run(place.command("stats", &[]), b"");
    done.assert_ok();
    for part in [
        "\nincarnation  ",
        "\nevents       1,000 events, offsets 0 to 999\n",
        "\nappended     20",
        " an event\n",
        "\n  segments (",
        "\n  log ",
        "\n  indexes ",
    ] {
        assert!(done.stdout.contains(part), "{part}\n{}", done.stdout);
    }
    assert!(done.stdout.lines().all(|line| line.chars().count() <= 80), "{}", done.stdout);
}

#[test]
fn an_empty_store_is_no_problem() {
    let place = Place::new();
    place.append(&["--application", "shop"], "").assert_ok();
    let said = stats(&place);
    assert_eq!(said["bytes_per_event"], Value::Null);
    assert_eq!(said["oldest_append"], Value::Null);
    run(place.command("stats", &[]), b"").assert_ok();
}
