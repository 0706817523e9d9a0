//! Who may connect, and to whom.

use std::{fs, path::PathBuf, process::Command};

use crate::{
    authority::{Authority, Issued},
    harness::*,
    served::{Served, connected, serve},
};

const READER: &str = "reader0123456789";
const WRITER: &str = "writer0123456789";
const OTHERS: &str = "others0123456789";
const ALL: &str = "all0123456789ABC";

/// A store of one application, and files for those who serve it.
struct Secured {
    place: Place,
    authority: Authority,
}

impl Secured {
    fn new() -> Self {
        let place = Place::new();
        place.append(&["--application", "shop:k-1"], events(0..3)).assert_ok();
        let authority = Authority::new("ours");
        let secured = Self { place, authority };
        secured.file("ca.pem", &secured.authority.pem);
        secured.issued("server", &secured.authority.issue("127.0.0.1"));
        secured.issued("client", &secured.authority.issue("warehouse"));
        secured.file(
            "tokens",
            &format!(
                "# Who may do what.\n{READER} read k-1\n{WRITER} read,append k-1\n\
                 {OTHERS} read,append k-2\n{ALL} read,append *\n"
            ),
        );
        secured
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn issued(&self, name: &str, issued: &Issued) {
        self.file(&format!("{name}.pem"), &issued.certificate);
        self.file(&format!("{name}.key"), &issued.key);
    }

    /// An option with a file of this one's.
    fn with<'a>(&self, command: &'a mut Command, option: &str, name: &str) -> &'a mut Command {
        command.arg(option).arg(self.path(name))
    }

    fn serve(&self, options: &[(&str, &str)]) -> Command {
        self.serve_at("127.0.0.1:0", options)
    }

    fn serve_at(&self, address: &str, options: &[(&str, &str)]) -> Command {
        let mut command = serve(&self.place, address, &[]);
        for (option, name) in options {
            self.with(&mut command, option, name);
        }
        command
    }

    fn run(&self, url: &str, command: &str, options: &[(&str, &str)]) -> Done {
        let mut command = connected(url, command, &[]);
        for (option, name) in options {
            self.with(&mut command, option, name);
        }
        run(command, b"")
    }
}

const TLS: [(&str, &str); 2] = [("--tls-cert", "server.pem"), ("--tls-key", "server.key")];

#[test]
fn what_is_encrypted_is_read_by_who_trusts_the_server() {
    let secured = Secured::new();
    let served = Served::of(secured.serve(&TLS));
    assert!(served.url.starts_with("https://127.0.0.1:"), "{}", served.ready);
    let ca = secured.path("ca.pem");
    let ca = ca.to_str().unwrap();
    let done = served.run("tail", &["--ca", ca, "--exit-at-end", "-o", "cloudevents"]);
    done.assert_ok();
    assert_eq!(done.stdout, events(0..3));
    let done = served.append(&["--ca", ca], events(3..5));
    assert_eq!(done.last_line(), tally(3, 5, 2, 0));
    served.run("info", &["--ca", ca]).assert_ok();

    secured.file("ca.pem", &Authority::new("another").pem);
    let done = secured.run(&served.url, "info", &[("--ca", "ca.pem")]);
    done.assert_failed("no secure connection");
    done.assert_failed("hint: give --ca FILE");
    let done = secured.run(&served.url, "info", &[("--ca", "server.key")]);
    done.assert_failed("there is no certificate (PEM) in it");
    let done = secured.run(&served.url, "info", &[("--ca", "missing.pem")]);
    done.assert_failed("missing.pem");
    secured.file("ca.pem", &secured.authority.pem);
    let by_name = served.url.replace("127.0.0.1", "localhost");
    let done = secured.run(&by_name, "info", &[("--ca", "ca.pem")]);
    done.assert_failed("is in the server's certificate");
}

