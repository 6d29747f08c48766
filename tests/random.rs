//! Random policies: as data, as text, and the same policy written in another order.

use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use sbc::compile::{Compilation, Wanted, compile};
use sbc::source::{Source, SourceKind, Sources};
use sbc::{builtin, emit::script};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A node of KDL. Nothing in a policy has an order but the words of some nodes.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    pub words: Vec<String>,
    /// Whether the order of the words means nothing.
    pub free: bool,
    pub children: Option<Vec<Node>>,
}

/// Section and key, and the statements that can be written about it. The first is the usual one.
type Rule = (&'static str, &'static str, &'static [&'static str]);

const RULES: &[Rule] = &[
    (
        "filesystem",
        "~/data",
        &["ro \"~/data\" missing=\"skip\"", "rw \"~/data\" missing=\"create-dir\"", "deny \"~/data\""],
    ),
    ("filesystem", "~/data/in", &["ro \"~/data/in\" missing=\"skip\" reason=\"it's `needed`\"", "deny \"~/data/in\""]),
    ("filesystem", "~/.tool", &["copy \"~/.tool\" missing=\"skip\"", "ro \"~/.tool\" missing=\"skip\""]),
    (
        "filesystem",
        "~/note",
        &["file \"~/note\" \"of ${USER}\\n'x'\" ", "file \"~/note\" \"\"", "symlink \"~/note\" to=\"data/note\""],
    ),
    ("filesystem", "~/a b'$$c", &["tmpfs \"~/a b'$$c\" size=\"1M\" mode=\"0700\"", "dir \"~/a b'$$c\""]),
    ("filesystem", "~/líne\\nx", &["file \"~/líne\\nx\" \"${PROJECT}\"", "tmpfs \"~/líne\\nx\""]),
    ("filesystem", "~/link", &["symlink \"~/link\" to=\"${HOME}/data\""]),
    ("filesystem", "~/.local", &["remove \"~/.local\"", "ro \"~/.local\" missing=\"skip\""]),
    ("filesystem", ".", &["rw \".\"", "ro \".\""]),
    ("filesystem", "./.env", &["deny \"./.env\"", "file \"./.env\" \"X=1\""]),
    ("filesystem", "./target", &["tmpfs \"./target\" size=\"64M\"", "rw \"./target\" missing=\"create-dir\""]),
    ("filesystem", "./vendor/x", &["ro \"./../beside\" at=\"./vendor/x\" missing=\"skip\""]),
    ("filesystem", "./lock", &["rw \"./lock\" missing=\"create-file\"", "ro \"./lock\" missing=\"skip\""]),
    ("filesystem", "${XDG_CACHE_HOME}/x", &["rw \"${XDG_CACHE_HOME}/x\" missing=\"create-dir\""]),
    ("filesystem", "${XDG_RUNTIME_DIR}/bus", &["ro \"${XDG_RUNTIME_DIR}/bus\" missing=\"skip\""]),
    ("filesystem", "${GIT_COMMON_DIR}", &["rw \"${GIT_COMMON_DIR}\" missing=\"skip\""]),
    (
        "filesystem",
        "${GIT_COMMON_DIR}/worktrees/${GIT_WORKTREE_ID}/x",
        &["ro \"${GIT_COMMON_DIR}/worktrees/${GIT_WORKTREE_ID}/x\" missing=\"skip\""],
    ),
    ("filesystem", "/usr", &["ro \"/usr\""]),
    ("filesystem", "/srv", &["dir \"/srv\"", "tmpfs \"/srv\"", "ro \"/srv\" missing=\"skip\""]),
    ("filesystem", "/dev", &["dev \"/dev\""]),
    ("filesystem", "/dev/kvm", &["device \"/dev/kvm\" missing=\"skip\""]),
    ("filesystem", "/proc", &["proc \"/proc\"", "ro \"/proc\" reason=\"why\""]),
    ("env", "A", &["set A=\"1\"", "set A=\"it's $$(x) ${UID}\\nb\"", "pass \"A\"", "remove \"A\""]),
    ("env", "KEY", &["secret \"KEY\"", "pass \"KEY\""]),
    ("env", "P_*", &["pass \"P_*\""]),
    ("env", "LIST", &["pass \"LIST\"", "set LIST=\"/x:/y\""]),
    ("env", "LIST, put before", &["prepend LIST=\"${HOME}/bin\"", "prepend LIST=\"/opt\""]),
    ("env", "PATH", &["set PATH=\"/usr/bin:/bin\"", "pass \"PATH\""]),
    ("", "network", &["network \"none\"", "network \"host\""]),
    ("isolation", "hostname", &["hostname \"box\"", "hostname \"other\""]),
    ("isolation", "ipc", &["unshare \"ipc\"", "share \"ipc\""]),
    ("isolation", "uts", &["unshare \"uts\"", "share \"uts\""]),
    ("isolation", "terminal", &["terminal \"guarded\"", "terminal \"new-session\""]),
    ("isolation", "lifetime", &["lifetime \"with-parent\"", "lifetime \"detached\""]),
    ("isolation", "nested-sandboxes", &["nested-sandboxes \"deny\"", "nested-sandboxes \"allow\""]),
    ("run", "command", &["command \"/bin/sh\" \"-c\" \"echo $$0 '${HOME}'\"", "command \"tool\""]),
    ("run", "workdir", &["workdir \".\"", "workdir \"~\""]),
    ("limits", "processes", &["processes \"512\"", "processes \"none\""]),
    ("limits", "memory", &["memory \"8G\""]),
    ("limits", "open-files", &["open-files \"256\"", "open-files \"many\""]),
    ("limits", "file-size", &["file-size \"1G\"", "file-size \"100\""]),
    ("assert", "denied", &["denied \"~/.ssh\" \"~/.aws\"", "denied \"~/data\""]),
    ("assert", "not-writable", &["not-writable \"/usr\"", "not-writable \".\""]),
    ("assert", "no-env", &["no-env \"SSH_AUTH_SOCK\"", "no-env \"A\""]),
    ("assert", "network", &["network \"none\""]),
];

