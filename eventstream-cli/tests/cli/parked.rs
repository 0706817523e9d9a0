//! Events that a consumer could not handle.

use std::{fs, sync::atomic::Ordering};

use eventstream_core::{Identity, ParkedEvents};
use eventstream_persisted::SqliteConsumers;
use serde_json::{Value, json};

use crate::{consumed::*, harness::*};

#[tokio::test(flavor = "multi_thread")]
async fn they_are_listed_replayed_and_handled_by_the_running_consumer() {
    let consumed = Consumed::new(8);
    consumed.broken.store(true, Ordering::Relaxed);
    let mut working = consumed.start().await;
    working.handle.wait_for(7).await.unwrap();
    assert_eq!(consumed.parked(), [2, 5]);
    assert_eq!(consumed.effects(), [0, 1, 3, 4, 6, 7]);

    consumed.broken.store(false, Ordering::Relaxed);
    assert_eq!(
        consumed.says("parked replay", &["--consumer", CONSUMER, "--all"]),
        "2 parked events of totals marked, to be handled once more\n\
         A consumer that is running and parks events handles them at its next heartbeat,\n\
         every 5 seconds by default; one that is not, when it is started.\n"
    );
    working.until_parked(0).await;
    assert_eq!(consumed.effects(), [0, 1, 3, 4, 6, 7, 2, 5]);
    assert_eq!(consumed.says("parked list", &[]), "nothing is parked\n");
    assert_eq!(consumed.says("parked list", &["-o", "json"]), "");
    let listed = consumed.says_json("consumers list", &[]);
    assert_eq!((&listed[0]["next_offset"], &listed[0]["parked"]), (&json!(8), &json!(0)));
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_fails_stays_parked() {
    let consumed = Consumed::with_two_parked().await;
    let mut working = consumed.start().await;
    consumed.says("parked replay", &["--consumer", CONSUMER, "5"]);
    let listed = || consumed.says_json("parked list", &[]);
    working.until(|| listed()[1]["attempts"] == 4).await;
    assert_eq!(listed()[0]["attempts"], 3);
    assert_eq!(listed()[1]["state"], "parked");
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_started_handles_what_was_marked_before() {
    let consumed = Consumed::with_two_parked().await;
    consumed.broken.store(false, Ordering::Relaxed);
    let said = consumed.says_json("parked replay", &["--consumer", CONSUMER, "5", "5"]);
    let application = json!({"name": "default", "key": APPLICATION_KEY});
    assert_eq!(said, [json!({"consumer": "totals", "application": application, "replaying": [5]})]);
    let mut working = consumed.start().await;
    working.until_parked(1).await;
    working.stop().await;
    assert_eq!(consumed.parked(), [2]);
    assert_eq!(consumed.effects(), [0, 1, 3, 4, 6, 7, 5]);
}

/// What is listed, without the times, which are looked at.
fn without_times(listed: Vec<Value>) -> Vec<Value> {
    let without = |mut row: Value| {
        let fields = row.as_object_mut().unwrap();
        let [first, last] =
            ["first_failed_at", "last_failed_at"].map(|it| fields.remove(it).unwrap());
        let (first, last) = (first.as_str().unwrap(), last.as_str().unwrap());
        assert!(first <= last && first.starts_with("20") && last.ends_with('Z'), "{first} {last}");
        row
    };
    listed.into_iter().map(without).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_all_that_is_known() {
    let consumed = Consumed::with_two_parked().await;
    consumed.says("parked replay", &["--consumer", CONSUMER, "5"]);
    let listed = without_times(consumed.says_json("parked list", &[]));
    let application = json!({"name": "default", "key": APPLICATION_KEY});
    let tail = consumed.tail(&["--exit-at-end", "-o", "json"]).stdout;
    let events: Vec<Value> = tail.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let row = |offset: usize, state: &str| {
        json!({
            "consumer": "totals",
            "application": application,
            "state": state,
            "attempts": 3,
            "error": format!("there is no customer {offset}"),
            "event": events[offset],
        })
    };
    assert_eq!(listed, [row(2, "parked"), row(5, "replaying")]);
    let shown = without_times(consumed.says_json("parked show", &["5"]));
    assert_eq!(shown, [row(5, "replaying")]);
    let named = ["--consumer", CONSUMER, "--application", "default"];
    assert_eq!(without_times(consumed.says_json("parked list", &named)), listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_can_read_what_is_parked() {
    let consumed = Consumed::with_two_parked().await;
    consumed.says("parked replay", &["--consumer", CONSUMER, "5"]);
    let said = consumed.says("parked list", &[]);
    let lines: Vec<&str> = said.lines().collect();
    let [head, two, two_failed, two_why, five, five_failed, five_why] = lines[..] else {
        panic!("{said}");
    };
    assert_eq!(head, "totals has 2 events of default parked:");
    assert_eq!(two, "       2  test.made  2");
    assert!(two_failed.starts_with("          failed in 3 attempts, 20"), "{two_failed}");
    assert_eq!(two_why, "          there is no customer 2");
    assert_eq!(five, "       5  test.made  5  (to be replayed)");
    assert!(five_failed.starts_with("          failed in 3 attempts, 20"));
    assert_eq!(five_why, "          there is no customer 5");
    assert!(lines.iter().all(|line| line.chars().count() < 80), "{said}");

    let shown = consumed.says("parked show", &["5", "2"]);
    for part in [
        "offset          2\n",
        "type            test.made\n",
        "message id      2\n",
        &format!("application     default ({APPLICATION_KEY})\n"),
        "handler         /test (",
        "created at      2024-05-06T07:08:09Z\n",
        "media type      application/json\n",
        "consumer        totals\nstate           parked\nattempts        3\n",
        "state           parked, to be replayed\n",
        "error           there is no customer 2\n\n{\"id\":2}\n\noffset          5\n",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(shown.ends_with("\n\n{\"id\":5}\n"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_can_do_no_harm_on_a_terminal() {
    let consumed = Consumed::new(0);
    let lines = [
        r#"{"specversion":"1.0","id":"2","source":"/t","type":"t\u001b[2J","datacontenttype":"text/plain","data":"one\u001b[31m\ntwo"}"#,
        r#"{"specversion":"1.0","id":"5","source":"/t","type":"t","datacontenttype":"image/png","data_base64":"/w=="}"#,
    ];
    consumed.append(&[], lines.join("\n")).assert_ok();
    consumed.broken.store(true, Ordering::Relaxed);
    let working = consumed.start().await;
    working.handle.wait_for(1).await.unwrap();
    working.stop().await;
    let (listed, shown) =
        (consumed.says("parked list", &[]), consumed.says("parked show", &["0", "1"]));
    for said in [&listed, &shown] {
        assert!(!said.contains('\u{1b}') && said.contains("t\\u001b[2J"), "{said}");
    }
    assert!(shown.contains("\n\none\\u001b[31m\ntwo\n\n"), "{shown}");
    assert!(shown.ends_with("\n\n(1 byte of data)\n"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_dropped() {
    let consumed = Consumed::with_two_parked().await;
    let named = ["--consumer", CONSUMER, "--application", APPLICATION_KEY];
    assert_eq!(
        consumed.says("parked drop", &[&named[..], &["2"]].concat()),
        "1 parked event of totals dropped: it never handles them\n"
    );
    assert_eq!(consumed.parked(), [5]);
    let dropped = consumed.says_json("parked drop", &[&named[..], &["--all"]].concat());
    assert_eq!(
        dropped,
        [json!({
            "consumer": "totals",
            "application": {"name": "default", "key": APPLICATION_KEY},
            "dropped": [5],
        })]
    );
    assert_eq!(consumed.parked(), [0; 0]);
    for (command, said) in [
        ("parked drop", "nothing to drop: nothing is parked\n"),
        ("parked replay", "nothing to replay: nothing is parked\n"),
    ] {
        assert_eq!(consumed.says(command, &["--consumer", CONSUMER, "--all"]), said);
    }
    // It never comes again.
    consumed.broken.store(false, Ordering::Relaxed);
    let working = consumed.start().await;
    consumed.append(&[], events(8..9)).assert_ok();
    working.handle.wait_for(8).await.unwrap();
    working.stop().await;
    assert_eq!(consumed.effects(), [0, 1, 3, 4, 6, 7, 8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_parked_is_named_and_nothing_is_done() {
    let consumed = Consumed::with_two_parked().await;
    for command in ["parked replay", "parked drop", "parked show"] {
        let done = consumed.run(command, &["--consumer", CONSUMER, "5", "3"]);
        done.assert_failed(
            "the event at offset 3 is not parked for consumer \"totals\" of default",
        );
        assert!(done.stderr.ends_with("hint: parked are: 2, 5\n"), "{}", done.stderr);
        assert_eq!(done.stdout, "");
        let done = consumed.run(command, &["--consumer", CONSUMER, "9", "8", "9"]);
        done.assert_failed("the events at offsets 8, 9 are not parked");
    }
    let listed = consumed.says_json("parked list", &[]);
    assert!(listed.iter().all(|it| it["state"] == "parked") && listed.len() == 2, "{listed:?}");

    consumed.says("parked drop", &["--consumer", CONSUMER, "--all"]);
    let done = consumed.run("parked drop", &["--consumer", CONSUMER, "2"]);
    done.assert_failed("the event at offset 2 is not parked");
    assert!(done.stderr.ends_with("hint: it has nothing parked\n"), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ambiguous_is_asked_for() {
    let consumed = Consumed::with_two_parked().await;
    let others = [Identity::new("default", "other-key"), Identity::new("shop", "shop-key")];
    for application in &others {
        consumed.checkpoint(CONSUMER, application.clone(), 3).await;
    }
    for command in ["parked replay", "parked drop"] {
        let done = consumed.run(command, &["--consumer", CONSUMER, "--all"]);
        done.assert_failed("fit: \"totals\" of default (");
        done.assert_failed("\"totals\" of default (other-key), \"totals\" of shop (shop-key)");
        let hint = "hint: name the application by its key: --application KEY\n";
        assert!(done.stderr.ends_with(hint), "{}", done.stderr);
        // The name does not tell them apart.
        let named = ["--consumer", CONSUMER, "--application", "default", "--all"];
        let done = consumed.run(command, &named);
        done.assert_failed("fit: \"totals\" of default (");
        assert!(!done.stderr.contains("shop"), "{}", done.stderr);
    }
    assert_eq!(consumed.parked(), [2, 5]);
    let both = format!("default:{APPLICATION_KEY}");
    consumed.says("parked replay", &["--consumer", CONSUMER, "--application", &both, "5"]);
    consumed.says("parked drop", &["--consumer", CONSUMER, "--application", APPLICATION_KEY, "2"]);
    assert_eq!(consumed.parked(), [5]);

    consumed.checkpoint("mails", others[1].clone(), 3).await;
    let done = consumed.run("parked show", &["5"]);
    done.assert_failed("\"mails\" of shop (shop-key), \"totals\" of default (");
    assert!(done.stderr.contains("hint: name one by --consumer NAME"), "{}", done.stderr);
    assert_eq!(consumed.says("parked list", &["--consumer", "mails"]), "nothing is parked\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_damaged_is_said_to_be_and_can_be_dropped() {
    let consumed = Consumed::with_two_parked().await;
    let damage = "UPDATE eventstream_parked SET event = x'ff' WHERE event_offset = 2";
    consumed.sql().execute(damage, []).unwrap();
    consumed.run("parked list", &[]).assert_failed("the parked event 2 is no event");
    consumed.says("parked show", &["5"]);
    consumed.says("parked drop", &["--consumer", CONSUMER, "2"]);
    assert_eq!(consumed.parked(), [5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_listed() {
    let consumed = Consumed::with_two_parked().await;
    // As if all of the sample had failed.
    consumed.append(&[], SAMPLE).assert_ok();
    let application = Identity::new("default", APPLICATION_KEY);
    let parked = SqliteConsumers::open(&consumed.db).await.unwrap().parked(CONSUMER);
    let like = parked.list(&application, 2, 1).await.unwrap().remove(0).event;
    for offset in 100..350 {
        let event = eventstream_core::Event::new(offset, like.parcel.clone());
        parked.failed(&application, &event, "no").await.unwrap();
        parked.park(&application, offset).await.unwrap();
    }
    let offsets: Vec<u64> = [2, 5].into_iter().chain(100..350).collect();
    assert_eq!(consumed.parked(), offsets);
    let done = consumed.run("parked drop", &["--consumer", CONSUMER, "3"]);
    done.assert_failed("3 is not parked");
    assert!(done.stderr.contains("106, 107, and 242 more"), "{}", done.stderr);
    let said = consumed.says("parked drop", &["--consumer", CONSUMER, "--all"]);
    assert_eq!(said, "252 parked events of totals dropped: it never handles them\n");
}

#[test]
fn wrong_usage_is_said() {
    let place = Place::new();
    let db = place.path().join("app.db");
    fs::write(&db, "").unwrap();
    for args in [
        &["--consumer", "x"][..],
        &["--consumer", "x", "--all", "3"],
        &["--consumer", "x", "many"],
        &["3"],
    ] {
        for command in ["parked replay", "parked drop"] {
            let done = run_on(&db, command, args);
            assert_eq!(done.code, Some(2), "{done:?}");
        }
    }
    let done = run_on(&db, "parked drop", &["--consumer", "x"]);
    assert!(done.stderr.contains("OFFSET") && done.stderr.contains("--all"), "{}", done.stderr);
    assert_eq!(run_on(&db, "parked show", &[]).code, Some(2));
}
