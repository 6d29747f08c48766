//! What the view says of a world beside what a probe in the real sandbox finds.

use crate::probe;
use crate::world::World;
use sbc::compile::{Wanted, compile};
use sbc::diagnostic::Diagnostics;
use sbc::host::Host;
use sbc::invocation::{self, Form};
use sbc::mounts::Provider;
use sbc::project;
use sbc::space::Node;
use sbc::view::{Effect, Kind, Seen, View};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use walkdir::WalkDir;

pub enum Outcome {
    /// sbc refused it before bubblewrap ran.
    Refused,
    Compared {
        paths: u64,
        differences: Vec<String>,
    },
}

/// What is expected of one path.
#[derive(Debug, PartialEq)]
struct Expected {
    path: PathBuf,
    kind: &'static str,
    read: bool,
    execute: bool,
    link: Option<PathBuf>,
    write: bool,
    /// Where a mark reaches the host.
    reaches: Option<PathBuf>,
}

/// Empties a directory, closed ones in it included.
pub fn clear(directory: &Path) {
    open_up(directory);
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let is_directory = path.is_dir() && !path.is_symlink();
        if is_directory { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("an end");
    }
}

/// Lets everything below a directory be read and removed.
fn open_up(directory: &Path) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
            open_up(&entry.path());
        } else if kind.is_file() {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o600)).expect("a mode");
        }
    }
}

/// Runs a world's policy and compares. The world has been made.
pub fn compare(world: &World, home: &Path) -> Outcome {
    let root = home.join("p");
    let this = std::env::current_exe().expect("this program");
    let policy = root.join(project::POLICY);
    if fs::write(&policy, world.policy(home, &this)).is_err() {
        return Outcome::Refused;
    }
    let mut out = Diagnostics::default();
    let project = project::load(&root, &mut out);
    let compilation = compile(&project.sources, &Wanted::All);
    let Some(compiled) = compilation.sandboxes.first().filter(|_| !compilation.diagnostics.has_errors()) else {
        return Outcome::Refused;
    };
    let host = Host::read(&root).expect("a host");
    let (_, view) = invocation::resolve(compiled, &host, &mut out);
    if out.has_errors() {
        return Outcome::Refused;
    }
    let paths = world.paths(home);
    let mut expected: Vec<Expected> = paths.iter().map(|path| expect(&view, path)).collect();
    // What `sbc exec` mounts has fewer mounts, and the same view.
    let (started, optimised) = invocation::resolve_as(Form::Optimised, compiled, &host, &mut out);
    let changed: Vec<String> = expected
        .iter()
        .map(|written| (written, expect(&optimised, &written.path)))
        .filter(|(written, optimised)| *written != optimised)
        .map(|(written, optimised)| format!("{written:?}\n    optimised: {optimised:?} by {:?}", started.changes))
        .collect();
    if !changed.is_empty() {
        return Outcome::Compared { paths: 0, differences: changed };
    }
    // Nothing is compared that the kernel makes up.
    expected.retain(|one| one.kind != "kernel");
    let (answers, complaint) = run(&root, &compiled.plan.hash(), &expected);
    let marks = marks(home.parent().expect("a parent"));
    let mut differences = Vec::new();
    let (looks, writes) = answers.split_at(answers.len() / 2);
    // What has to be made may not be to be made; then nothing runs.
    if complaint.starts_with("SBC0603") {
        return Outcome::Refused;
    }
    if looks.len() != expected.len() {
        let mut text = String::new();
        out.sorted().iter().for_each(|diagnostic| text.push_str(&diagnostic.title));
        return Outcome::Compared { paths: 0, differences: vec![format!("did not run: {complaint}{text}")] };
    }
    for (id, ((expected, look), write)) in expected.iter().zip(looks).zip(writes).enumerate() {
        let reached = marks.get(&probe::mark(id));
        let link = expected.link.as_ref().map_or(probe::NO.to_owned(), |to| to.display().to_string());
        let view = format!(
            "{} read={} execute={} link={link} write={} reaches={:?}",
            expected.kind, expected.read, expected.execute, expected.write, expected.reaches
        );
        let words: Vec<&str> = look.splitn(5, ' ').collect();
        let ["look", kind, read, execute, link] = words.as_slice() else { panic!("not an answer: {look}") };
        let truth = format!(
            "{kind} read={read} execute={execute} link={link} write={} reaches={reached:?}",
            write.trim_start_matches("write ")
        );
        if view != truth {
            differences.push(format!("{}\n    view:  {view}\n    truth: {truth}", expected.path.display()));
        }
    }
    Outcome::Compared { paths: expected.len() as u64, differences }
}

fn expect(view: &View<'_>, path: &Path) -> Expected {
    let seen = view.look(path);
    let link = match view.look_at_link(path).kind {
        Kind::Link { to } => Some(to),
        Kind::Host { source, node: Node::Link } | Kind::Overlay { source, node: Node::Link } => {
            fs::read_link(source).ok()
        }
        _ => None,
    };
    let kind = kind(&seen);
    let reaches = match &seen.effect {
        Some(Effect::Host(source)) if kind != "channel" && kind != "device" => Some(source.clone()),
        _ => None,
    };
    let (access, write) = (seen.access, seen.access.write);
    Expected { path: path.to_owned(), kind, read: access.read, execute: access.execute, link, write, reaches }
}

fn kind(seen: &Seen<'_, '_>) -> &'static str {
    let of = |node: &Node| match node {
        Node::File => "file",
        Node::Directory => "directory",
        Node::Device => "device",
        Node::Channel => "channel",
        node => panic!("{node:?} at {}", seen.path.display()),
    };
    match &seen.kind {
        Kind::Absent => "absent",
        Kind::Circle => "circle",
        Kind::Unreachable => "unreachable",
        Kind::Made | Kind::Memory => "directory",
        Kind::Host { node, .. } | Kind::Overlay { node, .. } => of(node),
        Kind::Copy { .. } | Kind::Text => "file",
        Kind::Masked => match seen.mount.map(|mount| &mount.provider) {
            Some(Provider::Denied { file: true, .. }) => "device",
            _ => "directory",
        },
        Kind::Device => "device",
        Kind::Kernel => "kernel",
        Kind::Link { to } => panic!("a link to {} was not followed", to.display()),
    }
}

/// The probe's lines, and what sbc complains of.
fn run(root: &Path, plan: &str, expected: &[Expected]) -> (Vec<String>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sbc"));
    command.args(["exec", "--trust", &format!("sha256:{plan}"), "--", "/probe/run", "--probe"]).current_dir(root);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sbc");
    let mut stdin = child.stdin.take().expect("a pipe");
    for one in expected {
        let _ = writeln!(stdin, "{}", one.path.display());
    }
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    let lines = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    (lines, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Where each mark is found on the host: in a file, or as a file's name.
fn marks(base: &Path) -> BTreeMap<String, PathBuf> {
    open_up(base);
    let mut found = BTreeMap::new();
    for entry in WalkDir::new(base) {
        let entry = entry.expect("an entry");
        if !entry.file_type().is_file() {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("probe-") {
            found.insert(name, entry.path().parent().expect("a parent").to_owned());
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let ids = text.split("probe-").skip(1).filter_map(|rest| rest.split_once('.'));
        for (id, _) in ids.filter(|(id, _)| id.bytes().all(|byte| byte.is_ascii_digit())) {
            found.insert(format!("probe-{id}."), entry.path().to_owned());
        }
    }
    found
}