/// What one layer says: the profiles that it inherits, and the chosen statement of some rules.
#[derive(Clone, Debug)]
struct Layer {
    inherits: Vec<usize>,
    says: BTreeMap<usize, usize>,
}

/// Layers, and how many of them are sandboxes.
#[derive(Clone, Debug)]
struct Layers {
    all: Vec<Layer>,
    base: bool,
}

const PROFILES: usize = 4;

fn layer(index: usize, most: usize) -> impl Strategy<Value = Layer> {
    let parents = subsequence((0..index.min(PROFILES)).collect::<Vec<_>>(), 0..=index.min(PROFILES));
    let rules = subsequence((0..RULES.len()).collect::<Vec<_>>(), 0..=most);
    let choices = proptest::collection::vec(prop_oneof![12 => Just(0usize), 1 => 1..4usize], RULES.len());
    (parents, rules, choices).prop_map(|(inherits, rules, choices)| Layer {
        inherits,
        says: rules.into_iter().map(|rule| (rule, choices[rule] % RULES[rule].2.len())).collect(),
    })
}

/// A policy of profiles that inherit each other and two sandboxes; most are right, some are wrong.
pub fn policy() -> impl Strategy<Value = Vec<Node>> {
    let layers = (0..PROFILES).map(|index| layer(index, 10)).collect::<Vec<_>>();
    let sandboxes = vec![layer(PROFILES, 8), layer(PROFILES, 8)];
    (layers, sandboxes, proptest::bool::weighted(0.5), proptest::bool::weighted(0.85)).prop_map(
        |(profiles, sandboxes, base, settle)| {
            let mut layers = Layers { all: profiles.into_iter().chain(sandboxes).collect(), base };
            if settle {
                layers.settle();
            }
            layers.nodes()
        },
    )
}

impl Layers {
    fn ancestors(&self, index: usize) -> BTreeSet<usize> {
        let direct = &self.all[index].inherits;
        direct.iter().flat_map(|parent| self.ancestors(*parent).into_iter().chain([*parent])).collect()
    }

    /// Lets the sandboxes decide where profiles disagree.
    fn settle(&mut self) {
        for index in PROFILES..self.all.len() {
            for rule in 0..RULES.len() {
                let said: BTreeSet<usize> = self
                    .ancestors(index)
                    .into_iter()
                    .filter_map(|parent| self.all[parent].says.get(&rule).copied())
                    .collect();
                if said.len() > 1 {
                    self.all[index].says.entry(rule).or_insert(0);
                }
            }
        }
    }

