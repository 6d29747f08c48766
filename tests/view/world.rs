//! A host tree and a policy, as text that can be kept: one node or rule a line.
//!
//! `@` stands for the directory that holds the home, so that absolute paths can be written.

use crate::random::Random;
use std::fmt;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// What a worker makes before it runs a policy.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// `dir PATH MODE`, `file PATH MODE`, `link PATH TARGET`, `fifo PATH MODE`; parents are made.
    pub nodes: Vec<String>,
    /// Rules of `filesystem`.
    pub rules: Vec<String>,
}

/// Where things may lie: the home, the project in it, and a place beside the home.
const BASES: [&str; 3] = ["~", ".", "@/out"];
const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const FILE_MODES: [&str; 8] = ["644", "644", "644", "755", "600", "400", "200", "000"];
const DIRECTORY_MODES: [&str; 8] = ["755", "755", "755", "755", "755", "500", "700", "000"];

impl World {
    pub fn random(random: &mut Random) -> World {
        let mut world = World::default();
        for _ in 0..4 + random.below(12) {
            let path = place(random);
            let node = match random.below(10) {
                0..4 => format!("dir {path} {}", random.pick(&DIRECTORY_MODES)),
                4..7 => format!("file {path} {}", random.pick(&FILE_MODES)),
                7..9 => format!("link {path} {}", target(random)),
                _ => format!("fifo {path} 600"),
            };
            world.nodes.push(node);
        }
        let floor = ["rw \".\"", "ro \".\"", "tmpfs \"~\"", "ro \"/\"", "rw \"@/out\"", "tmpfs \"/\"", "dev \"/dev\""];
        for _ in 0..random.below(4) {
            world.add_rule(random.pick(&floor).to_owned());
        }
        for _ in 0..1 + random.below(7) {
            let rule = rule(random);
            world.add_rule(rule);
        }
        world
    }

    /// The same key twice would be an error.
    fn add_rule(&mut self, rule: String) {
        let key = |rule: &str| {
            let at = rule.split("at=").nth(1).or(rule.split_once(' ').map(|(_, rest)| rest));
            at.and_then(|text| text.split('"').nth(1)).map(str::to_owned)
        };
        if !self.rules.iter().any(|other| key(other) == key(&rule)) {
            self.rules.push(rule);
        }
    }

    /// All worlds with one line less.
    pub fn smaller(&self) -> Vec<World> {
        let without = |lines: &[String], index: usize| {
            let kept = lines.iter().enumerate().filter(|(other, _)| *other != index);
            kept.map(|(_, line)| line.clone()).collect::<Vec<_>>()
        };
        let rules =
            (0..self.rules.len()).map(|index| World { rules: without(&self.rules, index), nodes: self.nodes.clone() });
        let nodes =
            (0..self.nodes.len()).map(|index| World { nodes: without(&self.nodes, index), rules: self.rules.clone() });
        rules.chain(nodes).collect()
    }

    /// Makes the tree. What contradicts an earlier node is left out.
    pub fn make(&self, home: &Path) {
        fs::create_dir_all(home.join("p")).expect("a project");
        fs::create_dir_all(real(home, "@/out")).expect("a directory");
        let mut modes = Vec::new();
        for node in &self.nodes {
            let words: Vec<&str> = node.split(' ').collect();
            let [kind, path, rest] = words.as_slice() else { panic!("not a node: {node}") };
            let path = real(home, path);
            if path.symlink_metadata().is_ok() || fs::create_dir_all(path.parent().expect("a parent")).is_err() {
                continue;
            }
            match *kind {
                "dir" => drop(fs::create_dir(&path)),
                "file" => drop(fs::write(&path, "text\n")),
                "link" => drop(symlink(rest.replace('@', &text(home.parent().expect("a parent"))), &path)),
                "fifo" => drop(std::process::Command::new("mkfifo").arg(&path).status()),
                _ => panic!("not a node: {node}"),
            }
            if *kind != "link" && path.symlink_metadata().is_ok() {
                modes.push((path, u32::from_str_radix(rest, 8).expect("a mode")));
            }
        }
        // Last, the deepest first: a closed directory cannot be filled.
        modes.sort();
        for (path, mode) in modes.into_iter().rev() {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(mode));
        }
    }

    /// The policy's text. `probe` is this program, which has to be there to look.
    pub fn policy(&self, home: &Path, probe: &Path) -> String {
        let base = text(home.parent().expect("a parent"));
        let rules: Vec<String> = self.rules.iter().map(|rule| rule.replace('@', &base)).collect();
        format!(
            "sandbox \"app\" {{\n filesystem {{\n  ro \"{}\" at=\"/probe/run\"\n  proc \"/proc\"\n  {}\n }}\n run {{ workdir \"/\"; }}\n}}\n",
            probe.display(),
            rules.join("\n  ")
        )
    }

    /// The paths worth a look, absolute.
    pub fn paths(&self, home: &Path) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = vec!["/".into(), home.into(), home.join("p"), real(home, "@/out")];
        for node in &self.nodes {
            paths.push(real(home, node.split(' ').nth(1).expect("a path")));
        }
        for rule in &self.rules {
            let quoted: Vec<&str> = rule.split('"').skip(1).step_by(2).collect();
            let is_path = |text: &&&str| text.starts_with(['/', '~', '.', '@']) && !text.contains('=');
            let places: Vec<PathBuf> = quoted.iter().filter(is_path).map(|text| real(home, text)).collect();
            paths.extend(places.iter().filter_map(|path| Some(path.parent()?.to_owned())));
            paths.extend(NAMES.iter().take(2).flat_map(|name| places.iter().map(move |path| path.join(name))));
            paths.extend(places);
        }
        if self.rules.iter().any(|rule| rule.starts_with("dev ")) {
            let names = ["", "null", "zero", "random", "shm", "shm/a", "pts", "fd", "ptmx", "stdin", "none", "none/a"];
            paths.extend(names.iter().map(|name| Path::new("/dev").join(name)));
        }
        paths.sort();
        paths.dedup();
        paths.retain(|path| !path.starts_with("/proc") && !path.starts_with("/probe"));
        paths
    }
}

