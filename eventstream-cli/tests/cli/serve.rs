//! How a server begins and ends.

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    half_sent::HalfSent,
    harness::*,
    served::{Served, connected, serve},
};

#[test]
fn one_line_says_that_it_is_ready_and_where() {
    let place = Place::new();
    place.append(&["--application", "shop:k-1"], events(0..3)).assert_ok();
    let served = Served::start(&place, &[]);
    assert_eq!(served.ready, format!("serving shop (k-1) on http://127.0.0.1:{}", served.port()));
    assert_ne!(served.port(), "0");
    assert_eq!(served.exported(), events(0..3));
    served.signal(Signal::TERM);
    served.end().assert_ok();
}

#[test]
fn the_line_can_be_had_as_json() {
    let place = Place::new();
    place.append(&["--application", "shop:k-1"], "").assert_ok();
    let served = Served::start(&place, &["-o", "json", "--read-only"]);
    let mut ready: Value = serde_json::from_str(&served.ready).unwrap();
    let url = ready.as_object_mut().unwrap().remove("url").unwrap();
    assert_eq!(ready, json!({"applications": [{"name": "shop", "key": "k-1"}], "read_only": true}));
    run(connected(url.as_str().unwrap(), "info", &[]), b"").assert_ok();
}

#[test]
fn several_stores_can_be_served_and_an_application_is_chosen() {
    let (shop, bank) = (Place::new(), Place::new());
    shop.append(&["--application", "shop:k-1"], events(0..2)).assert_ok();
    bank.append(&["--application", "bank"], events(5..9)).assert_ok();
    let served = Served::start(&shop, &["--store", bank.store.to_str().unwrap()]);
    assert!(served.ready.starts_with("serving shop (k-1), bank ("), "{}", served.ready);
    for command in ["tail", "append"] {
        let done = served.run(command, &[]);
        done.assert_failed("serves several applications: bank (");
        done.assert_failed("), shop (k-1)\nhint: say which one by --application NAME[:KEY]");
        let done = served.run(command, &["--application", "pub:k-3"]);
        done.assert_failed("does not serve pub (k-3); it serves bank (");
    }
    let args = &["--exit-at-end", "-o", "cloudevents", "--application"];
    let tail = |name| served.run("tail", &[args, &[name][..]].concat()).stdout;
    assert_eq!(tail("shop"), events(0..2));
    assert_eq!(tail("x:k-1"), events(0..2));
    assert_eq!(tail("bank"), events(5..9));
    let done = served.append(&["--application", "shop"], events(2..3));
    assert_eq!(done.last_line(), tally(2, 3, 1, 0));
    assert_eq!(tail("shop"), events(0..3));
    // What is appended is the application's, by its own key.
    assert_eq!(shop.exported(), events(0..3));
}

#[test]
fn an_interrupt_ends_it_well_and_those_who_follow_wait() {
    for signal in [Signal::INT, Signal::TERM] {
        let place = Place::with(&events(0..1));
        let served = Served::start(&place, &[]);
        let mut tail = Running::start(served.command("tail", &["-o", "cloudevents"]));
        tail.line();
        let url = served.url.clone();
        served.signal(signal);
        served.end().assert_ok();
        assert_eq!(
            tail.note(),
            format!("The connection to {url} is lost: going on as soon as it is there again.")
        );
        tail.signal(Signal::INT);
        assert_eq!(tail.end().code, Some(0));
        place.verify();
    }
}

#[test]
fn an_append_whose_server_has_ended_says_so_and_what_was_acknowledged_is_there() {
    let place = Place::with(&events(0..1));
    let served = Served::start(&place, &[]);
    let mut append = Running::start(served.command("append", &["--ack", "--batch", "10"]));
    append.send(&events(1..11));
    assert_eq!(append.line(), "{\"first\":1,\"next\":11}");
    served.signal(Signal::TERM);
    served.end().assert_ok();
    // Its server is gone, and it says so; what was acknowledged is there.
    append.send(&events(11..12));
    let done = append.end();
    done.assert_failed("can't connect");
    assert_eq!(done.last_line(), tally(1, 11, 10, 0));
    assert_eq!(place.exported(), events(0..11));
}

#[test]
fn a_call_that_does_not_end_is_waited_for_as_long_as_it_may_take() {
    let place = Place::with(&events(0..1));
    let served = Served::start(&place, &["--drain-timeout", "1"]);
    let _call = HalfSent::append(&served.address());
    served.signal(Signal::TERM);
    let done = served.end();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("connections don't end in time"), "{done:?}");
}

