//! What a run of the benchmarks has found, as it is kept in `tests/bench/results.json`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Results {
    pub date: String,
    /// Facts of the machine, by name.
    pub machine: Vec<(String, String)>,
    /// Programs and their versions.
    pub versions: Vec<(String, String)>,
    /// What each sandbox of ours comes to.
    pub sandboxes: Vec<Sandbox>,
    pub groups: Vec<Group>,
    pub peers: Vec<Peer>,
    /// Peers that could not be had, with the reason.
    pub absent: Vec<(String, String)>,
    pub supervisor: Option<Supervisor>,
    pub many: Vec<Many>,
    /// What sbc says when two worktrees of one repository get a sandbox each, where it refuses the second.
    pub worktrees: Option<String>,
}

/// One sandbox, or what stands beside it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sandbox {
    pub name: String,
    pub mounts: usize,
    /// How many options bubblewrap gets.
    pub words: usize,
}

/// Commands that were measured in turn.
#[derive(Debug, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub rows: Vec<Row>,
    /// Commands that failed, each with its message.
    pub failed: Vec<(String, String)>,
}

/// The wall times of one command in milliseconds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    pub median: f64,
    /// Half of the runs lie between these.
    pub low: f64,
    pub high: f64,
    pub runs: usize,
}

/// Another tool.
#[derive(Debug, Serialize, Deserialize)]
pub struct Peer {
    pub name: String,
    pub package: String,
    /// What it isolates by its own documents.
    pub gives: String,
    /// Its settings here, each with the command line.
    pub settings: Vec<(String, String)>,
}

/// The memory of the process that waits, in KiB.
#[derive(Debug, Serialize, Deserialize)]
pub struct Supervisor {
    /// In the first start, which compiles the policy.
    pub first_peak: u64,
    /// In each one after it.
    pub peak: u64,
    pub share: u64,
}

/// Many sandboxes at once.
#[derive(Debug, Serialize, Deserialize)]
pub struct Many {
    pub name: String,
    pub sandboxes: usize,
    /// Until every command inside runs.
    pub milliseconds: f64,
    /// Memory in KiB, shared pages counted once: of sbc's processes, and of all.
    pub supervisors: u64,
    pub all: u64,
    pub processes: usize,
}

impl Results {
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The median of a row.
    pub fn median(&self, group: &str, row: &str) -> Option<f64> {
        let rows = &self.group(group)?.rows;
        rows.iter().find(|found| found.name == row).map(|row| row.median)
    }
}
