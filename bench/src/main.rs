//! Benchmarks of eventstream, side by side with what one would use instead.
//!
//!     cargo run --release --manifest-path bench/Cargo.toml -- [ROW...]
//!
//! Candidates of a row are measured in turns, in several rounds, in one run; a line gives the
//! median, the least and the most of a candidate, and its ratio to the row's first candidate.

mod allocator;
mod measure;
mod rows;
mod server_process;
mod workload;

#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, name] = &wanted[..]
        && serve == server_process::SERVE
    {
        return rows::serve(name);
    }
    let known = rows::all();
    if let Some(unknown) = wanted.iter().find(|name| known.iter().all(|row| row.name != **name)) {
        let names: Vec<_> = known.iter().map(|row| row.name).collect();
        eprintln!("there is no row {unknown}; there are {}", names.join(", "));
        std::process::exit(2);
    }
    for row in known {
        if wanted.is_empty() || wanted.iter().any(|name| name == row.name) {
            println!("\n{}  {}", row.name, row.what);
            (row.run)();
        }
    }
}
