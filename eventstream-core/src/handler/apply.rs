use std::future::Future;

use crate::{Event, EventTypes, HandlerError};

/// What a handler does with an event, without the keeping of an offset: that is left to the
/// [`Handler`](crate::Handler) that it is given to.
///
/// `C` is what the handler lends it for the event: an open transaction, in which the offset is
/// advanced, too; or `()`, if the effect is made where there is none.
///
/// Implemented for closures of a context and an event that return a future, and for
/// [`Router`](crate::Router), which decodes events into messages.
///
/// # Contract
///
/// - An effect that is made in the context is made if `apply` returns `Ok` *and* the handler gets
///   its transaction committed. So an event may come more than once, and its effect in the context
///   is there once.
/// - Whatever it does elsewhere may happen more than once.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Apply, Event, HandlerError};
///
/// /// Prints events.
/// #[derive(Clone)]
/// struct Print;
///
/// impl Apply<()> for Print {
///     async fn apply(&mut self, _context: (), event: Event) -> Result<(), HandlerError> {
///         println!("{}", event.parcel.event_type());
///         Ok(())
///     }
/// }
///
/// // The same, as a closure.
/// let print = |_context: (), event: Event| async move {
///     println!("{}", event.parcel.event_type());
///     Ok::<(), HandlerError>(())
/// };
/// # fn check(_: impl Apply<()>) {}
/// # check(print);
/// ```
pub trait Apply<C>: Send {
    /// The types of events that it has something to do with: what its consumer should ask for. As
    /// provided, any.
    fn event_types(&self) -> EventTypes {
        EventTypes::any()
    }

    /// Does what is to be done with an event.
    ///
    /// # Cancel safety
    ///
    /// A [`Consumer`](crate::Consumer) never drops this future: when it is cancelled, it finishes
    /// the event in hand.
    ///
    /// # Errors
    ///
    /// If it could not be done. Nothing of what was done in the context stays then.
    fn apply(
        &mut self,
        context: C,
        event: Event,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

impl<C, F, R> Apply<C> for F
where
    C: Send,
    F: FnMut(C, Event) -> R + Send,
    R: Future<Output = Result<(), HandlerError>> + Send,
{
    fn apply(
        &mut self,
        context: C,
        event: Event,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        self(context, event)
    }
}
