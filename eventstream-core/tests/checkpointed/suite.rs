//! The conformance suite for handlers, on those with checkpoints. Their effects are made elsewhere,
//! at least once, so the rules about both being one are waived; all others hold.

use std::sync::{Arc, Mutex};

use eventstream_core::{
    Apply, BoxError, Checkpointed, Event, Handler, HandlerError, Identity, MemoryCheckpoints,
    Parcel, Partitioned,
};
use eventstream_streamtest::{HandlerEnv, HandlerHarness, Parcels, Profile, handler_suite};
use tokio::task::yield_now;

/// The type of the events that can't be handled.
const FAILING: &str = "failing";

/// Notes the events' applications and offsets, as if it was another service.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<Vec<(String, u64)>>>);

impl Apply<()> for Service {
    async fn apply(&mut self, _context: (), event: Event) -> Result<(), HandlerError> {
        if event.parcel.event_type() == FAILING {
            return Err("the event is one that fails".into());
        }
        let key = event.parcel.source_application().key.to_owned();
        self.0.lock().map_err(|_| "poisoned")?.push((key, event.offset));
        // The answer takes a while: so whoever looks meanwhile sees that the checkpoint comes later.
        yield_now().await;
        Ok(())
    }
}

#[derive(Default)]
struct World {
    service: Service,
    checkpoints: MemoryCheckpoints,
}

struct Env<H> {
    world: World,
    open: fn(&World) -> H,
}

impl<H: Handler + 'static> HandlerEnv for Env<H> {
    type Handler = H;

    async fn handler(&self) -> Result<H, BoxError> {
        Ok((self.open)(&self.world))
    }

    async fn effects(&self, source: &Identity) -> Result<Vec<u64>, BoxError> {
        let noted = self.world.service.0.lock().map_err(|_| "poisoned")?;
        Ok(noted.iter().filter(|(key, _)| *key == source.key).map(|(_, offset)| *offset).collect())
    }

    fn failing_parcel(&self, _offset: u64, parcels: &mut Parcels) -> Option<Parcel> {
        Some(parcels.make(FAILING))
    }
}

struct Harness<H>(fn(&World) -> H);

impl<H: Handler + 'static> HandlerHarness for Harness<H> {
    type Env = Env<H>;

    async fn start(&self) -> Result<Env<H>, BoxError> {
        Ok(Env { world: World::default(), open: self.0 })
    }

    fn profile(&self) -> Profile {
        const NONE: &str = "parked events are in a store of their own, and their effects elsewhere";
        const TWICE: &str = "an effect is made before its checkpoint is stored";
        Profile::full()
            .without("together::are_seen_together", TWICE)
            .without("parked::is_made_out_of_turn", NONE)
            .without("parked::is_made_once", NONE)
            .without("parked::what_is_not_parked_is_refused", NONE)
            .without("parked::what_fails_again_has_no_effect", NONE)
            .without("replicas::of_two_one_handles_it", TWICE)
            .without("replicas::side_by_side_make_each_effect_once", TWICE)
    }
}

fn checkpointed(world: &World) -> Checkpointed<Service, MemoryCheckpoints> {
    Checkpointed::new(world.service.clone(), world.checkpoints.clone())
}

fn partitioned(world: &World) -> Partitioned<Service, MemoryCheckpoints> {
    // In one partition: the suite wants one order.
    Partitioned::new(world.service.clone(), world.checkpoints.clone()).by(|_| ())
}

handler_suite!(mod in_order: Harness(checkpointed));
handler_suite!(mod by_partitions: Harness(partitioned));