    fn nodes(&self) -> Vec<Node> {
        let name = |index: usize| if index < PROFILES { format!("p{index}") } else { format!("s{}", index - PROFILES) };
        let node = |(index, layer): (usize, &Layer)| {
            let mut inherits: Vec<String> =
                layer.inherits.iter().map(|parent| format!("\"{}\"", name(*parent))).collect();
            if self.base {
                inherits.push("\"base-dev\"".to_owned());
            }
            let kind = if index < PROFILES { "profile" } else { "sandbox" };
            let words = vec![format!("\"{}\"", name(index))];
            Node { name: kind.into(), words, free: false, children: Some(body(layer, inherits)) }
        };
        self.all.iter().enumerate().map(node).collect()
    }
}

fn body(layer: &Layer, inherits: Vec<String>) -> Vec<Node> {
    let mut sections: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
    for (rule, choice) in &layer.says {
        let (section, _, statements) = RULES[*rule];
        let statement = Node { name: statements[*choice].to_owned(), words: Vec::new(), free: false, children: None };
        sections.entry(section).or_default().push(statement);
    }
    let mut body = sections.remove("").unwrap_or_default();
    if !inherits.is_empty() {
        body.push(Node { name: "inherit".into(), words: inherits, free: true, children: None });
    }
    let section = |(name, children): (&str, Vec<Node>)| Node {
        name: name.into(),
        words: Vec::new(),
        free: false,
        children: Some(children),
    };
    body.extend(sections.into_iter().map(section));
    body
}

/// The text of a policy.
pub fn print(nodes: &[Node]) -> String {
    let mut out = String::new();
    for node in nodes {
        let _ = write!(out, "{}", node.name);
        node.words.iter().for_each(|word| out.push_str(&format!(" {word}")));
        match &node.children {
            Some(children) => {
                let _ = writeln!(out, " {{\n{}}}", print(children));
            }
            None => out.push('\n'),
        }
    }
    out
}

/// The same policy with everything in another order.
pub fn shuffled(nodes: &[Node], seed: &mut u64) -> Vec<Node> {
    let mut nodes = nodes.to_vec();
    shuffle(&mut nodes, seed);
    for node in &mut nodes {
        if node.free {
            shuffle(&mut node.words, seed);
        }
        node.children = node.children.as_ref().map(|children| shuffled(children, seed));
    }
    nodes
}

fn shuffle<T>(items: &mut [T], seed: &mut u64) {
    for last in (1..items.len()).rev() {
        // Knuth's generator; its high bits are good enough here.
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, (*seed >> 33) as usize % (last + 1));
    }
}

/// Compiles a policy with local profiles, by their names.
pub fn compiled(text: &str, profiles: &[(String, String)]) -> Compilation {
    let mut sources: Sources = builtin::sources();
    for (name, text) in profiles {
        let name = format!(".agent-sandbox/profiles/{name}.kdl");
        sources.add(Source { kind: SourceKind::Profile, name, text: text.clone().into() });
    }
    sources.add(Source { kind: SourceKind::Policy, name: ".agent-sandbox.kdl".into(), text: text.to_owned().into() });
    compile(&sources, &Wanted::All)
}

/// How random tests run: as many cases, and always the same ones. `PROPTEST_RNG_SEED` and
/// `PROPTEST_CASES` choose others.
pub fn config(cases: u32) -> Config {
    let set = |name| std::env::var_os(name).is_some();
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if !set("PROPTEST_CASES") {
        config.cases = cases;
    }
    if !set("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(20_240_229);
    }
    eprintln!("cases: {}, seed: {}", config.cases, config.rng_seed);
    config
}

/// So many policies that are right.
pub fn right(count: usize) -> Vec<Vec<Node>> {
    let mut runner = TestRunner::new(config(1));
    let strategy = policy();
    let mut found = Vec::new();
    for _ in 0..count * 40 {
        let nodes = strategy.new_tree(&mut runner).expect("a policy").current();
        let compilation = compiled(&print(&nodes), &[]);
        let scripts = || compilation.sandboxes.iter().all(|one| script::emit(&one.plan).is_ok());
        if !compilation.diagnostics.has_errors() && scripts() {
            found.push(nodes);
        }
        if found.len() == count {
            return found;
        }
    }
    panic!("only {} of {count} policies are right", found.len());
}

/// So many scripts of random policies.
pub fn scripts(count: usize) -> Vec<String> {
    let emit = |nodes: Vec<Node>| script::emit(&compiled(&print(&nodes), &[]).sandboxes[0].plan).expect("a script");
    right(count).into_iter().map(emit).collect()
}