fn place(random: &mut Random) -> String {
    let mut path = random.pick(&BASES).to_owned();
    for _ in 0..1 + random.below(3) {
        path.push('/');
        path.push_str(random.pick(&NAMES));
    }
    path
}

fn target(random: &mut Random) -> String {
    match random.below(4) {
        0 => random.pick(&NAMES).to_owned(),
        1 => format!("../{}", random.pick(&NAMES)),
        2 => place(random).replace('~', "@/home").replacen("./", "@/home/p/", 1),
        _ => format!("{}/{}", random.pick(&NAMES), random.pick(&NAMES)),
    }
}

fn rule(random: &mut Random) -> String {
    let path = place(random);
    let at = match random.below(3) {
        0 => format!(" at=\"{}\"", if random.percent(30) { "/x/y".to_owned() } else { place(random) }),
        _ => String::new(),
    };
    let missing = random.pick(&[
        "",
        " missing=\"skip\"",
        " missing=\"skip\"",
        " missing=\"create-dir\"",
        " missing=\"create-file\"",
    ]);
    let overlay = std::env::var_os("SBC_BWRAP").is_some();
    match random.below(16) {
        0..4 => format!("ro \"{path}\"{at}{missing}"),
        4..7 => format!("rw \"{path}\"{at}{missing}"),
        7..9 => format!("deny \"{path}\""),
        9 => format!("copy \"{path}\"{at} missing=\"skip\""),
        10 => format!("tmpfs \"{path}\" mode=\"{}\"", random.pick(&["0755", "0700", "0500", "0000"])),
        11 => format!("dir \"{path}\""),
        12 => format!("symlink \"{path}\" to=\"{}\"", target(random)),
        13 => format!("file \"{path}\" \"text\""),
        14 if overlay => format!("overlay \"{path}\"{at} missing=\"skip\""),
        14 => format!("device \"/dev/null\" at=\"{path}\""),
        _ => format!("ro \"{path}\"{missing}"),
    }
}

/// A path of the policy's spelling on the host.
pub fn real(home: &Path, path: &str) -> PathBuf {
    let base = home.parent().expect("a parent");
    match path.split_at(1) {
        ("~", rest) => PathBuf::from(text(home) + rest),
        (".", rest) => PathBuf::from(text(&home.join("p")) + rest),
        ("@", rest) => PathBuf::from(text(base) + rest),
        _ => PathBuf::from(path),
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nodes.iter().try_for_each(|node| writeln!(f, "{node}"))?;
        writeln!(f, "--")?;
        self.rules.iter().try_for_each(|rule| writeln!(f, "{rule}"))
    }
}

/// Worlds on which view and truth once differed, by the name of their file.
pub fn kept() -> Vec<(String, World)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/view/kept");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).map(|files| files.map(|file| file.expect("a file").path()).collect()).unwrap_or_default();
    files.sort();
    let world = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a world");
        let (nodes, rules) = text.split_once("--\n").expect("a line between nodes and rules");
        let lines = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        (
            path.file_name().expect("a name").to_string_lossy().into_owned(),
            World { nodes: lines(nodes), rules: lines(rules) },
        )
    };
    files.iter().map(world).collect()
}
