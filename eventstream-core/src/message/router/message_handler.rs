use std::{
    future::{Future, ready},
    pin::Pin,
};

use super::FromEvent;
use crate::{Event, HandlerError, Message};

/// A function that handles messages, as a [`Router`](crate::Router) takes it.
///
/// Implemented for functions and closures that
///
/// - take a [`Message`], and up to four arguments more that are [`FromEvent`];
/// - return a future, as an `async fn` does, of `Result<(), E>`, where `E` is an error of any kind
///   or a [`HandlerError`]: an error of another kind is [`HandlerError::Retry`].
///
/// They can be called by many threads at once, and their futures are `Send`. Nobody else needs to
/// implement it. `Arguments` is there only to tell the functions apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't handle messages",
    label = "not an `async` function of a message and up to four things to be had with it",
    note = "it has to be `async fn(M, ...) -> Result<(), E>`: `M` is a `Message`; up to four \
            arguments follow, of `Event`, `State<{S}>`, `Context<{C}>` and what else implements \
            `FromEvent<{C}, {S}>`; `E` can become a `HandlerError`; and its future is `Send`"
)]
pub trait MessageHandler<C, S, Arguments>: Send + Sync + 'static {
    /// What it handles.
    type Message: Message;

    /// Takes from the event what the function asks for, and calls it.
    ///
    /// # Cancel safety
    ///
    /// That of the function: if the future is dropped, what it was doing is not finished.
    ///
    /// # Errors
    ///
    /// The function's, and those of what it asks for.
    fn call(
        &self,
        message: Self::Message,
        event: &Event,
        context: &C,
        state: &S,
    ) -> Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send>>;
}

macro_rules! impl_message_handler {
    ($($argument:ident)*) => {
        impl<C, S, H, R, E, M, $($argument),*> MessageHandler<C, S, (M, $($argument,)*)> for H
        where
            H: Fn(M, $($argument),*) -> R + Send + Sync + 'static,
            R: Future<Output = Result<(), E>> + Send + 'static,
            E: Into<HandlerError>,
            M: Message,
            $($argument: FromEvent<C, S>,)*
        {
            type Message = M;

            // A function of the message alone asks for nothing else.
            #[allow(unused_variables)]
            fn call(
                &self,
                message: M,
                event: &Event,
                context: &C,
                state: &S,
            ) -> Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send>> {
                let called = self(message, $(
                    match $argument::from_event(event, context, state) {
                        Ok(argument) => argument,
                        Err(error) => return Box::pin(ready(Err(error))),
                    }
                ),*);
                Box::pin(async { called.await.map_err(Into::into) })
            }
        }
    };
}

impl_message_handler!();
impl_message_handler!(A1);
impl_message_handler!(A1 A2);
impl_message_handler!(A1 A2 A3);
impl_message_handler!(A1 A2 A3 A4);
