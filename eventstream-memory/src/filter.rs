use eventstream_core::{EventTypes, Parcel};

/// Which events a cursor wants, decided by the number that the log gives to a type.
///
/// What was decided for a number is remembered, so that a type's name is compared once.
#[derive(Debug)]
pub(crate) struct Filter {
    types: EventTypes,
    verdicts: Vec<Option<bool>>,
}

impl Filter {
    pub(crate) fn new(types: EventTypes) -> Self {
        Self { types, verdicts: Vec::new() }
    }

    pub(crate) fn types(&self) -> &EventTypes {
        &self.types
    }

    #[inline]
    pub(crate) fn passes_all(&self) -> bool {
        self.types.is_any()
    }

    #[inline]
    pub(crate) fn passes<'a>(
        &mut self,
        type_id: u32,
        parcel: impl FnOnce() -> Option<&'a Parcel>,
    ) -> bool {
        match self.verdicts.get(type_id as usize) {
            Some(Some(verdict)) => *verdict,
            _ => self.decide(type_id as usize, parcel()),
        }
    }

    #[cold]
    fn decide(&mut self, type_id: usize, parcel: Option<&Parcel>) -> bool {
        let Some(parcel) = parcel else { return false };
        let verdict = self.types.contains(parcel.event_type());
        if self.verdicts.len() <= type_id {
            self.verdicts.resize(type_id + 1, None);
        }
        self.verdicts[type_id] = Some(verdict);
        verdict
    }
}
