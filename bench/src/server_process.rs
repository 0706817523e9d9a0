//! Servers in processes of their own: the bench starts itself once more.
//!
//! What is said goes over the standard streams, a line each: the child says at first where it
//! listens, and then answers each line that it gets. It ends when there are no more.

use std::{
    cell::RefCell,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::allocator::counted;

/// The argument by which the bench is told that it is a server.
pub const SERVE: &str = "--serve";

/// A server in a process of its own, which ends with this.
pub struct Server {
    child: Child,
    lines: RefCell<(Option<ChildStdin>, BufReader<ChildStdout>)>,
    pub port: u16,
}

impl Server {
    /// Starts the server of this name, and waits until it listens.
    pub fn start(name: &str) -> Self {
        let program = std::env::current_exe().expect("the path of this program");
        let mut child = Command::new(program)
            .args([SERVE, name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut server = Self { child, lines: RefCell::new((stdin, stdout)), port: 0 };
        server.port = server.answer().parse().expect("a port");
        server
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Has something done, and returns what came of it.
    pub fn ask(&self, question: &str) -> String {
        self.tell(question);
        self.answer()
    }

    /// Allocations, and the bytes by which what is allocated grows, during something.
    pub fn counted<T>(&self, work: impl FnOnce() -> T) -> (Counts, T) {
        self.ask("count");
        let result = work();
        let answer = self.ask("counted");
        let (allocations, bytes) = answer.split_once(' ').expect("two numbers");
        let [allocations, bytes] =
            [allocations, bytes].map(|number| number.parse().expect("a number"));
        (Counts { allocations, bytes }, result)
    }

    /// The processor time that the server has used.
    pub fn processor_seconds(&self) -> f64 {
        self.ask("processor").parse().expect("a number")
    }

    pub fn tell(&self, line: &str) {
        let mut lines = self.lines.borrow_mut();
        let stdin = lines.0.as_mut().expect("its input");
        writeln!(stdin, "{line}").expect("the server is there");
    }

    pub fn answer(&self) -> String {
        let mut line = String::new();
        self.lines.borrow_mut().1.read_line(&mut line).expect("the server is there");
        assert!(!line.is_empty(), "the server has ended");
        line.trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.lines.borrow_mut().0 = None;
        drop(self.child.wait());
    }
}

/// What was allocated.
#[derive(Clone, Copy)]
pub struct Counts {
    pub allocations: f64,
    pub bytes: f64,
}

/// Answers what the other process asks for, until it asks no more.
pub fn answer_all(port: u16, mut answer: impl FnMut(&str) -> String) {
    println!("{port}");
    let mut lines = std::io::stdin().lines().map_while(Result::ok);
    while let Some(line) = lines.next() {
        match line.as_str() {
            "count" => {
                println!();
                let (stats, _) = counted(|| lines.next());
                let bytes = stats.bytes_allocated as f64 - stats.bytes_deallocated as f64;
                println!("{} {bytes}", stats.allocations + stats.reallocations);
            }
            "processor" => println!("{}", processor_seconds()),
            question => println!("{}", answer(question)),
        }
    }
}

/// Also of threads that have ended; in hundredths, as Linux counts them.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may have spaces.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let times = fields.skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
