use std::{collections::HashMap, fmt, marker::PhantomData, sync::Arc};

use super::{
    MessageHandler, Reaction,
    route::{FunctionRoute, Route, WithoutState},
    settings::Settings,
};
use crate::{Apply, Event, EventTypes, HandlerError, Marshaler, Message};

/// Hands the messages of events to functions, by their types.
///
/// A function takes the message, and up to four arguments more, of these:
///
/// - [`Event`]: the offset, and the parcel;
/// - [`State<S>`](crate::State): what all functions share, set with [`state`](Self::state);
/// - [`Context<C>`](crate::Context): what the event is applied in, such as an open transaction;
/// - what else is [`FromEvent`](crate::FromEvent).
///
/// The router is an [`Apply<C>`](Apply): it is given to a [`Handler`](crate::Handler), which keeps
/// the offset. Cheap to clone, if the state is.
///
/// # Contract
///
/// - It has something to do with those [types](Self::event_types) that have a function.
/// - If a type has more than one function, all of them get its events, one after the other in the
///   order that they were registered in, in the same context. Each decodes the message for itself, so
///   they may take it for different Rust types. The first one to fail is the last one to be called,
///   unless failures are [ignored](Self::on_failure).
/// - What happens about a type [without a function](Self::on_unknown), a payload that can't be
///   [decoded](Self::on_undecodable), and a function that [fails](Self::on_failure) are three
///   settings.
///
/// # Examples
///
#[cfg_attr(feature = "json", doc = "```")]
#[cfg_attr(not(feature = "json"), doc = "```text")]
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
///
/// use eventstream_core::{
///     Apply, Event, EventTypes, Identity, Marshaler, Message, Packer, Router, State,
/// };
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct OrderPaid { amount: u64 }
///
/// impl Message for OrderPaid {
///     const TYPE: &'static str = "order.paid";
/// }
///
/// async fn paid(
///     message: OrderPaid,
///     event: Event,
///     State(total): State<Arc<AtomicU64>>,
/// ) -> Result<(), std::io::Error> {
///     println!("{} was paid at {}", message.amount, event.parcel.created_at_text());
///     total.fetch_add(message.amount, Ordering::Relaxed);
///     Ok(())
/// }
///
/// let total = Arc::new(AtomicU64::new(0));
/// let mut router = Router::new(Marshaler::json()).state(total.clone()).on(paid);
/// assert_eq!(router.event_types(), EventTypes::from("order.paid"));
///
/// let packer = Packer::new(Identity::new("shop", "key"), Marshaler::json());
/// let event = Event::new(0, packer.pack(&OrderPaid { amount: 30 })?);
/// router.apply((), event).await.expect("nothing can fail here");
/// assert_eq!(total.load(Ordering::Relaxed), 30);
/// # Ok::<(), eventstream_core::MarshalError>(())
/// # }).unwrap();
/// ```
pub struct Router<C = (), S = ()> {
    marshaler: Marshaler,
    state: S,
    routes: Arc<Routes<C, S>>,
    settings: Settings,
}

/// By the bytes of the event type: they are not checked as text for each event.
type Routes<C, S> = HashMap<&'static [u8], Vec<Arc<dyn Route<C, S>>>>;

impl<C> Router<C> {
    /// Without functions, and without state.
    #[must_use]
    pub fn new(marshaler: Marshaler) -> Self {
        let routes = Arc::default();
        Self { marshaler, state: (), routes, settings: Settings::DEFAULT }
    }
}

impl<C: 'static> Router<C> {
    /// With a state that functions can ask for, as [`State<S>`](crate::State).
    ///
    /// Each gets a clone. So a state that changes is an `Arc` of something with a lock. Functions
    /// that ask for it are registered afterwards.
    #[must_use]
    pub fn state<S>(self, state: S) -> Router<C, S> {
        let stateless = |route: &Arc<dyn Route<C, ()>>| -> Arc<dyn Route<C, S>> {
            Arc::new(WithoutState(route.clone()))
        };
        let routes = self
            .routes
            .iter()
            .map(|(name, routes)| (*name, routes.iter().map(stateless).collect()))
            .collect();
        Router {
            marshaler: self.marshaler,
            state,
            routes: Arc::new(routes),
            settings: self.settings,
        }
    }
}

impl<C, S> Router<C, S> {
    /// Registers a function for the messages of the type of its first argument.
    ///
    /// A type may have more functions than one: see the [contract](Self#contract).
    #[must_use]
    pub fn on<H, A>(mut self, function: H) -> Self
    where
        H: MessageHandler<C, S, A>,
        A: 'static,
    {
        let codecs = self.marshaler.codecs::<H::Message>();
        let route = FunctionRoute { function, codecs, arguments: PhantomData };
        let name = <H::Message as Message>::TYPE.as_bytes();
        Arc::make_mut(&mut self.routes).entry(name).or_default().push(Arc::new(route));
        self
    }

    /// What happens about an event of a type without a function. As provided, it is ignored, and
    /// logged at the level of debugging.
    #[must_use]
    pub fn on_unknown(mut self, reaction: Reaction) -> Self {
        self.settings.unknown = reaction;
        self
    }

    /// What happens about an event whose message can't be decoded: because its payload is damaged or
    /// of another version, or because its media type is not one that the marshaler knows. As
    /// provided, it is rejected. Where it is ignored, a warning is logged.
    #[must_use]
    pub fn on_undecodable(mut self, reaction: Reaction) -> Self {
        self.settings.undecodable = reaction;
        self
    }

    /// What happens about an event that a function has failed for. As provided, it is what the
    /// function says.
    ///
    /// Where it is ignored, a warning is logged, and **what the function did in the context before it
    /// failed is kept**. A [conflict](HandlerError::Conflict) is never ignored, nor made another
    /// error.
    #[must_use]
    pub fn on_failure(mut self, reaction: Reaction) -> Self {
        self.settings.failure = Some(reaction);
        self
    }

    /// The types that have a function: what the consumer should ask for.
    #[must_use]
    pub fn event_types(&self) -> EventTypes {
        // They were text.
        self.routes.keys().filter_map(|name| std::str::from_utf8(name).ok()).collect()
    }
}

impl<C, S> Apply<C> for Router<C, S>
where
    C: Clone + Send + 'static,
    S: Send,
{
    fn event_types(&self) -> EventTypes {
        self.event_types()
    }

    async fn apply(&mut self, context: C, event: Event) -> Result<(), HandlerError> {
        let Some(routes) = self.routes.get(event.parcel.event_type_bytes()) else {
            return self.settings.unknown(&event);
        };
        for route in routes {
            let called = route.call(&event, &context, &self.state);
            match called {
                Ok(handling) => {
                    if let Err(error) = handling.await {
                        self.settings.failed(&event, error)?;
                    }
                }
                Err(error) => self.settings.undecodable(&event, error)?,
            }
        }
        Ok(())
    }
}

impl<C, S: Clone> Clone for Router<C, S> {
    fn clone(&self) -> Self {
        Self {
            marshaler: self.marshaler.clone(),
            state: self.state.clone(),
            routes: self.routes.clone(),
            settings: self.settings,
        }
    }
}

impl<C, S> fmt::Debug for Router<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("event_types", &self.event_types())
            .field("settings", &self.settings)
            .field("marshaler", &self.marshaler)
            .finish_non_exhaustive()
    }
}
