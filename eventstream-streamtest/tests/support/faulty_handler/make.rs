use eventstream_streamtest::Timing;

use super::{HandlerFault, handler::FaultyHandler};
use crate::support::handler::{Make, Table};

/// Opens handlers that all have the same fault, or none.
#[derive(Clone)]
pub struct FaultyHandlers {
    fault: Option<HandlerFault>,
    timing: Timing,
}

impl FaultyHandlers {
    pub fn new(fault: Option<HandlerFault>, timing: Timing) -> Self {
        Self { fault, timing }
    }
}

impl Make for FaultyHandlers {
    type Handler = FaultyHandler;

    fn handler(&self, table: &Table) -> FaultyHandler {
        FaultyHandler::new(self.fault, table.clone())
    }

    fn timing(&self) -> Timing {
        self.timing
    }
}