#[test]
fn who_encrypts_and_who_does_not_are_told_to_agree() {
    let secured = Secured::new();
    let encrypted = Served::of(secured.serve(&TLS));
    let plain = format!("http://{}", encrypted.address());
    for command in ["tail", "info", "append"] {
        let done = secured.run(&plain, command, &[]);
        done.assert_failed("does the server encrypt? If so, write https://");
    }
    let done = secured.run(&plain, "info", &[("--ca", "ca.pem")]);
    done.assert_failed("is not encrypted, so that --ca, --cert and --key are of no use");

    let open = Served::of(secured.serve(&[]));
    let https = format!("https://{}", open.address());
    for command in ["tail", "info", "append"] {
        let done = secured.run(&https, command, &[("--ca", "ca.pem")]);
        done.assert_failed("does the server encrypt? If not, write http://");
    }
}

#[test]
fn a_server_can_ask_for_certificates() {
    let secured = Secured::new();
    let served = Served::of(secured.serve(&[&TLS[..], &[("--client-ca", "ca.pem")]].concat()));
    let known = [("--ca", "ca.pem"), ("--cert", "client.pem"), ("--key", "client.key")];
    secured.run(&served.url, "info", &known).assert_ok();
    let done = secured.run(&served.url, "info", &known[..1]);
    done.assert_failed("CertificateRequired");
    done.assert_failed("hint: the server wants to know who connects: give --cert FILE");

    secured.issued("client", &Authority::new("another").issue("warehouse"));
    let done = secured.run(&served.url, "info", &known);
    done.assert_failed("the server does not trust the certificate of --cert");
}

#[test]
fn a_token_is_good_for_what_the_server_says() {
    let secured = Secured::new();
    let served = Served::of(secured.serve(&[("--tokens", "tokens")]));
    let with = |token: &str, command: &str, args: &[&str]| {
        let file = secured.file("token", &format!("{token}\n"));
        let done = served.run(command, &[&["--token-file", &file], args].concat());
        assert!(!done.stderr.contains(token) && !done.stdout.contains(token), "{done:?}");
        done
    };
    let shop = ["--application", "shop:k-1"];
    with(ALL, "info", &[]).assert_ok();
    with(ALL, "append", &[]).assert_ok();
    with(WRITER, "append", &shop).assert_ok();
    with(READER, "tail", &[&shop[..], &["--exit-at-end"]].concat()).assert_ok();

    for command in ["tail", "info", "append"] {
        let done = served.run(command, &[]);
        done.assert_failed("(gRPC code 16)");
        done.assert_failed("--token-file FILE, or the variable EVENTSTREAM_TOKEN");
        let done = with("unknown0123456789", command, &[]);
        done.assert_failed("hint: give a token that the server knows");
        let done = with(READER, command, &[]);
        done.assert_failed("(gRPC code 7)");
        done.assert_failed("say which one by --application NAME:KEY");
        let done = with(OTHERS, command, &shop);
        done.assert_failed("the token is not good for this");
    }
    let file = secured.file("token", READER);
    let args = [&["--token-file", &file][..], &shop].concat();
    let done = served.append(&args, events(3..4));
    done.assert_failed("append needs read,append for the application");
    assert_eq!(secured.place.exported(), events(0..3));
}

#[test]
fn a_token_that_is_taken_back_ends_what_follows() {
    let secured = Secured::new();
    let served = Served::of(secured.serve(&[("--tokens", "tokens")]));
    let file = secured.file("token", ALL);
    let args = ["-o", "cloudevents", "--token-file", &file];
    let mut tail = Running::start(served.command("tail", &args));
    for id in 0..3 {
        assert_eq!(tail.line() + "\n", events(id..=id));
    }
    // As programs write it that nobody may find half done.
    let new = secured.file("tokens-new", &format!("{READER} read k-1\n"));
    fs::rename(new, secured.path("tokens")).unwrap();
    let done = tail.end();
    done.assert_failed("(gRPC code 16)");
    done.assert_failed("hint: give a token that the server knows");
}

