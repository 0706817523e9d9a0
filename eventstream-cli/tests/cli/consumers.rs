//! Consumers that keep their offset in a database.

use std::sync::atomic::Ordering;

use eventstream_core::Identity;
use serde_json::{Value, json};

use crate::{consumed::*, harness::*};

fn shop() -> Identity {
    Identity::new("shop", "shop-key")
}

/// What is listed, without the times, which are looked at.
fn listed(consumed: &Consumed, args: &[&str]) -> Vec<Value> {
    let mut listed = consumed.says_json("consumers list", args);
    for row in &mut listed {
        let time = row.as_object_mut().unwrap().remove("updated_at").unwrap();
        let time = time.as_str().unwrap();
        assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
    }
    listed
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_all_that_is_known() {
    let consumed = Consumed::with_two_parked().await;
    consumed.checkpoint("mails", shop(), 3).await;
    let mails = json!({
        "consumer": "mails",
        "application": {"name": "shop", "key": "shop-key"},
        "kind": "checkpoint",
        "next_offset": 3,
        "incarnation": null,
        "parked": 0,
        "stream": null,
    });
    let mut totals = json!({
        "consumer": "totals",
        "application": {"name": "default", "key": APPLICATION_KEY},
        "kind": "projection",
        "next_offset": 8,
        "incarnation": consumed.info()["incarnation"],
        "parked": 2,
        "stream": null,
    });
    assert_eq!(listed(&consumed, &[]), [mails.clone(), totals.clone()]);
    consumed.append(&[], events(8..11)).assert_ok();
    totals["stream"] = json!({"first_offset": 0, "next_offset": 11, "behind": 3, "problem": null});
    let store = consumed.store.to_str().unwrap();
    assert_eq!(listed(&consumed, &["--store", store]), [mails, totals]);
    // The same without the word.
    assert_eq!(
        consumed.says("consumers", &["--store", store, "-o", "json"]),
        consumed.says("consumers list", &["--store", store, "-o", "json"]),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_can_read_it() {
    let consumed = Consumed::with_two_parked().await;
    consumed.checkpoint("mails", shop(), 1_234).await;
    let said = consumed.says("consumers", &[]);
    let lines: Vec<&str> = said.lines().collect();
    let [titles, mails, totals] = lines[..] else { panic!("{said}") };
    assert_eq!(titles, "consumer  application  kind         next  parked  updated (UTC)");
    assert!(mails.starts_with("mails     shop         checkpoint  1,234       0  20"));
    assert!(totals.starts_with("totals    default      projection      8       2  20"));

    consumed.append(&[], events(8..11)).assert_ok();
    let store = consumed.store.to_str().unwrap();
    let said = consumed.says("consumers", &["--store", store]);
    let lines: Vec<&str> = said.lines().collect();
    let [titles, mails, totals] = lines[..] else { panic!("{said}") };
    assert!(titles.contains("kind         next  behind  parked  updated (UTC)"), "{titles}");
    assert!(mails.contains("checkpoint  1,234       -       0  20"), "{mails}");
    assert!(totals.contains("projection      8       3       2  20"), "{totals}");
    assert!(lines.iter().all(|line| line.len() < 80), "{said}");

    // Only where a name is that of two is there a key.
    consumed.checkpoint("mails", Identity::new("shop", "other-key"), 7).await;
    let said = consumed.says("consumers", &[]);
    assert!(said.contains("shop (shop-key)") && said.contains("shop (other-key)"), "{said}");
    assert!(!said.contains(APPLICATION_KEY), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_that_do_not_fit_the_store_are_told() {
    let consumed = Consumed::with_two_parked().await;
    let store = consumed.store.to_str().unwrap().to_owned();
    let stream = |store: &str| {
        let listed = listed(&consumed, &["--store", store]);
        let [Value::Object(row)] = &listed[..] else { panic!("{listed:?}") };
        row["stream"].clone()
    };
    let text = |store: &str| consumed.says("consumers", &["--store", store]);

    let copy = consumed.path().join("copy").to_str().unwrap().to_owned();
    run(consumed.command("backup", &["--to", &copy]), b"").assert_ok();
    assert_eq!(
        stream(&copy),
        json!({
            "first_offset": 0, "next_offset": 8, "behind": null, "problem": "other_incarnation",
        })
    );
    let said = text(&copy);
    assert!(said.contains("    8       ?       2  20"), "{said}");
    assert!(said.contains("\n\ntotals: its offset is of another incarnation"), "{said}");

    let reset = |to: &str| {
        consumed.says("consumers reset", &["--consumer", CONSUMER, "--to", to]);
    };
    // A consumer that was reset takes the store that it finds.
    reset("4");
    assert_eq!(stream(&copy)["behind"], 4);
    reset("9");
    assert_eq!(stream(&store)["problem"], "past_the_end");
    assert_eq!(stream(&store)["behind"], Value::Null);
    let said = text(&store);
    assert!(said.contains("waits for offset 9, and the next offset of the store is only 8"));

    reset("5");
    run(consumed.command("truncate", &["--before", "5"]), b"").assert_ok();
    assert_eq!(
        stream(&store),
        json!({"first_offset": 5, "next_offset": 8, "behind": 3, "problem": null})
    );
    reset("4");
    assert_eq!(
        stream(&store),
        json!({"first_offset": 5, "next_offset": 8, "behind": 4, "problem": "truncated"})
    );
    let said = text(&store);
    assert!(said.contains("the store begins at 5: 1 event is gone; to go on without"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_nobody_consumes_is_told() {
    let consumed = Consumed::new(3);
    consumed.checkpoint("mails", shop(), 1).await;
    let said = consumed.says("consumers", &["--store", consumed.store.to_str().unwrap()]);
    let note = format!(
        "\n\nNone of them consumes the store's stream, which is that of default ({APPLICATION_KEY}).\n"
    );
    assert!(said.ends_with(&note), "{said}");
    let done = consumed.run("consumers", &["--store", "nowhere"]);
    done.assert_failed("there is no store at");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_consumer_is_reset() {
    let consumed = Consumed::new(8);
    let mut working = consumed.start().await;
    working.handle.wait_for(7).await.unwrap();
    assert_eq!(
        consumed.says("consumers reset", &["--consumer", CONSUMER, "--to", "6"]),
        "totals goes on at offset 6 of default: it was at 8; its effects stay as they are\n\
         One that is running notices it with its next event, or when started anew.\n"
    );
    // It notices with the next event.
    consumed.append(&[], events(8..9)).assert_ok();
    working.until(|| consumed.effects().len() == 11).await;
    working.stop().await;
    assert_eq!(consumed.effects(), [0, 1, 2, 3, 4, 5, 6, 7, 6, 7, 8]);
    let said = consumed.says_json("consumers reset", &["--consumer", CONSUMER, "--to", "0"]);
    assert_eq!(
        said,
        [json!({
            "consumer": "totals",
            "application": {"name": "default", "key": APPLICATION_KEY},
            "previous_offset": 9,
            "next_offset": 0,
        })]
    );
    assert_eq!(listed(&consumed, &[])[0]["next_offset"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_parked_comes_again_after_a_reset() {
    let consumed = Consumed::with_two_parked().await;
    consumed.says("consumers reset", &["--consumer", CONSUMER, "--to", "4"]);
    assert_eq!(consumed.parked(), [2]);
    consumed.broken.store(false, Ordering::Relaxed);
    let working = consumed.start().await;
    working.handle.wait_for(7).await.unwrap();
    working.stop().await;
    assert_eq!(consumed.effects(), [0, 1, 3, 4, 6, 7, 4, 5, 6, 7]);
    assert_eq!(consumed.parked(), [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_removed() {
    let consumed = Consumed::with_two_parked().await;
    consumed.checkpoint(CONSUMER, shop(), 3).await;
    let named = ["--consumer", CONSUMER, "--application", "default"];
    assert_eq!(
        consumed.says("consumers remove", &named),
        "totals is removed: it was at offset 8 of default, with 2 parked events; its effects stay \
         as they are\n"
    );
    assert_eq!(consumed.parked(), [0; 0]);
    let done = consumed.run("consumers remove", &named);
    done.assert_failed("consumer \"totals\" has no offset of an application \"default\"");
    assert!(done.stderr.ends_with("hint: there are offsets of: shop (shop-key)\n"));
    let said = consumed.says_json("consumers remove", &["--consumer", CONSUMER]);
    assert_eq!(
        said,
        [json!({
            "consumer": "totals",
            "application": {"name": "shop", "key": "shop-key"},
            "previous_offset": 3,
            "parked": 0,
        })]
    );
    assert_eq!(listed(&consumed, &[]), [Value::Null; 0]);
    let said = consumed.says("consumers", &[]);
    assert!(said.starts_with("no consumer has stored an offset in "), "{said}");
    for command in ["consumers remove", "parked show 3", "parked list"] {
        let done = consumed.run(command, &["--consumer", CONSUMER]);
        done.assert_failed("no consumer has stored an offset in ");
    }
    assert_eq!(consumed.says("parked list", &[]), "nothing is parked\n");
    // It begins anew; its effects are still there.
    consumed.broken.store(false, Ordering::Relaxed);
    let working = consumed.start().await;
    working.handle.wait_for(1).await.unwrap();
    working.stop().await;
    assert_eq!(consumed.effects()[..8], [0, 1, 3, 4, 6, 7, 0, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn which_one_has_to_be_said() {
    let consumed = Consumed::new(0);
    for key in ["shop-key", "other-key"] {
        consumed.checkpoint("mails", Identity::new("shop", key), 3).await;
    }
    consumed.checkpoint("totals", shop(), 3).await;
    for (command, more) in [("consumers reset", &["--to", "1"][..]), ("consumers remove", &[])] {
        let run = |args: &[&str]| consumed.run(command, &[args, more].concat());
        let done = run(&["--consumer", "nobody"]);
        done.assert_failed("there is no consumer \"nobody\" in ");
        assert!(done.stderr.ends_with("hint: there are: mails, totals\n"), "{}", done.stderr);
        let done = run(&["--consumer", "mails"]);
        done.assert_failed("fit: \"mails\" of shop (other-key), \"mails\" of shop (shop-key)");
        let hint = "hint: name the application by its key: --application KEY\n";
        assert!(done.stderr.ends_with(hint), "{}", done.stderr);
        run(&["--consumer", "mails", "--application", "shop"]).assert_failed("several consumers");
        let done = run(&["--consumer", "mails", "--application", "nobody's"]);
        done.assert_failed("no offset of an application \"nobody's\"");
        assert_eq!(run(&[]).code, Some(2));
    }
    let before = listed(&consumed, &[]);
    assert!(before.len() == 3 && before.iter().all(|it| it["next_offset"] == 3), "{before:?}");
    let named = ["--consumer", "mails", "--application", "other-key"];
    consumed.says("consumers reset", &[&named[..], &["--to", "1"]].concat());
    let offsets: Vec<_> =
        listed(&consumed, &[]).iter().map(|it| it["next_offset"].clone()).collect();
    assert_eq!(offsets, [1, 3, 3]);
}

#[test]
fn wrong_usage_is_said() {
    let place = Place::new();
    let db = place.path().join("app.db");
    for (command, args) in [
        ("consumers reset", &["--consumer", "x"][..]),
        ("consumers reset", &["--consumer", "x", "--to", "-1"]),
        ("consumers", &["--to", "1"]),
        ("consumers", &["list"]),
        ("consumers nothing", &[]),
    ] {
        assert_eq!(run_on(&db, command, args).code, Some(2), "{command} {args:?}");
    }
    for command in ["consumers", "parked"] {
        let mut program = program();
        program.arg(command);
        assert_eq!(run(program, b"").code, Some(2));
    }
}
