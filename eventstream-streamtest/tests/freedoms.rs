//! What the contract leaves open to a stream, the suite does, too.

mod support;

use eventstream_streamtest::stream_suite;
use support::{free::Freedom, remote::Remote};

stream_suite!(mod batches_of_one: Freedom::BatchesOfOne);
stream_suite!(mod refuses_late: Freedom::RefusesLate);
stream_suite!(mod looks_ahead: Freedom::LooksAhead);
stream_suite!(mod takes_its_time: Freedom::TakesItsTime);
stream_suite!(mod remote: Remote);
