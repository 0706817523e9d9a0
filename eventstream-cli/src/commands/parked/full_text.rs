//! A parked event whole, for people.

use eventstream_core::{IdentityRef, Parcel, ParkedEvent};
use eventstream_persisted::SqliteConsumer;

use crate::output::{grouped, plain, plural, second};

/// What is known of it, field by field, and then its data.
pub(super) fn full_text(consumer: &SqliteConsumer, parked: &ParkedEvent) -> Vec<String> {
    let parcel = &parked.event.parcel;
    let named = |it: Option<IdentityRef<'_>>| it.map_or_else(String::new, |it| it.to_string());
    let state = if parked.replaying { "parked, to be replayed" } else { "parked" };
    let mut fields = vec![
        ("offset", grouped(parked.event.offset)),
        ("type", parcel.event_type().to_owned()),
        ("message id", parcel.message_id().to_owned()),
        ("causation id", parcel.causation_id().to_owned()),
        ("correlation id", parcel.correlation_id().to_owned()),
        ("application", parcel.source_application().to_string()),
        ("site", named(parcel.source_site())),
        ("handler", named(parcel.source_handler())),
        ("subject", parcel.source_instance_id().to_owned()),
        ("created at", parcel.created_at_text().to_owned()),
        ("description", parcel.description().to_owned()),
        ("media type", parcel.media_type().to_owned()),
    ];
    fields
        .extend(parcel.attributes().map(|(name, value)| ("attribute", format!("{name}: {value}"))));
    fields.extend([
        ("consumer", consumer.name.clone()),
        ("state", state.to_owned()),
        ("attempts", grouped(parked.attempts.into())),
        ("first failed", second(parked.first_failed_at)),
        ("last failed", second(parked.last_failed_at)),
        ("error", parked.error.clone()),
    ]);
    let fields = fields.iter().filter(|(_, value)| !value.is_empty());
    let mut lines: Vec<String> =
        fields.map(|(name, value)| format!("{name:<14}  {}", plain(value))).collect();
    lines.push(String::new());
    lines.extend(data(parcel));
    lines
}

/// The lines of it as they stand there, if it is text.
fn data(parcel: &Parcel) -> Vec<String> {
    let data = parcel.data();
    let Ok(text) = std::str::from_utf8(&data) else {
        return vec![format!("({} of data)", plural(data.len() as u64, "byte"))];
    };
    if text.is_empty() {
        return vec!["(no data)".to_owned()];
    }
    text.lines().map(|line| plain(line).into_owned()).collect()
}
