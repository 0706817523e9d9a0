//! Exporting gives back what came in.

use proptest::prelude::*;

use super::*;

#[test]
fn the_sample_comes_back_byte_for_byte() {
    for line in include_str!("../../../sample/git-history.ndjson").lines() {
        assert_eq!(export(&import(line)), line);
    }
}

#[test]
fn an_event_with_all_its_members_needs_no_attributes() {
    let parcel = import(
        r#"{"specversion":"1.0","id":"i","source":"/s","subject":"u","type":"t","time":"2024-05-06T07:08:09Z","datacontenttype":"application/json","correlationid":"i","causationid":"c","data":{"a":1}}"#,
    );
    let envelope = parcel.to_envelope();
    assert_eq!(envelope.attributes, BTreeMap::new());
    assert_eq!(envelope.message_id, "i");
    assert_eq!(envelope.portable_name, "t");
    assert_eq!(envelope.source_handler, Some(Identity::new("/s", crate::naming::key_of("/s"))));
    assert_eq!(envelope.source_application, application());
    assert_eq!(envelope.source_instance_id, "u");
    assert_eq!(envelope.created_at.as_str(), "2024-05-06T07:08:09Z");
    assert_eq!(envelope.media_type, "application/json");
    assert_eq!(envelope.correlation_id, "i");
    assert_eq!(envelope.causation_id, "c");
    assert_eq!(envelope.data, r#"{"a":1}"#);
}

#[test]
fn what_is_absent_gets_a_value_and_is_absent_again() {
    let parcel = import(&event(""));
    assert_eq!(parcel.media_type(), "application/json");
    assert_eq!(parcel.correlation_id(), "i");
    assert_eq!(parcel.causation_id(), "i");
    assert!(parcel.created_at().elapsed().unwrap().as_secs() < 60);
    assert!(parcel.data().is_empty());
    assert_eq!(export(&parcel), event(""));
}

#[test]
fn every_form_of_a_member_comes_back() {
    for members in [
        // JSON, with what other readers change: digits, order, repetition, escapes, white space.
        r#""data":null"#,
        r#""data":"""#,
        r#""data":"text""#,
        r#""data":[1,1.0,1e2,-0,-0.0,1E+2,123456789012345678901234567890,0.10000000000000000000001]"#,
        r#""data":{"b":1,"a":2,"b":3}"#,
        r#""data":{ "a b" : [ 1 , "c  \" \\" ] , "é" : " é " }"#,
        r#""data":"\u00e9\/\ud83d\ude00""#,
        r#""data":[1e999]"#,
        r#""datacontenttype":"application/vnd.x+json; charset=utf-8","data":{"a":1}"#,
        r#""datacontenttype":"TEXT/JSON","data":1.0"#,
        r#""datacontenttype":"application/json","data_base64":"eyJhIjoxfQ==""#,
        r#""data_base64":"""#,
        r#""data_base64":"/+8=""#,
        // Other media types.
        r#""datacontenttype":"text/plain","data":"text\n""#,
        r#""datacontenttype":"text/plain","data":"""#,
        r#""datacontenttype":"text/plain","data":null"#,
        r#""datacontenttype":"text/plain","data":{"a":1.0}"#,
        r#""datacontenttype":"text/plain","data":7"#,
        r#""datacontenttype":"text/plain","data_base64":"dGV4dA==""#,
        r#""datacontenttype":"text/plain""#,
        r#""datacontenttype":"application/xml","data":"<a/>""#,
        r#""datacontenttype":"application/xml","data_base64":"PGEvPg==""#,
        r#""datacontenttype":"application/octet-stream","data_base64":"""#,
        r#""datacontenttype":"application/octet-stream","data":"""#,
        // Null is as good as absent, and comes back as null.
        r#""data":null,"data_base64":"AA==""#,
        r#""data":1,"data_base64":null"#,
        r#""data":null,"data_base64":null"#,
        r#""datacontenttype":"text/plain","data":null,"data_base64":null"#,
        r#""datacontenttype":"text/plain","data":null,"data_base64":"""#,
        r#""subject":null,"time":null,"datacontenttype":null,"correlationid":null,"causationid":null,"x":null"#,
        // The time as it is.
        r#""time":"2024-05-06t07:08:09.100z""#,
        r#""time":"2024-05-06T07:08:09.123456789+02:00""#,
        r#""time":"2024-05-06T07:08:09.123456789012-02:00""#,
        r#""time":"2016-12-31T23:59:60Z""#,
        // Attributes and their types.
        r#""correlationid":"i","causationid":"i""#,
        r#""correlationid":5,"causationid":true"#,
        r#""dataschema":"https://example.com/schema""#,
        r#""a":"","b":"true","c":true,"d":false,"e":"1","f":1,"g":-2147483648,"h":0"#,
        r#""i":9223372036854775808123,"j":-0"#,
        r#""traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01""#,
        r#""snake_case":"kept","UPPER":1,"ä ö":true,"omitted":"omitted","null":"null""#,
        r#""partitionkey":"text with \" and \\ and \u0007 and é""#,
    ] {
        assert_comes_back(&event(members));
    }
}

#[test]
fn json_is_kept_as_the_text_that_it_is() {
    let parcel = import(&event(r#""data": {"b":1.0, "a":[ ]} "#));
    assert_eq!(parcel.data(), r#"{"b":1.0, "a":[ ]}"#);
    let parcel = import(&event(r#""data":"text""#));
    assert_eq!(parcel.data(), r#""text""#);
}

#[test]
fn text_and_base64_are_decoded() {
    let parcel = import(&event(r#""datacontenttype":"text/plain","data":"a\nb""#));
    assert_eq!(parcel.data(), "a\nb");
    let parcel = import(&event(r#""data_base64":"AP8=""#));
    assert_eq!(parcel.data(), &b"\x00\xff"[..]);
}

#[test]
fn deep_nesting_is_no_problem() {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    assert_comes_back(&event(&format!(r#""data":{deep}"#)));
}

/// Text of all kinds, as JSON.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z0-9:/ -]{0,12}",
        Just("null".to_owned()),
        Just("omitted".to_owned()),
        Just("ce:data".to_owned()),
    ]
    .prop_map(|text| serde_json::to_string(&text).unwrap())
}

fn non_empty() -> impl Strategy<Value = String> {
    string().prop_filter("empty", |json| json != r#""""#)
}

/// JSON of all kinds, in forms that not every writer would choose.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?",
        string(),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let space = "[ \t]{0,2}";
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..5), space).prop_map(|(items, space)| {
                format!("[{space}{}{space}]", items.join(&format!("{space},{space}")))
            }),
            (prop::collection::vec((string(), inner), 0..5), space).prop_map(|(pairs, space)| {
                let pairs: Vec<_> = pairs
                    .into_iter()
                    .map(|(name, value)| format!("{name}{space}:{space}{value}"))
                    .collect();
                format!("{{{space}{}{space}}}", pairs.join(&format!("{space},{space}")))
            }),
        ]
    })
}

fn attribute() -> impl Strategy<Value = String> {
    prop_oneof![
        string(),
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string()),
    ]
}

fn data() -> impl Strategy<Value = Vec<(String, String)>> {
    let base64 = prop::collection::vec(any::<u8>(), 0..20)
        .prop_map(|bytes| format!("{:?}", super::super::payload::encode(&bytes)));
    let member = |name: &str, json| vec![(name.to_owned(), json)];
    prop_oneof![
        Just(Vec::new()),
        json().prop_map(move |json| member("data", json)),
        base64.clone().prop_map(move |json| member("data_base64", json)),
        json().prop_map(move |json| {
            [member("data", json), member("data_base64", "null".into())].concat()
        }),
        base64.prop_map(move |json| {
            [member("data", "null".into()), member("data_base64", json)].concat()
        }),
    ]
}

fn maybe(
    name: &'static str,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = Option<(String, String)>> {
    prop::option::of(
        prop_oneof![4 => value, 1 => Just("null".to_owned())]
            .prop_map(move |value| (name.to_owned(), value)),
    )
}

prop_compose! {
    /// A valid event, its members in any order.
    fn events()(
        required in prop::collection::vec(non_empty(), 3..=3),
        optional in (
            maybe("subject", non_empty()),
            maybe("time", "\"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,15})?([Zz]|[+-][01][0-9]:[0-5][0-9])\""),
            maybe("datacontenttype", "\"(application/json|text/plain|a/b\\+JSON|image/png|text/json; a=b)\""),
            maybe("correlationid", prop_oneof![non_empty(), Just("7".to_owned())]),
            maybe("causationid", non_empty()),
            maybe("dataschema", non_empty()),
        ),
        extensions in prop::collection::btree_map("x[a-z0-9]{1,19}", attribute(), 0..4),
        data in data(),
    )(
        members in Just({
            let (a, b, c, d, e, f) = optional;
            let mut members: Vec<_> = [a, b, c, d, e, f].into_iter().flatten().collect();
            members.push(("specversion".to_owned(), "\"1.0\"".to_owned()));
            let names = ["id", "source", "type"].map(str::to_owned);
            members.extend(names.into_iter().zip(required));
            members.extend(extensions);
            members.extend(data);
            members
        }).prop_shuffle(),
    ) -> String {
        let members: Vec<_> = members
            .into_iter()
            .map(|(name, value)| format!("{name:?}:{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

proptest! {
    #[test]
    fn any_valid_event_comes_back(line in events()) {
        assert_comes_back(&line);
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(line in ".{0,80}", members in "[\"a-z:, {}\\[\\]0-9]{0,60}") {
        let _ = read(&line, &application());
        let _ = read(&event(&members), &application());
    }

    #[test]
    fn compacting_changes_nothing_but_white_space(json in json()) {
        let compact = compact_json(json.as_bytes()).unwrap();
        let strip = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        prop_assert_eq!(strip(&compact), strip(&json));
        prop_assert_eq!(compact_json(compact.as_bytes()).unwrap(), compact.as_ref());
    }
}