#[test]
fn it_goes_on_for_as_long_as_others_have_to_learn_that_it_ends() {
    let place = Place::with(&events(0..1));
    let mut serve = place.start("serve", &["--listen", "127.0.0.1:0", "--drain-notice", "3600"]);
    let ready = serve.line();
    serve.signal(Signal::TERM);
    let note = serve.note();
    assert!(note.contains("it goes on for 3600s"), "{note}");
    let url = ready.rsplit(' ').next().unwrap();
    run(connected(url, "info", &[]), b"").assert_ok();
    serve.signal(Signal::TERM);
    assert_eq!(serve.end().code, Some(1));
    place.verify();
}

#[test]
fn a_second_interrupt_ends_it_at_once() {
    let place = Place::with(&events(0..1));
    let mut serve = place.start("serve", &["--listen", "127.0.0.1:0", "--drain-timeout", "3600"]);
    let ready = serve.line();
    let _call = HalfSent::append(ready.rsplit('/').next().unwrap());
    serve.signal(Signal::TERM);
    let note = serve.note();
    assert!(note.contains("interrupted: streams are ended"), "{note}");
    serve.signal(Signal::TERM);
    assert_eq!(serve.end().code, Some(1));
    place.verify();
}

#[test]
fn names_can_not_command_a_terminal() {
    let (one, other) = (Place::new(), Place::new());
    one.append(&["--application", "a\u{1b}[2J\nb:k-1"], events(0..1)).assert_ok();
    other.append(&["--application", "c:k-2"], "").assert_ok();
    let served = Served::start(&one, &["--store", other.store.to_str().unwrap()]);
    let name = "a\\u001b[2J\\nb (k-1)";
    assert!(served.ready.starts_with(&format!("serving {name}, c (k-2) on ")), "{}", served.ready);
    served.run("tail", &[]).assert_failed(&format!("serves several applications: {name}, c (k-2)"));
    assert!(served.run("info", &[]).stdout.contains(&format!("application   {name}\n")));
}

#[test]
fn where_others_could_reach_it_it_has_to_be_told_to() {
    let place = Place::with(&events(0..1));
    let done = run(serve(&place, "0.0.0.0:0", &[]), b"");
    done.assert_failed("can be reached from other machines, but nothing is encrypted");
    for flag in ["--listen", "--tls-cert", "--tokens", "--insecure-beyond-loopback"] {
        assert!(done.stderr.contains(flag), "{done:?}");
    }
    assert_eq!(done.stdout, "");

    let mut running = Running::start(serve(&place, "0.0.0.0:0", &["--insecure-beyond-loopback"]));
    assert!(running.line().contains(" on http://0.0.0.0:"));
    assert!(running.note().starts_with("warning: nothing is encrypted"));
    assert!(running.note().starts_with("warning: nobody is asked who they are"));
    running.signal(Signal::TERM);
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn what_can_not_be_served_is_named() {
    let place = Place::new();
    run(serve(&place, "127.0.0.1:0", &[]), b"").assert_failed("there is no store at");
    place.append(&[], events(0..1)).assert_ok();

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let done = run(serve(&place, &address, &[]), b"");
    done.assert_failed(&format!("can't listen on {address}: "));
    done.assert_failed("hint: another program listens there");

    let twice = run(serve(&place, "127.0.0.1:0", &["--store", place.store.to_str().unwrap()]), b"");
    twice.assert_failed("are stores of the same application, default");

    for (args, problem) in [
        (&["--protocols", "ours,c"][..], "[possible values: ours, a, b]"),
        (&["--listen", "7440"], "has to be HOST:PORT, such as 127.0.0.1:7440"),
        (&["--max-connections", "0"], "at least 1"),
        (&["--max-append-bytes", "many"], "at least 1"),
        (&["--drain-timeout", "soon"], "has to be a whole number"),
        (&["--tls-cert", "x"], "--tls-key <FILE>"),
        (&["--tls-key", "x"], "--tls-cert <FILE>"),
        (&["--client-ca", "x"], "--tls-cert <FILE>"),
    ] {
        let done = run(place.command("serve", args), b"");
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains(problem), "{done:?}");
    }
}

#[test]
fn nobody_appends_where_all_is_read_only() {
    let place = Place::with(&events(0..3));
    let served = Served::start(&place, &["--read-only"]);
    let done = served.append(&[], events(3..4));
    done.assert_failed("takes no events of default");
    done.assert_failed("--read-only");
    assert_eq!(served.exported(), events(0..3));
    // What others append into the store is served.
    place.append(&[], events(3..5)).assert_ok();
    assert_eq!(served.exported(), events(0..5));
}

#[test]
fn an_append_that_is_too_large_is_refused_with_what_to_do() {
    let place = Place::with(&events(0..1));
    let served = Served::start(&place, &["--max-append-bytes", "2000"]);
    let done = served.append(&[], events(1..100));
    done.assert_failed("(gRPC code 8)");
    done.assert_failed("--batch");
    done.assert_failed("--max-append-bytes");
    let done = served.append(&["--batch", "1"], events(1..100));
    done.assert_ok();
    assert_eq!(done.last_line(), tally(1, 100, 99, 0));
}
