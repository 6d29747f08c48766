//! The page of the book about the results, made of the data alone.

use super::results::{Group, Many, Results, Row};

/// The sandboxes of ours, as the rows name them.
const SANDBOXES: [&str; 3] = ["claude-classic", "claude-node", "minimal"];

/// The commands that are started in every tool.
const COMMANDS: [&str; 3] = ["true", "git status", "node"];

/// What others are compared with.
const OURS: &str = "sbc exec, claude-node";
const CLASSIC: &str = "the classic script";

/// What a number should be at most, and what it is.
struct Goal {
    what: String,
    most: f64,
    unit: &'static str,
    is: f64,
    /// Where the rest goes, when it is missed.
    why: &'static str,
}

impl Goal {
    fn is_met(&self) -> bool {
        self.is <= self.most
    }
}

pub fn page(results: &Results) -> String {
    [
        HEAD.to_owned(),
        machine(results),
        RERUN.to_owned(),
        goals(results),
        losses(results),
        starts(results),
        floor(results),
        peers(results),
        memory(results),
        inside(results),
        scale(results),
        checks(results),
        LIMITS.to_owned(),
    ]
    .join("\n")
}

const HEAD: &str = "# Benchmarks

What a start by sbc costs, beside what people use in its place, in one run on one machine. This page is made of
`tests/bench/results.json`, which a run writes; nothing in it is typed by hand. Look at the ratios: they travel between machines, milliseconds do not.
";

const RERUN: &str = "
To do it again, with the tools that the registries have:

```shell
sh tests/bench/run.sh --peers
```

Without `--peers` it measures what is installed. The script writes data and page anew. Times are wall times of whole processes by hyperfine, without a
shell. Every command has its turn of a few runs, five times over, so that what disturbs the machine meets all of them. A table gives the median and, as
the spread, the times between which half of the runs lie. `cargo bench --bench stages` measures the stages of the compiler one by one, and
`cargo bench --bench mounts` the times that [SBC0810](codes/SBC0810.md) predicts.
";

const LIMITS: &str = "
## What these numbers do not say

