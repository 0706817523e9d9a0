//! A server in place of a store: the same comes of it.

use serde_json::{Value, json};

use crate::{
    harness::*,
    served::{Served, connected},
    tail::says_where_nothing_is,
};

#[test]
fn what_is_shown_is_what_the_store_has() {
    let place = Place::with(SAMPLE);
    let served = Served::start(&place, &[]);
    for args in [
        &["-o", "json"][..],
        &["-o", "cloudevents"],
        &["-o", "json", "--from", "990"],
        &["-o", "json", "--type", "git.tag.created"],
        &["-o", "json", "--type", "git.tag.created", "--type", "git.file.deleted"],
        &["-o", "json", "--from", "300", "--type", "git.file.added", "-n", "7"],
        &["-o", "json", "-n", "0"],
        &["--from", "997"],
    ] {
        let args = [args, &["--exit-at-end"]].concat();
        let done = served.run("tail", &args);
        done.assert_ok();
        assert!(done.stdout == place.tail(&args).stdout, "{args:?}\n{done:?}");
    }
    // Without an end, too.
    let done = served.run("tail", &["-o", "cloudevents", "-n", "1000"]);
    done.assert_ok();
    assert!(done.stdout == SAMPLE);
}

#[test]
fn text_has_the_same_words_as_that_of_a_store() {
    let place = Place::with(SAMPLE);
    let served = Served::start(&place, &[]);
    let words = |done: Done| {
        done.assert_ok();
        let lines =
            done.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.collect::<Vec<_>>()
    };
    assert!(words(served.run("tail", &["--exit-at-end"])) == words(place.tail(&["--exit-at-end"])));
}

#[test]
fn where_nothing_is_it_says_so() {
    let place = Place::with(&events(0..3));
    let served = Served::start(&place, &[]);
    let note = "There is no event of type \"x\" from offset 0 on.\n";
    says_where_nothing_is(|args| served.run("tail", args), note);
}

