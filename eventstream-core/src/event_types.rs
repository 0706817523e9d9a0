use std::{fmt, sync::Arc};

use crate::{Error, EventType, Result};

/// A set of event types, which may be *open*: [`EventTypes::any`]. Cheap to clone.
///
/// What a stream declares is such a set: the types that may appear on it. A stream that declares
/// none is open; it may carry any type, also ones that nobody has seen yet. As a filter, `any()`
/// means all that the stream will ever carry.
///
/// # Examples
///
/// ```
/// use eventstream_core::EventTypes;
///
/// let produced: EventTypes = ["order.placed", "order.paid"].into_iter().collect();
/// let wanted: EventTypes = ["order.paid", "order.sent"].into_iter().collect();
///
/// assert_eq!(wanted.intersection(&produced), EventTypes::from_iter(["order.paid"]));
/// assert_eq!(wanted.intersection(&EventTypes::any()), wanted);
/// assert!(EventTypes::any().is_superset(&wanted));
/// assert!(!produced.is_superset(&wanted));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EventTypes(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Any,
    /// Sorted, without repetition.
    Named(Arc<[EventType]>),
}

impl EventTypes {
    /// The open set: every type, known or not.
    #[must_use]
    pub fn any() -> Self {
        Self(Repr::Any)
    }

    /// The empty set.
    #[must_use]
    pub fn none() -> Self {
        Self(Repr::Named(Arc::new([])))
    }

    /// Whether this is the open set.
    #[must_use]
    pub fn is_any(&self) -> bool {
        matches!(self.0, Repr::Any)
    }

    /// Whether no type at all is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names().is_some_and(<[_]>::is_empty)
    }

    /// The types of the set in the order of their names, or `None` for the open set.
    #[must_use]
    pub fn names(&self) -> Option<&[EventType]> {
        match &self.0 {
            Repr::Any => None,
            Repr::Named(names) => Some(names),
        }
    }

    /// Whether the type of this name is in the set.
    #[must_use]
    pub fn contains(&self, event_type: impl AsRef<str>) -> bool {
        match &self.0 {
            Repr::Any => true,
            Repr::Named(names) => {
                names.binary_search_by(|name| name.as_str().cmp(event_type.as_ref())).is_ok()
            }
        }
    }

    /// Whether every type of `other` is in this set.
    #[must_use]
    pub fn is_superset(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Any, _) => true,
            (Repr::Named(_), Repr::Any) => false,
            (Repr::Named(_), Repr::Named(names)) => names.iter().all(|name| self.contains(name)),
        }
    }

    /// The types that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Repr::Any, _) => other.clone(),
            (_, Repr::Any) => self.clone(),
            (Repr::Named(names), Repr::Named(_)) => {
                names.iter().filter(|name| other.contains(name)).cloned().collect()
            }
        }
    }

    /// The types that are in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Repr::Any, _) | (_, Repr::Any) => Self::any(),
            (Repr::Named(a), Repr::Named(b)) => a.iter().chain(b.iter()).cloned().collect(),
        }
    }

    /// Checks a filter against the types that a stream declares, as
    /// [`EventStream::open`](crate::EventStream::open) has to.
    ///
    /// # Errors
    ///
    /// [`Error::NoEventTypes`] if the filter is empty, [`Error::UnsupportedEventTypes`] with
    /// those types that the stream does not declare.
    pub fn check_supported_by(&self, declared: &Self) -> Result<()> {
        if self.is_empty() {
            return Err(Error::NoEventTypes);
        }
        let unsupported: Self = self
            .names()
            .unwrap_or_default()
            .iter()
            .filter(|name| !declared.contains(name))
            .cloned()
            .collect();
        if unsupported.is_empty() {
            Ok(())
        } else {
            Err(Error::UnsupportedEventTypes { types: unsupported })
        }
    }
}

impl<T: Into<EventType>> FromIterator<T> for EventTypes {
    fn from_iter<I: IntoIterator<Item = T>>(types: I) -> Self {
        let mut names: Vec<EventType> = types.into_iter().map(Into::into).collect();
        names.sort_unstable();
        names.dedup();
        Self(Repr::Named(names.into()))
    }
}

impl<T: Into<EventType>> From<T> for EventTypes {
    fn from(event_type: T) -> Self {
        Self::from_iter([event_type])
    }
}

impl fmt::Debug for EventTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Any => f.write_str("any"),
            Repr::Named(names) => {
                f.debug_set().entries(names.iter().map(EventType::as_str)).finish()
            }
        }
    }
}

/// The names, separated by commas; `any` for the open set.
impl fmt::Display for EventTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(names) = self.names() else {
            return f.write_str("any");
        };
        for (i, name) in names.iter().enumerate() {
            write!(f, "{}{name}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> EventTypes {
        names.iter().copied().collect()
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        assert_eq!(set(&["b", "a", "b"]), set(&["a", "b"]));
        assert_eq!(set(&["b", "a", "b"]).names().map(<[_]>::len), Some(2));
    }

    #[test]
    fn the_open_set_contains_all_and_is_never_empty() {
        let any = EventTypes::any();
        assert!(any.contains("whatever") && !any.is_empty() && any.names().is_none());
        assert!(any.is_superset(&any) && any.is_superset(&set(&["a"])));
        assert!(!set(&["a"]).is_superset(&any));
        assert_eq!(any.union(&set(&["a"])), any);
        assert_eq!(set(&["a"]).union(&any), any);
        assert_eq!(any.intersection(&any), any);
        assert_eq!(any.intersection(&set(&["a"])), set(&["a"]));
    }

    #[test]
    fn named_sets_combine() {
        let (ab, bc) = (set(&["a", "b"]), set(&["b", "c"]));
        assert_eq!(ab.intersection(&bc), set(&["b"]));
        assert_eq!(ab.union(&bc), set(&["a", "b", "c"]));
        assert!(ab.union(&bc).is_superset(&ab));
        assert!(!ab.is_superset(&bc));
        assert!(ab.is_superset(&EventTypes::none()));
        assert!(EventTypes::none().is_empty());
    }

    #[test]
    fn a_filter_is_checked_against_what_is_declared() {
        let declared = set(&["a", "b"]);
        assert!(set(&["a"]).check_supported_by(&declared).is_ok());
        assert!(EventTypes::any().check_supported_by(&declared).is_ok());
        assert!(set(&["z"]).check_supported_by(&EventTypes::any()).is_ok());
        assert!(matches!(
            EventTypes::none().check_supported_by(&EventTypes::any()),
            Err(Error::NoEventTypes)
        ));
        match set(&["a", "y", "z"]).check_supported_by(&declared) {
            Err(Error::UnsupportedEventTypes { types }) => assert_eq!(types, set(&["y", "z"])),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn text_names_the_types() {
        assert_eq!(set(&["b", "a"]).to_string(), "a, b");
        assert_eq!(EventTypes::any().to_string(), "any");
    }
}
