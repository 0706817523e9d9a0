use crate::{Event, HandlerError};

/// What a function of a [`Router`](crate::Router) can ask for besides the message: what can be had
/// from the event, the context `C` that it is applied in, and the router's state `S`.
///
/// There are [`Event`], [`State`] and [`Context`]. It can be implemented for others.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Event, FromEvent, HandlerError};
///
/// /// Whom the event belongs to, as one of its attributes says.
/// struct Tenant(String);
///
/// impl<C, S> FromEvent<C, S> for Tenant {
///     fn from_event(event: &Event, _: &C, _: &S) -> Result<Self, HandlerError> {
///         match event.parcel.attribute("tenant") {
///             Some(tenant) => Ok(Self(tenant.to_owned())),
///             None => Err(HandlerError::Reject("the event has no attribute \"tenant\"".into())),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a router's function can't ask for `{Self}`",
    label = "neither the event, nor a state `{S}`, nor a context `{C}`",
    note = "after the message, it can ask for `Event`, `State<{S}>` (if it is `Clone`), \
            `Context<{C}>`, and what implements `FromEvent<{C}, {S}>`"
)]
pub trait FromEvent<C, S>: Sized {
    /// Takes what it is from an event, and from where it is handled.
    ///
    /// # Errors
    ///
    /// If it is not there. The function is not called then, and counts as one that has failed.
    fn from_event(event: &Event, context: &C, state: &S) -> Result<Self, HandlerError>;
}

/// The event: its offset, and its parcel.
impl<C, S> FromEvent<C, S> for Event {
    fn from_event(event: &Event, _context: &C, _state: &S) -> Result<Self, HandlerError> {
        Ok(event.clone())
    }
}

/// A clone of the router's [state](crate::Router::state): of what all its functions share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State<S>(pub S);

impl<C, S: Clone> FromEvent<C, S> for State<S> {
    fn from_event(_event: &Event, _context: &C, state: &S) -> Result<Self, HandlerError> {
        Ok(Self(state.clone()))
    }
}

/// A clone of the context that the event is handled in: of the open transaction, where there is
/// one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context<C>(pub C);

impl<C: Clone, S> FromEvent<C, S> for Context<C> {
    fn from_event(_event: &Event, context: &C, _state: &S) -> Result<Self, HandlerError> {
        Ok(Self(context.clone()))
    }
}
