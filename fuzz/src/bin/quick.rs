//! Tries all targets for some seconds, without anything but cargo: each seed as it is, then seeds
//! that are changed at random.
//!
//! ```text
//! quick                 all targets
//! quick TARGET          one of them
//! quick TARGET FILE…    these inputs, as they are
//! ```
//!
//! `EVENTSTREAM_FUZZ` multiplies how often, `EVENTSTREAM_SEED` makes it the same again.

use std::{
    error::Error,
    fs, panic,
    path::{Path, PathBuf},
    process,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use eventstream_fuzz::{TARGETS, Target, mutate::mutated};
use fastrand::Rng;

/// An input that takes longer will take for ever.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is being tried.
static INPUT: Mutex<(&str, Vec<u8>)> = Mutex::new(("", Vec::new()));

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next();
    let files: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let chosen: Vec<Target> = TARGETS
        .into_iter()
        .filter(|target| name.as_ref().is_none_or(|name| target.name == name))
        .collect();
    if chosen.is_empty() {
        let known: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        return Err(format!("there is no such target: name one of {}", known.join(", ")).into());
    }
    let times: u32 = number("EVENTSTREAM_FUZZ")?.unwrap_or(1);
    let seed: u64 = number("EVENTSTREAM_SEED")?.unwrap_or_else(|| fastrand::u64(..));

    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        usual(info);
        give_up(&format!("EVENTSTREAM_SEED={seed}"));
    }));
    let (beat, beats) = mpsc::channel::<()>();
    thread::spawn(move || {
        while beats.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {}
        give_up(&format!("it takes more than {} seconds", PATIENCE.as_secs()));
    });
    for target in chosen {
        let attempt = |input: Vec<u8>| {
            let _ = beat.send(());
            let mut kept = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = (target.name, input);
            let input = kept.1.clone();
            drop(kept);
            (target.check)(&input);
        };
        if !files.is_empty() {
            for file in &files {
                attempt(fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?);
            }
            continue;
        }
        let start = Instant::now();
        let seeds = seeds(&target)?;
        seeds.iter().cloned().for_each(&attempt);
        let mut random = Rng::with_seed(seed);
        let runs = target.runs.saturating_mul(times);
        for _ in 0..runs {
            attempt(mutated(&mut random, &seeds, target.words));
        }
        println!(
            "{}: {} inputs in {:.1?}",
            target.name,
            seeds.len() + runs as usize,
            start.elapsed()
        );
    }
    // The thread that watches is not waited for.
    process::exit(0);
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The inputs that are kept, in the order of their names.
fn seeds(target: &Target) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let entries = fs::read_dir(folder().join("seeds").join(target.name))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.sort();
    files.into_iter().map(|file| Ok(fs::read(file)?)).collect()
}

fn number<T: std::str::FromStr>(variable: &str) -> Result<Option<T>, String> {
    let Ok(text) = std::env::var(variable) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("{variable} has to be a number, and is {text:?}"))
}

/// Keeps the input, says how to try it again, and ends.
fn give_up(why: &str) -> ! {
    // Held until the end, so that it is said once.
    let input = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    let (target, input) = &*input;
    let file = folder().join("artifacts").join(target).join("quick");
    let kept = file.parent().map_or(Ok(()), fs::create_dir_all);
    match kept.and_then(|()| fs::write(&file, input)) {
        Ok(()) => eprintln!(
            "quick: {target} fails ({why}); the input is kept, to be tried again by\n    \
             cargo run --release --manifest-path fuzz/Cargo.toml --no-default-features --features quick --bin quick \
             {target} {}",
            file.display()
        ),
        Err(error) => eprintln!("quick: {target} fails ({why}) for {input:?}, not kept: {error}"),
    }
    process::abort();
}
