use std::{future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use super::MessageHandler;
use crate::{Event, HandlerError, MarshalError, Message, message::codecs::Codecs};

/// A function, and how its messages are decoded.
pub(super) struct FunctionRoute<H, M, A> {
    pub(super) function: H,
    pub(super) codecs: Codecs<M>,
    pub(super) arguments: PhantomData<fn(A)>,
}

/// Where events of a type go.
pub(super) trait Route<C, S>: Send + Sync {
    /// Decodes the message of an event, and calls what handles it.
    fn call(&self, event: &Event, context: &C, state: &S) -> Result<Handling, MarshalError>;
}

pub(super) type Handling = Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send>>;

impl<C, S, H, M, A> Route<C, S> for FunctionRoute<H, M, A>
where
    H: MessageHandler<C, S, A, Message = M>,
    M: Message,
{
    fn call(&self, event: &Event, context: &C, state: &S) -> Result<Handling, MarshalError> {
        let parcel = &event.parcel;
        let message = self.codecs.unmarshal(parcel.media_type(), &parcel.data())?;
        Ok(self.function.call(message, event, context, state))
    }
}

/// A route from before the router had a state.
pub(super) struct WithoutState<C>(pub(super) Arc<dyn Route<C, ()>>);

impl<C, S> Route<C, S> for WithoutState<C> {
    fn call(&self, event: &Event, context: &C, _state: &S) -> Result<Handling, MarshalError> {
        self.0.call(event, context, &())
    }
}