#[test]
fn a_truncated_part_is_named() {
    let place = Place::with(&events(0..10));
    let served = Served::start(&place, &[]);
    run(place.command("truncate", &["--before", "6"]), b"").assert_ok();
    assert_eq!(served.exported(), events(6..10));
    for args in [&["--from", "5"][..], &["--from", "5", "--exit-at-end"]] {
        let done = served.run("tail", args);
        done.assert_failed("offset 5 is truncated");
        done.assert_failed("--from 6 begins with the oldest");
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn what_is_appended_is_there_once() {
    let place =
        Place::with("{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"/s\",\"type\":\"t\"}\n");
    let served = Served::start(&place, &[]);
    let done = served.append(&["--batch", "70"], SAMPLE);
    done.assert_ok();
    assert_eq!(done.stdout, tally(1, 1001, 1000, 0) + "\n");
    let again = served.append(&["--batch", "300"], SAMPLE);
    again.assert_ok();
    assert_eq!(again.stdout, tally(1, 1001, 0, 1000) + "\n");
    assert!(place.exported().ends_with(SAMPLE));
    let acks = served.append(&["--ack"], events(0..3));
    assert_eq!(
        acks.stdout,
        "{\"first\":1001,\"next\":1004}\n".to_owned() + &tally(1001, 1004, 3, 0) + "\n"
    );
    place.verify();
}

#[test]
fn a_bad_line_is_named_and_what_stands_before_it_is_appended() {
    let place = Place::with(&events(0..1));
    let served = Served::start(&place, &[]);
    let done = served.append(&[], events(1..3) + "oops\n" + &events(3..4));
    done.assert_failed("line 3 is not a JSON object");
    assert_eq!(done.stdout, tally(1, 3, 2, 0) + "\n");
    assert_eq!(place.exported(), events(0..3));
}

#[test]
fn much_is_appended_and_large_events_too() {
    let place = Place::with(&events(0..1));
    let served = Served::start(&place, &[]);
    let large = |id: u64| {
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"large-{id}\",\"source\":\"/s\",\"type\":\"t\",\
             \"data\":\"{}\"}}\n",
            "x".repeat(15 << 20)
        )
    };
    let input = large(1) + &events(1..20_000) + &large(2);
    let done = served.append(&[], &input);
    done.assert_ok();
    assert_eq!(done.stdout, tally(1, 20_002, 20_001, 0) + "\n");
    assert!(served.exported() == events(0..1) + &input);
}

#[test]
fn what_a_server_has_is_said() {
    let place = Place::new();
    place.append(&["--application", "shop:k-1"], events(0..1_200)).assert_ok();
    let incarnation = place.info()["incarnation"].clone();
    run(place.command("truncate", &["--before", "7"]), b"").assert_ok();
    let served = Served::start(&place, &["--protocols", "ours,b"]);
    let done = served.run("info", &["-o", "json"]);
    done.assert_ok();
    assert_eq!(
        serde_json::from_str::<Value>(&done.stdout).unwrap(),
        json!({
            "server": served.url,
            "protocols": ["eventstream.v1.EventStream", "dogma.messaging.v1.EventStream"],
            "applications": [{
                "application": {"name": "shop", "key": "k-1"},
                "incarnation": incarnation,
                "first_offset": 7,
                "next_offset": 1200,
                "any_event_type": true,
                "event_types": {"test.made": []},
                "appendable": true,
            }],
        })
    );
    let done = served.run("info", &["--application", "shop"]);
    done.assert_ok();
    for line in [
        &format!("server        {}\n", served.url),
        "application   shop (k-1)\n",
        "first offset  7\n",
        "next offset   1,200\n",
        "event types   any; so far test.made\n",
        "appends       taken\n",
    ] {
        assert!(done.stdout.contains(line), "{line}\n{}", done.stdout);
    }
}

/// By the others it is not said, so nothing is made up.
#[test]
fn no_oldest_offset_is_named_that_nobody_knows() {
    let place = Place::new();
    place.append(&["--application", "shop:k-1"], events(0..9)).assert_ok();
    run(place.command("truncate", &["--before", "5"]), b"").assert_ok();
    let args = ["--application", "shop:k-1", "--type", "test.made", "--from", "2"];
    let by_ours = Served::start(&place, &["--protocols", "ours"]).run("tail", &args);
    by_ours.assert_failed("--from 5 begins with the oldest");
    let by_a = Served::start(&place, &["--protocols", "a"]).run("tail", &args);
    by_a.assert_failed("try a later one, by --from N");
}

/// A server that does not speak our own protocol can still be read.
#[test]
fn by_the_other_protocols_types_are_named() {
    for protocol in ["a", "b"] {
        let place = Place::new();
        let input = events(0..3) + &event(3, "other") + &events(4..5);
        place.append(&["--application", "shop:k-1"], &input).assert_ok();
        let served = Served::start(&place, &["--protocols", protocol]);
        served.run("tail", &[]).assert_failed("--application NAME:KEY");
        let tail = |args: &[&str]| {
            served
                .run("tail", &[args, &["-o", "cloudevents", "--application", "shop:k-1"]].concat())
        };
        let all = tail(&["-n", "5"]);
        assert_eq!((all.code, &all.stdout), (Some(0), &input));
        assert!(all.stderr.contains("only those types come that the server knows now"), "{all:?}");
        tail(&["--exit-at-end"]).assert_failed("can't tell where the events end");
        let done = tail(&["--type", "test.made", "-n", "4"]);
        done.assert_ok();
        assert_eq!(done.stdout, events(0..3) + &events(4..5));
        served.append(&["--application", "shop:k-1"], "").assert_failed("takes no events of shop");
        let info = served.run("info", &["-o", "json"]);
        info.assert_ok();
        assert!(info.stdout.contains("\"applications\":null"), "{}", info.stdout);
        let info = served.run("info", &["--application", "shop:k-1"]);
        info.assert_ok();
        assert!(info.stdout.contains("next offset   unknown"), "{}", info.stdout);
    }
}

#[test]
fn either_a_store_or_a_server_is_named() {
    let place = Place::with(&events(0..1));
    for command in ["tail", "info", "append"] {
        let mut neither = program();
        neither.arg(command);
        let done = run(neither, b"");
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains("give --store LOCATION or --connect URL"), "{done:?}");
        for (args, problem) in [
            (&["--connect", "http://127.0.0.1:1"][..], "--store and --connect exclude each other"),
            (&["--ca", "x"], "--ca is about a server: it goes with --connect URL"),
            (&["--token-over-plain-text"], "--token-over-plain-text is about a server"),
        ] {
            let done = run(place.command(command, args), b"");
            assert_eq!(done.code, Some(2), "{done:?}");
            assert!(done.stderr.contains(problem), "{done:?}");
        }
        for (args, problem) in [
            (["--cert", "x"], "--cert is of no use without --key"),
            (["--key", "x"], "--key is of no use without --cert"),
        ] {
            let done = run(connected("https://127.0.0.1:1", command, &args), b"");
            assert_eq!(done.code, Some(2), "{done:?}");
            assert!(done.stderr.contains(problem), "{done:?}");
        }
        let done = run(connected("localhost:7440", command, &[]), b"");
        done.assert_failed("\"localhost:7440\" is no endpoint: write https://host:port");
    }
}

#[test]
fn where_nobody_listens_it_says_what_to_do() {
    // A port that was free a moment ago.
    let address = Served::start(&Place::with(&events(0..1)), &[]).kill();
    for command in ["tail", "info", "append"] {
        let done = run(connected(&format!("http://{address}"), command, &[]), b"");
        done.assert_failed(&format!("can't connect to http://{address}: Connection refused"));
        done.assert_failed("eventstream serve --store STORE starts one");
    }
}
