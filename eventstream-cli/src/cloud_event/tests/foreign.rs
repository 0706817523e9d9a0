//! Events that were not imported have a form, too.

use eventstream_core::Envelope;

use super::*;

fn sealed(change: impl FnOnce(&mut Envelope)) -> Parcel {
    let mut envelope = Envelope::new("i", application(), "t", "application/json");
    envelope.created_at = "2024-05-06T07:08:09Z".parse().unwrap();
    change(&mut envelope);
    Parcel::seal(envelope).unwrap()
}

fn value(parcel: &Parcel, member: &str) -> Option<String> {
    members(&export(parcel)).remove(member)
}

#[test]
fn without_a_handler_the_application_is_the_source() {
    assert_eq!(
        export(&sealed(|_| {})),
        r#"{"specversion":"1.0","id":"i","source":"test","type":"t","time":"2024-05-06T07:08:09Z","datacontenttype":"application/json","correlationid":"i","causationid":"i"}"#
    );
    let key = "d9c72703-fb7e-533a-8299-1e5a2ddcf171";
    let parcel = sealed(|it| it.source_application.key = key.to_owned());
    assert_eq!(value(&parcel, "source"), Some(format!("text urn:uuid:{key}")));
}

#[test]
fn json_that_stands_on_many_lines_is_put_on_one() {
    let parcel = sealed(|it| it.data = "{\n  \"a b\": 1\r\n}\n".into());
    assert_eq!(value(&parcel, "data").unwrap(), r#"{"a b":1}"#);
    assert!(!export(&parcel).contains('\n'));
}

#[test]
fn a_payload_that_is_not_what_it_says_is_written_as_bytes() {
    let parcel = sealed(|it| it.data = "{oops".into());
    assert_eq!(value(&parcel, "data"), None);
    assert_eq!(value(&parcel, "data_base64").unwrap(), "text e29vcHM=");
    let parcel = sealed(|it| {
        it.media_type = "text/plain".into();
        it.data = b"\xff"[..].into();
    });
    assert_eq!(value(&parcel, "data_base64").unwrap(), "text /w==");
}

#[test]
fn an_attribute_cannot_take_the_place_of_a_member() {
    let parcel = sealed(|it| {
        for name in super::super::export::TAKEN {
            it.attributes.insert(name.into(), "forged".into());
            it.attributes.insert(format!("ce:{name}"), "boolean".into());
        }
        it.attributes.insert("x".into(), "kept".into());
        it.attributes.insert("ce:x".into(), "integer".into());
        it.attributes.insert("ce:time".into(), "forged".into());
    });
    let exported = export(&parcel);
    let members = members(&exported);
    assert_eq!(members["id"], "text i");
    assert_eq!(members["x"], "text kept");
    assert_eq!(exported.matches("forged").count(), 0, "{exported}");
}
