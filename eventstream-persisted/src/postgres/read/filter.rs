use eventstream_core::EventTypes;

/// Which events are read.
#[derive(Clone, Debug)]
pub(in crate::postgres) enum Filter {
    All,
    /// None: nothing can match.
    Nothing,
    Types(Vec<String>),
    Source {
        handler_key: String,
        instance_id: String,
    },
}

impl Filter {
    pub(in crate::postgres) fn for_types(types: &EventTypes) -> Self {
        let Some(names) = types.names() else {
            return Self::All;
        };
        let names: Vec<_> = (names.iter().map(|name| name.as_str().to_owned()))
            .filter(|name| can_be_there(name))
            .collect();
        if names.is_empty() { Self::Nothing } else { Self::Types(names) }
    }

    pub(in crate::postgres) fn for_source(handler_key: &str, instance_id: &str) -> Self {
        // What no handler recorded is found by no source.
        if handler_key.is_empty() || !can_be_there(handler_key) || !can_be_there(instance_id) {
            return Self::Nothing;
        }
        let (handler_key, instance_id) = (handler_key.to_owned(), instance_id.to_owned());
        Self::Source { handler_key, instance_id }
    }
}

/// PostgreSQL can't be asked for text with a NUL character in it, and has none.
fn can_be_there(text: &str) -> bool {
    !text.contains('\0')
}