#[test]
fn a_token_can_be_a_variable_and_does_not_leave_the_machine_in_the_clear() {
    let secured = Secured::new();
    let served = Served::of(secured.serve(&[("--tokens", "tokens")]));
    let with = |token: &str, url: &str, args: &[&str]| {
        let mut command = connected(url, "info", args);
        command.env("EVENTSTREAM_TOKEN", token);
        let done = run(command, b"");
        assert!(token.is_empty() || !done.stderr.contains(token), "{done:?}");
        done
    };
    with(ALL, &served.url, &[]).assert_ok();
    with("", &served.url, &[]).assert_failed("(gRPC code 16)");
    with("sm\u{f8}r", &served.url, &[])
        .assert_failed("the token of the variable EVENTSTREAM_TOKEN");
    // It leads to this machine, but its name does not say so.
    let elsewhere = served.url.replace("127.0.0.1", "0.0.0.0");
    let done = with(ALL, &elsewhere, &[]);
    done.assert_failed("the token is not sent to");
    done.assert_failed("hint: write https://, or say --token-over-plain-text");
    with(ALL, &elsewhere, &["--token-over-plain-text"]).assert_ok();
    // What is written counts more.
    let file = secured.file("token", ALL);
    with(READER, &served.url, &["--token-file", &file]).assert_ok();
    let done = secured.run(&served.url, "info", &[("--token-file", "tokens")]);
    done.assert_failed("it has to have one token");
    assert!(!done.stderr.contains(READER), "{done:?}");
}

#[test]
fn beyond_loopback_there_is_encryption_and_somebody_who_asks() {
    let secured = Secured::new();
    let all = "0.0.0.0:0";
    let tokens = ("--tokens", "tokens");
    let refused = |options: &[(&str, &str)]| run(secured.serve_at(all, options), b"");
    refused(&[tokens]).assert_failed("but nothing is encrypted");
    refused(&TLS).assert_failed("but nobody is asked who they are");
    for last in [tokens, ("--client-ca", "ca.pem")] {
        let served = Served::of(secured.serve_at(all, &[TLS[0], TLS[1], last]));
        assert!(served.url.starts_with("https://0.0.0.0:"), "{}", served.ready);
    }
}

#[test]
fn files_that_can_not_be_used_are_named_with_their_options() {
    let secured = Secured::new();
    secured.issued("other", &secured.authority.issue("127.0.0.1"));
    secured.file("empty", "");
    secured.file("bad-tokens", &format!("# One.\n{READER} write *\n"));
    for (options, option, problem) in [
        (vec![("--tls-cert", "missing"), TLS[1]], "--tls-cert", "missing: No such file"),
        (
            vec![("--tls-cert", "empty"), TLS[1]],
            "--tls-cert",
            "there is no certificate (PEM) in it",
        ),
        (vec![TLS[0], ("--tls-key", "missing")], "--tls-key", "missing: No such file"),
        (vec![TLS[0], ("--tls-key", "empty")], "--tls-key", "there is no private key (PEM) in it"),
        (vec![TLS[0], ("--tls-key", "other.key")], "--tls-key", "does not go with the certificate"),
        (vec![TLS[0], TLS[1], ("--client-ca", "empty")], "--client-ca", "no certificate (PEM)"),
        (vec![("--tokens", "missing")], "--tokens", "missing: No such file"),
        (vec![("--tokens", "empty")], "--tokens", "there is no token in it"),
        (vec![("--tokens", "bad-tokens")], "--tokens", "bad-tokens, line 2: what the token is"),
    ] {
        let done = run(secured.serve(&options), b"");
        done.assert_failed(&format!("{option} can't be used: "));
        done.assert_failed(problem);
        assert!(!done.stderr.contains(READER), "{done:?}");
        assert_eq!(done.stdout, "");
    }
}
