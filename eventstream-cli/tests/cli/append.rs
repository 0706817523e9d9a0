//! What is appended, and what is said about it.

use crate::harness::*;

#[test]
fn what_is_appended_twice_is_there_once() {
    let place = Place::new();
    let first = place.append(&[], SAMPLE);
    first.assert_ok();
    assert_eq!(first.stdout, tally(0, 1000, 1000, 0) + "\n");
    let second = place.append(&[], SAMPLE);
    second.assert_ok();
    assert_eq!(second.stdout, tally(0, 1000, 0, 1000) + "\n");
    assert_eq!(place.exported(), SAMPLE);
}

#[test]
fn nothing_is_appended_of_nothing() {
    let place = Place::new();
    let done = place.append(&[], "");
    done.assert_ok();
    assert_eq!(done.stdout, tally(0, 0, 0, 0) + "\n");
    place.append(&[], events(0..3)).assert_ok();
    assert_eq!(place.append(&[], "\n \n").stdout, tally(3, 3, 0, 0) + "\n");
}

#[test]
fn a_partial_overlap_is_found_whatever_the_batches_are() {
    for batches in [["7", "1000"], ["1000", "7"], ["1", "13"], ["100", "64"]] {
        let place = Place::new();
        let [first, second] = batches;
        place.append(&["--batch", first], events(0..150)).assert_ok();
        let done = place.append(&["--batch", second], events(50..250));
        done.assert_ok();
        assert_eq!(done.last_line(), tally(50, 250, 100, 100), "{batches:?}");
        assert_eq!(place.exported(), events(0..250), "{batches:?}");
    }
}

#[test]
fn scattered_duplicates_are_found() {
    let place = Place::with(&events((0..400).step_by(3)));
    let done = place.append(&["--batch", "150", "--ack"], events(0..400));
    done.assert_ok();
    assert_eq!(done.last_line(), tally(0, 400, 266, 134));
    let acks = acks(&done.stdout);
    assert_eq!(acks.iter().map(|(first, next)| next - first).sum::<u64>(), 400);

    // Each acknowledgement says where the next events of the input are.
    let exported: Vec<String> = place.exported().lines().map(|it| format!("{it}\n")).collect();
    let acknowledged: String = acks
        .into_iter()
        .flat_map(|(first, next)| first..next)
        .map(|offset| exported[usize::try_from(offset).unwrap()].as_str())
        .collect();
    assert_eq!(acknowledged, events(0..400));
}

#[test]
fn what_comes_twice_in_the_input_is_appended_once() {
    let place = Place::new();
    let input = events([1, 2, 1, 3, 3, 2]);
    for (batch, expected) in [("1", (3, 3)), ("2", (0, 6)), ("100", (0, 6))] {
        let done = place.append(&["--batch", batch], &input);
        done.assert_ok();
        assert_eq!(done.last_line(), tally(0, 3, expected.0, expected.1));
    }
    assert_eq!(place.exported(), events([1, 2, 3]));
    let other = Place::new();
    let done = other.append(&["--ack"], &input);
    assert_eq!(done.last_line(), tally(0, 3, 3, 3));
    assert_eq!(acks(&done.stdout), [(0, 2), (0, 1), (2, 3), (2, 3), (1, 2)]);
}

#[test]
fn batches_of_a_file_are_full_and_acknowledged_one_by_one() {
    let place = Place::new();
    let done = place.append_file(&["--batch", "300", "--ack"], SAMPLE);
    done.assert_ok();
    assert_eq!(acks(&done.stdout), [(0, 300), (300, 600), (600, 900), (900, 1000)]);
    assert_eq!(done.last_line(), tally(0, 1000, 1000, 0));
}

#[test]
fn what_was_read_is_acknowledged_before_more_comes() {
    let place = Place::new();
    let mut append = place.start("append", &["--ack", "--batch", "1000"]);
    for id in 0..5 {
        append.send(&event(id, "test.made"));
        assert_eq!(append.line(), format!("{{\"first\":{id},\"next\":{}}}", id + 1));
        // It is durable, and there for others.
        assert_eq!(place.info()["next_offset"], id + 1);
    }
    // An event without an end is none yet.
    append.send(event(5, "test.made").trim_end());
    let done = append.end();
    done.assert_ok();
    assert_eq!(done.stdout, format!("{{\"first\":5,\"next\":6}}\n{}\n", tally(0, 6, 6, 0)));
}

