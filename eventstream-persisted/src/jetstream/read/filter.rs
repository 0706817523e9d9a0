use eventstream_core::{EventTypes, Parcel};

use crate::jetstream::subjects::Subjects;

/// More filters than so many are not given to the server: with several it looks through its index of
/// all subjects for each of its files, and reading all is faster.
const MOST_FILTERS: usize = 1;

/// Which events are wanted.
#[derive(Debug)]
pub(in crate::jetstream) struct Filter {
    wanted: Wanted,
    /// What the server is to look for. Empty: all is read, and looked at here.
    subjects: Vec<String>,
}

#[derive(Debug)]
enum Wanted {
    All,
    Types(EventTypes),
    Source { handler_key: String, instance_id: String },
}

impl Filter {
    pub(in crate::jetstream) fn for_types(
        subjects: &Subjects,
        types: EventTypes,
        has_several_filters: bool,
    ) -> Self {
        let Some(names) = types.names() else {
            return Self { wanted: Wanted::All, subjects: Vec::new() };
        };
        let by_server = has_several_filters && names.len() <= MOST_FILTERS;
        let names = if by_server { names } else { &[] };
        let subjects = names.iter().map(|name| subjects.of_type(name.as_str())).collect();
        Self { subjects, wanted: Wanted::Types(types) }
    }

    pub(in crate::jetstream) fn for_source(
        subjects: &Subjects,
        handler_key: &str,
        instance_id: &str,
        has_several_filters: bool,
    ) -> Self {
        let subjects = if has_several_filters {
            vec![subjects.of_source(handler_key, instance_id)]
        } else {
            vec![]
        };
        let (handler_key, instance_id) = (handler_key.to_owned(), instance_id.to_owned());
        Self { subjects, wanted: Wanted::Source { handler_key, instance_id } }
    }

    /// Whether the server passes events over, which then are not seen here.
    pub(in crate::jetstream) fn is_by_server(&self) -> bool {
        !self.subjects.is_empty()
    }

    pub(in crate::jetstream) fn subjects(&self) -> &[String] {
        &self.subjects
    }

    /// Whether nothing can match.
    pub(in crate::jetstream) fn is_nothing(&self) -> bool {
        matches!(&self.wanted, Wanted::Types(types) if types.is_empty())
    }

    /// Whether an event is wanted: two names can have one hash in a subject.
    pub(in crate::jetstream) fn matches(&self, parcel: &Parcel) -> bool {
        match &self.wanted {
            Wanted::All => true,
            Wanted::Types(types) => types.contains(parcel.event_type()),
            Wanted::Source { handler_key, instance_id } => {
                parcel.source_handler().is_some_and(|handler| handler.key == *handler_key)
                    && parcel.source_instance_id() == instance_id
            }
        }
    }
}