- Nothing of how well a tool isolates. The rows are not the same sandbox: see [what each tool gives](#the-other-tools).
- Nothing of other machines. The number of mounts of the host, the kernel and the disk change every row, though not all of them alike.
- Nothing of an agent's own speed: its model takes seconds, and a start happens once a session. It matters where a sandbox is started for each command.
- The first start after a change of the policy compiles it, and the very first one tries what bubblewrap can do. Both happen once, and are not in the tables.
";

const STARTS: &str = "`claude-classic` is the sandbox of the classic script (`tests/bench/classic.sh`, what people write by hand for Claude Code) said as a policy;
a test holds both to the same view. `claude-node` is `inherit \"claude\" \"node\"`, which isolates more; `minimal` is `inherit \"base-dev\"`. Every
project is a small repository in which agents and editors have been, so that what sbc would make for the time of a run is there; the row of a project
without their settings shows what making and removing it adds. `bwrap` is bubblewrap alone with what sbc would give it, and `script` is what `sbc build` writes, run by dash.

";

const FLOOR: &str = "
## Where the time of a start goes

`true` in the sandbox `claude-node`, taken apart. bubblewrap mounts one file system after the other, and reads the kernel's table of all mounts
anew for each: that is the larger part, and nobody who calls bubblewrap gets below it. `sbc exec` adds the first step inside, which is a program
to be loaded, and what it does before and afterwards.

";

/// The rows of a start taken apart that the text speaks of.
pub const LOADED: &str = "a program that does nothing, linked as sbc is";
pub const DIRECT: &str = "bubblewrap, with what sbc gives it";
pub const INSIDE: &str = "the same with sbc as the first step inside";
pub const EXEC: &str = "sbc exec";

const PARTS: &str = "
What `sbc exec` does itself, in a process of its own, so that everything is done for the first time. On top of it come two programs to be loaded: sbc
itself, and once more as the first step inside.

";

fn machine(results: &Results) -> String {
    let mut out = format!("\nMeasured on {}.\n\n| | |\n| --- | --- |\n", results.date);
    for (name, value) in results.machine.iter().chain(&results.versions) {
        out += &format!("| {name} | {value} |\n");
    }
    out
}

/// All goals that the data can answer.
fn all_goals(results: &Results) -> Vec<Goal> {
    let median = |row: &str| results.median("true", row);
    let ratio = |a: &str, b: &str| Some(median(a)? / median(b)?);
    let more = |a: &str, b: &str| Some(median(a)? - median(b)?);
    let mut goals = Vec::new();
    let mut add = |what: String, most: f64, unit: &'static str, is: Option<f64>, why: &'static str| {
        goals.extend(is.map(|is| Goal { what, most, unit, is, why }));
    };
    add(
        "`sbc exec` of claude-classic to the classic script".into(),
        0.85,
        "×",
        ratio("sbc exec, claude-classic", CLASSIC),
        MOUNTS,
    );
    add("`sbc exec` of claude-node to the classic script".into(), 0.6, "×", ratio(OURS, CLASSIC), MOUNTS);
    for name in SANDBOXES {
        let (exec, bwrap, script) = (format!("sbc exec, {name}"), format!("bwrap, {name}"), format!("script, {name}"));
        add(format!("`sbc exec` to bubblewrap alone, {name}"), 1.2, "×", ratio(&exec, &bwrap), LOOKS);
        add(format!("`sbc exec` on top of bubblewrap alone, {name}"), 1.5, " ms", more(&exec, &bwrap), LOOKS);
        add(format!("the script on top of bubblewrap alone, {name}"), 3.0, " ms", more(&script, &bwrap), SHELL);
    }
    let check = |row: &str| results.median("check", row);
    add("`sbc check --no-host` of web-shop".into(), 5.0, " ms", check("check --no-host, web-shop"), KDL);
    add("the same of 1,000 rules".into(), 40.0, " ms", check("check --no-host, 1000 rules"), KDL);
    let mib = |kib: u64| kib as f64 / 1024.0;
    let peak = results.supervisor.as_ref().map(|supervisor| mib(supervisor.peak));
    add("peak memory of the process that waits".into(), 6.0, " MiB", peak, MEMORY);
    let all = results.many.iter().find(|many| many.name == "sbc exec").map(|many| mib(many.supervisors));
    add("memory of 50 of them".into(), 150.0, " MiB", all, MEMORY);
    let large = |large: &str, empty: &str| {
        Some(results.median("large project", large)? / results.median("large project", empty)?)
    };
    let until = large("200,000 files, until it runs", "an empty project, until it runs");
    add(
        "a project of 200,000 files to an empty one, until the command runs".into(),
        1.1,
        "×",
        until,
        "something reads the project first",
    );
    let whole = large("a project of 200,000 files", "an empty project");
    add("the same project, until `sbc exec` ends".into(), 1.1, "×", whole, SEARCH);
    goals
}

const MOUNTS: &str =
    "bubblewrap alone takes less than the script, as its rows show, and what sbc does itself comes on top";
const LOOKS: &str = "two programs more are loaded, and sbc looks at every path of the plan on this host, before bubblewrap and after it \
                     ([taken apart](#where-the-time-of-a-start-goes))";
const SHELL: &str = "a shell tests every path, and it starts a program for what it cannot do itself";
const KDL: &str = "most of it is the parser of KDL";
const SEARCH: &str = "when the command has ended, sbc asks each directory of the project whether it has changed, and looks in those that have for what \
                      the host would obey ([below the root](threat-model.md#below-the-root)); the command is over by then, and the caller waits";
const MEMORY: &str = "the program is linked statically, with its built-in profiles";

fn goals(results: &Results) -> String {
    let mut out = String::from("\n## Goals\n\n| what | at most | is | |\n| --- | --- | --- | --- |\n");
    for goal in all_goals(results) {
        let Goal { what, most, unit, is, .. } = &goal;
        let verdict = if goal.is_met() { "met" } else { "**missed**" };
        out += &format!("| {what} | {most}{unit} | {is:.2}{unit} | {verdict} |\n");
    }
    out
}

/// Where something else is better, and why.
fn losses(results: &Results) -> String {
    let mut out = String::from("\n## Where sbc loses\n\n");
    let missed: Vec<Goal> = all_goals(results).into_iter().filter(|goal| !goal.is_met()).collect();
    let mut reasons: Vec<&str> = Vec::new();
    for goal in &missed {
        if !reasons.contains(&goal.why) {
            reasons.push(goal.why);
        }
    }
    for why in reasons {
        let by_it = missed.iter().filter(|goal| goal.why == why);
        let said =
            by_it.map(|Goal { what, most, unit, is, .. }| format!("**{what}**, {is:.2}{unit} and not {most}{unit}"));
        out += &format!("- {}: {why}.\n", said.collect::<Vec<_>>().join("; "));
    }
    for command in COMMANDS {
        let Some(ours) = results.median(command, OURS) else { continue };
        let faster = results.group(command).into_iter().flat_map(|group| &group.rows);
        let faster = faster.filter(|row| is_peer(results, &row.name) && row.median < ours);
        for Row { name, median, .. } in faster {
            out += &format!("- **{name}** starts `{command}` in {median:.1} ms, {OURS} in {ours:.1} ms.\n");
        }
    }
    if let Some(message) = &results.worktrees {
        out += &format!(
            "- Two sandboxes side by side in worktrees of one repository are refused with this bubblewrap ([SBC0715](codes/SBC0715.md)): “{message}”; separate clones run.\n"
        );
    }
    if let Some((bare, ours)) = results.median("true", "without a sandbox").zip(results.median("true", OURS)) {
        let times = ours / bare;
        out += &format!(
            "- A sandbox is never free: `true` takes {bare:.1} ms without one, and {times:.0} times as long in {OURS}.\n"
        );
    }
    out
}

fn is_peer(results: &Results, name: &str) -> bool {
    results.peers.iter().flat_map(|peer| &peer.settings).any(|(setting, _)| setting == name)
}

/// The starts of each command, the classic script as 1.
fn starts(results: &Results) -> String {
    let mut out = String::from("\n## Starting a command\n\n");
    out += STARTS;
    out += "| sandbox | file systems mounted | words for bubblewrap |\n| --- | --- | --- |\n";
    for sandbox in &results.sandboxes {
        out += &format!("| {} | {} | {} |\n", sandbox.name, sandbox.mounts, sandbox.words);
    }
    for command in COMMANDS {
        let Some(group) = results.group(command) else { continue };
        out += &format!("\n### `{command}`\n\n");
        out += &table(group, results.median(command, CLASSIC), "to the classic script");
    }
    out
}

/// What a start is made of.
fn floor(results: &Results) -> String {
    let mut out = FLOOR.to_owned();
    if let Some(group) = results.group("floor") {
        out += &table(group, results.median("floor", "no sandbox"), "to no sandbox");
    }
    let rows = [LOADED, DIRECT, INSIDE, EXEC].map(|row| results.median("floor", row));
    if let [Some(loaded), Some(direct), Some(inside), Some(exec)] = rows {
        let (first, all) = (inside - direct, exec - direct);
        out += &format!(
            "\n`sbc exec` takes {all:.1} ms on top of bubblewrap with the same arguments. It loads a program twice: as the first step inside, which takes \
             {first:.1} ms, and as the one that waits, where a program that does nothing takes {loaded:.1} ms. The other {:.1} ms are its work.\n",
            all - first - loaded
        );
    }
    if let Some(group) = results.group("parts") {
        out += PARTS;
        out += "| part | median | half of the runs |\n| --- | --- | --- |\n";
        for Row { name, median, low, high, .. } in &group.rows {
            out += &format!("| {name} | {median:.2} ms | {low:.2} to {high:.2} ms |\n");
        }
        let sum: f64 = group.rows.iter().map(|row| row.median).sum();
        out += &format!("| together | {sum:.2} ms | |\n");
    }
    out
}

/// Rows with ratios to one of them, and what failed.
fn table(group: &Group, base: Option<f64>, ratio: &str) -> String {
    let mut out = format!("| | median | half of the runs | {ratio} |\n| --- | --- | --- | --- |\n");
    for Row { name, median, low, high, .. } in &group.rows {
        let ratio = base.map(|base| format!("{:.2}", median / base)).unwrap_or_default();
        out += &format!("| {name} | {median:.2} ms | {low:.2} to {high:.2} ms | {ratio} |\n");
    }
    for (name, message) in &group.failed {
        out += &format!("| {name} | failed | `{}` | |\n", message.replace('`', "'").replace('|', "\\|"));
    }
    let runs = group.rows.iter().map(|row| row.runs).min().unwrap_or_default();
    out + &format!("\nAt least {runs} runs of each.\n")
}

fn peers(results: &Results) -> String {
    let mut out = String::from(
        "\n## The other tools\n\nEach at its plain default, and at the setting nearest to a writable project on a readable system.\n\n",
    );
    out += "| tool | from | what it gives, by its own documents |\n| --- | --- | --- |\n";
    out += "| sbc | this tree | bubblewrap and a system-call filter: nothing is visible or writable but what the policy names |\n";
    for peer in &results.peers {
        out += &format!("| {} | {} | {} |\n", peer.name, peer.package, peer.gives);
    }
    out += "\nThe command lines, with the command after them:\n\n```text\n";
    for (setting, line) in results.peers.iter().flat_map(|peer| &peer.settings) {
        out += &format!("{setting}: {line}\n");
    }
    out += "```\n\nNot measured:\n\n";
    for (name, why) in &results.absent {
        out += &format!("- {name}: {why}.\n");
    }
    out
}

fn memory(results: &Results) -> String {
    let mut out = String::from("\n## Memory, and many at once\n\n");
    if let Some(supervisor) = &results.supervisor {
        out += &format!(
            "The process of sbc that waits for the sandbox has used at most {}, and holds {} (its share of what it has in common with others counted). The first start compiles the policy, and takes at most {}.\n\n",
            mib(supervisor.peak),
            mib(supervisor.share),
            mib(supervisor.first_peak)
        );
    }
    let Some(first) = results.many.first() else { return out };
    out += &format!(
        "{} sandboxes at once, `claude-node`, each in a checkout of its own with an agent that waits:\n\n",
        first.sandboxes
    );
    out += "| | until all run | memory of sbc's processes | of all processes | processes |\n| --- | --- | --- | --- | --- |\n";
    for Many { name, milliseconds, supervisors, all, processes, .. } in &results.many {
        out += &format!("| {name} | {milliseconds:.0} ms | {} | {} | {processes} |\n", mib(*supervisors), mib(*all));
    }
    out
}

fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

/// Pairs of rows, outside and inside.
fn inside(results: &Results) -> String {
    let Some(group) = results.group("inside") else { return String::new() };
    let mut out = String::from(
        "\n## Work inside\n\nThe same work in a repository of 10,000 files, outside and inside of `claude-node`:\n\n",
    );
    out += "| work | outside | inside | inside to outside |\n| --- | --- | --- | --- |\n";
    for row in &group.rows {
        let Some(work) = row.name.strip_suffix(", outside") else { continue };
        let Some(inside) = results.median("inside", &format!("{work}, inside")) else { continue };
        out += &format!("| {work} | {:.2} ms | {inside:.2} ms | {:.2} |\n", row.median, inside / row.median);
    }
    out
}

fn scale(results: &Results) -> String {
    let mut out = String::from("\n## Large projects, and hosts with many mounts\n\n");
    if let Some(group) = results.group("large project") {
        out += &table(group, results.median("large project", "an empty project"), "to the empty one");
    }
    if let Some(group) = results.group("many mounts") {
        out += "\nOn this host as it is, and with 2,048 more mounts in a namespace of their own, `claude-node`:\n\n";
        out += &table(group, results.median("many mounts", "bwrap, as it is"), "to bwrap as it is");
    }
    out
}

fn checks(results: &Results) -> String {
    let Some(group) = results.group("check") else { return String::new() };
    let base = results.median("check", "check --no-host, minimal");
    format!("\n## Checking and comparing\n\n{}", table(group, base, "to minimal"))
}
