//! Commands, and their times by hyperfine: a few runs of each in turn, several times over, so that what
//! disturbs the machine meets all of them.

use crate::results::{Group, Row};
use crate::world::World;
use rustix::fs::{SeekFrom, seek};
use rustix::io::{FdFlags, fcntl_setfd};
use serde::Deserialize;
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

/// How often the commands take their turn, at most.
const TURNS: usize = 5;

/// One command.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub words: Vec<String>,
    pub directory: PathBuf,
    /// Descriptors that the command inherits under their numbers, and reads from their beginnings.
    pub held: Vec<OwnedFd>,
    /// Descriptors that it inherits and that have no beginning.
    pub opened: Vec<OwnedFd>,
    /// Words in front of hyperfine, to measure in other surroundings.
    pub around: Vec<String>,
}

/// What hyperfine writes.
#[derive(Deserialize)]
struct Export {
    results: Vec<Measured>,
}

#[derive(Deserialize)]
struct Measured {
    times: Vec<f64>,
}

impl Case {
    pub fn new(name: impl Into<String>, words: &[&str], directory: impl Into<PathBuf>) -> Case {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Case {
            name: name.into(),
            words,
            directory: directory.into(),
            held: Vec::new(),
            opened: Vec::new(),
            around: Vec::new(),
        }
    }

    /// Runs it once; what it said where it failed.
    pub fn fails(&self, world: &World) -> Option<String> {
        let [program, arguments @ ..] = self.words.as_slice() else { return Some("no program".to_owned()) };
        self.inherit(FdFlags::empty());
        let output = world.command(program, &self.directory).args(arguments).output();
        self.inherit(FdFlags::CLOEXEC);
        self.held.iter().for_each(|fd| assert!(seek(fd, SeekFrom::Start(0)).is_ok(), "a file"));
        let output = match output {
            Ok(output) => output,
            Err(error) => return Some(error.to_string()),
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
        // sbc's own messages begin with what is wrong, others' end with it.
        let line = lines.clone().find(|line| line.starts_with('×')).or_else(|| lines.next_back()).unwrap_or_default();
        let line = line.trim_start_matches("× ").replace(&world.home.display().to_string(), "~");
        (!output.status.success()).then(|| format!("{line} ({})", output.status))
    }

    /// The times of some runs, in milliseconds.
    fn measure(&self, world: &World, runs: usize) -> Result<Vec<f64>, String> {
        let export = world.home.join("hyperfine.json");
        let numbers: Vec<String> = self.held.iter().map(|fd| fd.as_raw_fd().to_string()).collect();
        let prepare = format!("{} rewind {}", own_path(), numbers.join(" "));
        let line = self.words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
        let mut words: Vec<&str> = self.around.iter().map(String::as_str).collect();
        words.extend(["hyperfine", "--shell=none", "--style=none", "--warmup=2"]);
        let (program, arguments) = words.split_first().expect("hyperfine");
        let mut hyperfine = world.command(program, &self.directory);
        hyperfine.args(arguments).arg(format!("--runs={runs}")).arg("--prepare").arg(prepare);
        hyperfine.arg("--export-json").arg(&export).arg(line);
        self.inherit(FdFlags::empty());
        let output = hyperfine.output();
        self.inherit(FdFlags::CLOEXEC);
        let output = output.map_err(|error| format!("hyperfine: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        times(&export)
            .ok_or_else(|| "hyperfine has written no times".to_owned())
            .and_then(|mut all| all.pop().ok_or_else(|| "hyperfine has measured nothing".to_owned()))
    }

    fn inherit(&self, flags: FdFlags) {
        self.held.iter().chain(&self.opened).for_each(|fd| fcntl_setfd(fd, flags).expect("a flag"));
    }
}

/// The times of each command in a file of hyperfine's, in milliseconds.
pub fn times(export: &std::path::Path) -> Option<Vec<Vec<f64>>> {
    let export: Export = serde_json::from_str(&fs::read_to_string(export).ok()?).ok()?;
    let in_milliseconds = |measured: Measured| measured.times.iter().map(|seconds| seconds * 1e3).collect();
    Some(export.results.into_iter().map(in_milliseconds).collect())
}

/// Measures commands in turn. Those that fail are left out and named.
pub fn measure(world: &World, name: &str, cases: Vec<Case>) -> Group {
    eprintln!("\n{name}");
    let mut failed = Vec::new();
    let mut kept = Vec::new();
    for case in cases {
        match case.fails(world) {
            Some(message) => failed.push((case.name, message)),
            None => kept.push((case, Vec::new())),
        }
    }
    for turn in 0..turns() {
        // Once forwards, once backwards.
        kept.reverse();
        for (case, all) in &mut kept {
            match case.measure(world, runs().div_ceil(turns())) {
                Ok(times) => all.extend(times),
                Err(message) => eprintln!("  {} failed in turn {turn}: {message}", case.name),
            }
        }
    }
    if turns() % 2 == 1 {
        kept.reverse();
    }
    let rows: Vec<Row> = kept.into_iter().map(|(case, times)| row(case.name, times)).collect();
    Group::new(name, rows, failed)
}

impl Group {
    /// Says at the terminal what was found, too.
    pub fn new(name: &str, rows: Vec<Row>, failed: Vec<(String, String)>) -> Group {
        rows.iter().for_each(|row| eprintln!("  {:<44}{:>9.2} ms", row.name, row.median));
        failed.iter().for_each(|(name, message)| eprintln!("  {name:<44}   failed: {message}"));
        Group { name: name.to_owned(), rows, failed }
    }
}

/// Median and quartiles.
pub fn row(name: String, mut times: Vec<f64>) -> Row {
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times.get(times.len() * part / 4).copied().unwrap_or_default();
    let round = |time: f64| (time * 1e3).round() / 1e3;
    Row { name, median: round(at(2)), low: round(at(1)), high: round(at(3)), runs: times.len() }
}

/// How often each command runs, all turns together.
pub fn runs() -> usize {
    std::env::var("SBC_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(50)
}

/// How often the commands take their turn.
pub fn turns() -> usize {
    runs().clamp(1, TURNS)
}

/// Sets descriptors back to their beginnings: those of a benchmark are shared by all of its runs.
#[allow(unsafe_code, reason = "the numbers are of descriptors that this process has inherited")]
pub fn rewind(numbers: impl Iterator<Item = String>) {
    for number in numbers.filter_map(|number| number.parse().ok()) {
        // SAFETY: nothing else in this process owns or closes it.
        let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
        seek(fd, SeekFrom::Start(0)).expect("a file");
    }
}

pub fn own_path() -> String {
    std::env::current_exe().expect("this program").display().to_string()
}

/// A word as hyperfine splits words.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