#[test]
fn blank_lines_line_ends_and_marks_are_passed_over() {
    let place = Place::new();
    let input = format!(
        "\u{feff}{}\r\n\r\n   {}\n\n{}",
        event(0, "a").trim_end(),
        event(1, "b").trim_end(),
        event(2, "c").trim_end(),
    );
    let done = place.append(&[], input);
    done.assert_ok();
    assert_eq!(done.last_line(), tally(0, 3, 3, 0));
    assert_eq!(place.exported(), event(0, "a") + &event(1, "b") + &event(2, "c"));
}

#[test]
fn every_form_of_an_event_comes_back() {
    let place = Place::new();
    let input = concat!(
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"b":1.0,"a":1e400,"b":[]}}"#,
        "\n",
        r#"{"specversion":"1.0","id":"2","source":"/s","type":"t","datacontenttype":"text/plain","flag":true,"size":12345678901234567890,"data":"a\nb"}"#,
        "\n",
        r#"{"specversion":"1.0","id":"3","source":"/s","type":"t","time":null,"data_base64":"AP8="}"#,
        "\n",
    );
    place.append(&[], input).assert_ok();
    assert_eq!(place.exported(), input);
    let copy = Place::with(&place.exported());
    assert_eq!(copy.exported(), input);
}

#[test]
fn a_new_store_is_of_the_application_that_is_named() {
    for (args, name, key) in [
        (&[][..], "default", "e72e6fba-8ed3-5cde-9ff6-36f062e1e51b"),
        (&["--application", "shop"], "shop", "d9c72703-fb7e-533a-8299-1e5a2ddcf171"),
        (&["--application", "shop:k-1"], "shop", "k-1"),
    ] {
        let place = Place::new();
        place.append(args, events(0..1)).assert_ok();
        let application = &place.info()["application"];
        assert_eq!(application["name"], name);
        assert_eq!(application["key"], key);
        // Once it is there, it need not be named.
        place.append(&[], events(1..2)).assert_ok();
        place.append(args, events(2..3)).assert_ok();
    }
}

#[test]
fn of_nothing_a_store_is_made_only_if_its_application_is_named() {
    let place = Place::new();
    place.append(&[], "\n").assert_ok();
    assert!(!place.store.exists());
    let done = place.append(&["--application", "shop"], "");
    done.assert_ok();
    assert_eq!(done.stdout, tally(0, 0, 0, 0) + "\n");
    assert_eq!(place.info()["application"]["name"], "shop");
}

#[test]
fn a_duplicate_of_another_source_is_warned_of_once() {
    let other = |id| event(id, "test.made").replace("/test", "/other");
    let place = Place::with(&events(0..5));
    for batch in ["1", "2", "1000"] {
        let input = events(0..2) + &other(3) + &other(4) + &events(5..6);
        let done = place.append(&["--batch", batch], input);
        assert_eq!(done.code, Some(0));
        let warnings: Vec<&str> = done.stderr.lines().collect();
        let [warning] = warnings[..] else {
            panic!("one warning was expected: {warnings:?}");
        };
        for part in ["warning: ", "id \"3\"", "\"/other\"", "\"/test\""] {
            assert!(warning.contains(part), "{part} {warning}");
        }
    }
    assert_eq!(place.exported(), events(0..6));

    // Of the input alone, too.
    let done = Place::new().append(&[], events(0..3) + &other(1));
    assert_eq!(done.last_line(), tally(0, 3, 3, 1));
    assert!(done.stderr.contains("id \"1\""), "{}", done.stderr);
}

/// The acknowledgements, without the last line, which is none.
fn acks(stdout: &str) -> Vec<(u64, u64)> {
    let mut lines: Vec<&str> = stdout.lines().collect();
    lines.pop();
    lines
        .into_iter()
        .map(|line| {
            let ack: serde_json::Value = serde_json::from_str(line).unwrap();
            (ack["first"].as_u64().unwrap(), ack["next"].as_u64().unwrap())
        })
        .collect()
}
