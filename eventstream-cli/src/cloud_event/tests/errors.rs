//! What is wrong with a line is named.

use super::*;

fn problem(line: &str) -> String {
    match read(line, &application()) {
        Ok(parcel) => panic!("{line} was read as {parcel:?}"),
        Err(problem) => format!("line 7{problem}"),
    }
}

#[test]
fn a_line_that_is_no_event_is_named() {
    for (line, expected) in [
        ("42", "line 7 is not a JSON object: it has to be an event as CloudEvents has it in JSON"),
        (
            "[{}]",
            "line 7 is a JSON array: each event has to stand on a line of its own (`jq -c '.[]'` puts it there)",
        ),
        (
            "{",
            "line 7 ends in the middle of a JSON object: an event has to stand on one line (`jq -c .` puts it there)",
        ),
        (r#"{"id":1,}"#, "line 7 is not JSON: trailing comma, at column 9"),
        (r#"{"id":"a"} x"#, "line 7 is not JSON: trailing characters, at column 12"),
        (r#"{"id":"a","id":"b"}"#, "line 7: `id` stands there twice"),
    ] {
        assert_eq!(problem(line), expected, "{line}");
    }
}

#[test]
fn a_required_member_is_asked_for() {
    let all = ["specversion", "id", "source", "type"];
    for missing in all {
        for value in [None, Some("null")] {
            let members: Vec<_> = all
                .into_iter()
                .filter_map(|name| match value {
                    None if name == missing => None,
                    Some(value) if name == missing => Some(format!(r#""{name}":{value}"#)),
                    _ => Some(format!(r#""{name}":"1.0""#)),
                })
                .collect();
            assert_eq!(
                problem(&format!("{{{}}}", members.join(","))),
                format!("line 7: `{missing}` is missing")
            );
        }
    }
}

#[test]
fn a_member_of_a_wrong_kind_is_named() {
    for (members, expected) in [
        (r#""subject":"""#, "`subject` is empty: it has to have a value, if it is there"),
        (r#""subject":7"#, "`subject` is 7: it has to be a text"),
        (r#""subject":"\ud800""#, r#"`subject` is "\ud800", which is no Unicode text"#),
        (
            r#""time":"yesterday""#,
            "`time` is not of the form 2006-01-02T15:04:05Z, with up to nine digits of a second's fraction, and Z or an offset such as +02:00: \"yesterday\"",
        ),
        (r#""time":"2024-02-30T00:00:00Z""#, "`time` is not a point in time"),
        (r#""time":17"#, "`time` is 17: it has to be a text"),
        (
            r#""datacontenttype":"json""#,
            "`datacontenttype` \"json\" is not of the form type/subtype",
        ),
        (r#""correlationid":"""#, "`correlationid` is empty: name an event, or leave it out"),
        (
            r#""causationid":[1]"#,
            "`causationid` is [1]: an attribute has to be a text, a whole number, true or false",
        ),
        (
            r#""x":{"a":1}"#,
            r#"`x` is {"a":1}: an attribute has to be a text, a whole number, true or false"#,
        ),
        (r#""x":1.5"#, "`x` is 1.5: an attribute has to be a text, a whole number, true or false"),
        (r#""x":1e2"#, "`x` is 1e2: an attribute has to be a text, a whole number, true or false"),
        (
            r#""ce:x":"y""#,
            "`ce:x` is a name that is kept for eventstream itself: attributes have lower-case letters and digits in their names",
        ),
        (r#""data_base64":7"#, "`data_base64` is 7: it has to be a text"),
        (r#""data_base64":"a""#, "`data_base64` is not valid Base64 (RFC 4648, with padding)"),
        (r#""data_base64":"YQ""#, "`data_base64` is not valid Base64 (RFC 4648, with padding)"),
        (r#""data_base64":"YR==""#, "`data_base64` is not valid Base64 (RFC 4648, with padding)"),
        (r#""datacontenttype":"text/plain","data":"\udc00""#, "`data` is no Unicode text"),
    ] {
        let problem = problem(&event(members));
        let expected = format!("line 7: {expected}");
        assert!(problem.starts_with(&expected), "{members}\n{problem}\n{expected}");
        // Nothing of what a library has to say about it.
        assert!(!members.contains("base64") || problem == expected, "{problem}");
    }
}

#[test]
fn other_versions_are_refused() {
    let line = event("").replace("1.0", "0.3");
    assert_eq!(
        problem(&line),
        r#"line 7: `specversion` is "0.3": only CloudEvents "1.0" can be read"#
    );
}

#[test]
fn two_payloads_are_refused() {
    assert_eq!(
        problem(&event(r#""data":1,"data_base64":"AA==""#)),
        "line 7 has both `data` and `data_base64`: leave one of them out"
    );
}

#[test]
fn a_nameless_attribute_is_refused() {
    assert_eq!(problem(&event(r#""":1"#)), "line 7 has an attribute without a name");
}

#[test]
fn a_long_value_is_cut_in_the_message() {
    let problem = problem(&event(&format!(r#""x":[{}]"#, "1,".repeat(500) + "1")));
    assert!(problem.len() < 200 && problem.contains('…'), "{problem}");
}
