//! Measuring candidates in turns.

use std::time::{Duration, Instant};

/// How often each candidate is measured, after one turn that does not count.
const ROUNDS: usize = 7;

/// What is measured: a figure, of which more is better unless the unit says otherwise.
type Measure<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// The candidates of a row.
pub struct Candidates<'a> {
    unit: &'static str,
    candidates: Vec<(String, Measure<'a>)>,
}

impl<'a> Candidates<'a> {
    pub fn new(unit: &'static str) -> Self {
        Self { unit, candidates: Vec::new() }
    }

    pub fn add(mut self, name: impl Into<String>, measure: impl FnMut() -> f64 + 'a) -> Self {
        self.candidates.push((name.into(), Box::new(measure)));
        self
    }

    /// Measures, and prints a line for each candidate.
    pub fn run(mut self) {
        let mut figures = vec![Vec::new(); self.candidates.len()];
        for round in 0..=ROUNDS {
            for ((_, measure), figures) in self.candidates.iter_mut().zip(&mut figures) {
                let figure = measure();
                if round > 0 {
                    figures.push(figure);
                }
            }
        }
        let mut first = None;
        for ((name, _), figures) in self.candidates.iter().zip(&mut figures) {
            figures.sort_by(f64::total_cmp);
            let median = figures[figures.len() / 2];
            let first = *first.get_or_insert(median);
            println!(
                "    {name:<38} {:>10} {}  ({} to {})  × {:.2}",
                short(median),
                self.unit,
                short(figures[0]),
                short(figures[figures.len() - 1]),
                median / first,
            );
        }
    }
}

/// Events per second.
pub fn rate(events: u64, elapsed: Duration) -> f64 {
    events as f64 / elapsed.as_secs_f64()
}

/// Runs something `events` times over, or on so many events, and returns the rate.
pub fn timed(events: u64, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    rate(events, start.elapsed())
}

/// The processor time that this process has used, in nanoseconds: where the machine does other things
/// too, it says more than the time that went by. Zero where the system doesn't tell.
pub fn processor_nanos() -> u64 {
    let of_thread = |thread: std::fs::DirEntry| {
        let times = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        times.split(' ').next()?.parse::<u64>().ok()
    };
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    threads.filter_map(|thread| of_thread(thread.ok()?)).sum()
}

/// The value that a part of the samples lies below.
pub fn percentile(samples: &mut [f64], part: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[((samples.len() - 1) as f64 * part) as usize]
}

fn short(figure: f64) -> String {
    match figure {
        f if f >= 1e6 => format!("{:.1} M", f / 1e6),
        f if f >= 1e4 => format!("{:.0} k", f / 1e3),
        f if f >= 100.0 => format!("{f:.0}"),
        f => format!("{f:.2}"),
    }
}
