//! What the contract leaves open to a stream or a store, the suites do, too.

mod support;

use eventstream_streamtest::{store_suite, stream_suite};
use support::{free::Freedom, free_store::StoreFreedom, remote::Remote, store::Memory};

stream_suite!(mod batches_of_one: Freedom::BatchesOfOne);
stream_suite!(mod refuses_late: Freedom::RefusesLate);
stream_suite!(mod looks_ahead: Freedom::LooksAhead);
stream_suite!(mod takes_its_time: Freedom::TakesItsTime);
stream_suite!(mod remote: Remote);

store_suite!(mod store_batches_of_one: Memory(StoreFreedom::BatchesOfOne));
store_suite!(mod store_refuses_late: Memory(StoreFreedom::RefusesLate));
store_suite!(mod store_looks_ahead: Memory(StoreFreedom::LooksAhead));
store_suite!(mod store_reads_ahead: Memory(StoreFreedom::ReadsAhead));
store_suite!(mod store_sees_what_comes: Memory(StoreFreedom::SeesWhatComes));
store_suite!(mod store_forgets_nothing: Memory(StoreFreedom::ForgetsNothing));
store_suite!(mod store_late_commits_come_last: Memory(StoreFreedom::LateCommitsComeLast));
store_suite!(mod store_takes_its_time: Memory(StoreFreedom::TakesItsTime));
