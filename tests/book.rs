//! The book and the README say what is so.

use crate::revision::repository;
use crate::support::{Output, Project, run};
use sbc::builtin::{self, Group};
use sbc::card::{self, Card};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block of a page.
pub struct Block {
    /// The page and the line, for messages.
    pub place: String,
    /// `kdl`, and what stands after it.
    pub words: Vec<String>,
    pub text: String,
}

impl Block {
    /// The code that the block must fail with, if it must.
    pub fn must_fail(&self) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix("must-fail="))
    }
}

/// Every policy in the book and the README compiles, or fails with the code that it names.
///
/// `kdl` is a whole file. `kdl,fragment` is a part of a body, `kdl,profile` the text of
/// a built-in profile. `kdl,must-fail=SBC0301` fails so.
#[test]
fn policies_compile() {
    let blocks: Vec<Block> = pages().iter().flat_map(|page| blocks(page)).collect();
    let policies: Vec<&Block> = blocks.iter().filter(|block| block.words.first().is_some_and(|w| w == "kdl")).collect();
    assert!(policies.len() > 20, "only {} policies found", policies.len());
    let wrong: Vec<String> = policies.iter().filter_map(|block| wrong(block)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a block, if anything.
fn wrong(block: &Block) -> Option<String> {
    let mut text = block.text.clone();
    let mut expected = None;
    let mut levels = ["--deny", "warnings"];
    for word in block.words.iter().skip(1) {
        match word.strip_prefix("must-fail=") {
            Some(code) => expected = Some(code),
            None if word == "fragment" => text = format!("sandbox \"x\" {{\n{text}}}\n"),
            // Warnings are about what somebody could write otherwise.
            None if word == "profile" => {
                text = text.replacen("\nprofile \"", "\nsandbox \"", 1);
                levels = ["--allow", "warnings"];
            }
            None => return Some(format!("{}: `{word}` is not known after ```kdl", block.place)),
        }
    }
    let Output { code, stderr, .. } = Project::new(&text).sbc(&[&["check", "--no-host"][..], &levels].concat());
    match expected {
        None if code == 0 => None,
        Some(expected) if code == 1 && codes(&stderr) == BTreeSet::from([expected]) => None,
        None => Some(format!("{}: does not compile:\n{stderr}", block.place)),
        Some(expected) => Some(format!("{}: does not fail with {expected} alone:\n{stderr}", block.place)),
    }
}

/// The codes that head the messages of a run.
fn codes(stderr: &str) -> BTreeSet<&str> {
    let is_code = |line: &&str| line.len() == 7 && line.starts_with("SBC");
    stderr.lines().filter(is_code).collect()
}

/// A message that is printed below a policy or below commands that fail is the real one.
///
/// `SBC_UPDATE=1` writes the messages anew.
#[test]
fn messages_are_real() {
    let mut count = 0;
    for page in pages() {
        let all = blocks(&page);
        let mut policy = "";
        let mut anew = Vec::new();
        for pair in all.windows(2) {
            let [wrong, message] = pair else { continue };
            let first = wrong.words.first().map_or("", String::as_str);
            if first == "kdl" {
                policy = &wrong.text;
            }
            let Some(code) = wrong.must_fail().filter(|_| message.words == ["text"]) else { continue };
            count += 1;
            let said = if first == "sh" { after_commands(policy, &wrong.text) } else { after_check(policy) };
            assert!(codes(&said).contains(code), "{}: {said}", wrong.place);
            if std::env::var_os("SBC_UPDATE").is_some() {
                anew.push((message, said));
            } else {
                assert_eq!(said, message.text, "{}", message.place);
            }
            policy = "";
        }
        // From the end, so that the lines before keep their numbers.
        anew.iter().rev().for_each(|(message, said)| replace_block(&page, message, said));
    }
    assert!(count > 0, "no message found");
}

/// What the pages show of `sbc diff main` is what it prints for the policies on them.
///
/// `SBC_UPDATE=1` writes it anew.
#[test]
fn diffs_are_real() {
    let policies = |page: &Path| -> Vec<String> {
        blocks(page).into_iter().filter(|block| block.words == ["kdl"]).map(|block| block.text).collect()
    };
    let page = root().join("book/src/diff.md");
    let all = policies(&page);
    diff_is_real(&page, &all[0], &all[1]);
    let page = root().join("book/src/getting-started.md");
    let first = &policies(&page)[0];
    let widened = first.replace("    filesystem {\n", "    filesystem {\n        ro \"~/.config/team-lint\"\n");
    diff_is_real(&page, first, &widened);
}

/// The first block that starts with `$ sbc diff main` shows what becomes of one policy.
fn diff_is_real(page: &Path, before: &str, after: &str) {
    let project = repository(before);
    project.write(".agent-sandbox.kdl", after);
    let command = "$ sbc diff main\n";
    let said = command.to_owned() + &project.sbc(&["diff", "main"]).code(0).stdout;
    let shown = blocks(page).into_iter().find(|block| block.text.starts_with(command)).expect("a diff");
    if std::env::var_os("SBC_UPDATE").is_some() {
        replace_block(page, &shown, &said);
    } else {
        assert_eq!(said, shown.text, "{}", shown.place);
    }
}

/// What is printed below commands that answer something (`sh,answers`) is what they print, in a project
/// with the policy above.
///
/// `SBC_UPDATE=1` writes the answers anew.
#[test]
fn answers_are_real() {
    let mut count = 0;
    for page in pages() {
        let all = blocks(&page);
        let mut policy = "";
        let mut anew = Vec::new();
        for pair in all.windows(2) {
            let [commands, answer] = pair else { continue };
            if commands.words == ["kdl"] {
                policy = &commands.text;
            }
            if commands.words != ["sh", "answers"] {
                continue;
            }
            assert_eq!(answer.words, ["text"], "{}: an answer comes next", answer.place);
            count += 1;
            // Where no profile has a rule for a directory above the home.
            let project = Project::below(Path::new("/var/tmp"), "work");
            let output = run_commands(project, policy, &commands.text);
            assert_eq!(output.stderr, "", "{}", commands.place);
            if std::env::var_os("SBC_UPDATE").is_some() {
                anew.push((answer, output.stdout));
            } else {
                assert_eq!(output.stdout, answer.text, "{}", answer.place);
            }
        }
        // From the end, so that the lines before keep their numbers.
        anew.iter().rev().for_each(|(answer, said)| replace_block(&page, answer, said));
    }
    assert!(count > 3, "only {count} answers found");
}

/// What `sbc check` says of a policy.
fn after_check(policy: &str) -> String {
    Project::new(policy).sbc(&["check", "--no-host"]).stderr
}

/// What the last of some commands says on standard error.
fn after_commands(policy: &str, commands: &str) -> String {
    let user = run(std::process::Command::new("id").arg("-un")).stdout;
    // When the messages are written anew, this is root.
    let user = if user == "root\n" { "sbc-test" } else { user.trim_end() };
    run_commands(Project::empty(), policy, commands).stderr.replace(&format!("`{user}`"), "`me`")
}

/// What the last of some commands prints, in a project that has this policy, if any.
fn run_commands(project: Project, policy: &str, commands: &str) -> Output {
    if !policy.is_empty() {
        project.write(".agent-sandbox.kdl", policy);
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_sbc")).parent().unwrap();
    let (before, last) = commands.trim_end().rsplit_once('\n').unwrap_or(("", commands.trim_end()));
    // When the messages are written anew, this is root.
    let is_root = rustix::process::geteuid().is_root();
    let mut shell = project.command(if is_root { "setpriv" } else { "sh" });
    if is_root {
        assert!(run(project.command("chown").args(["-R", "sbc-test:"]).arg(project.home.parent().unwrap())).code == 0);
        shell.args(["--reuid", "sbc-test", "--regid", "sbc-test", "--clear-groups", "sh"]);
    }
    shell.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    shell.args(["-c", &format!("{{\n{before}\n:\n}} 2>/dev/null\n{last}")]);
    let said = run(&mut shell);
    // So that the directory can be removed.
    run(project.command("chmod").args(["-R", "u+rwX", "."]));
    let named = |text: String| text.replace(project.home.to_str().unwrap(), "/home/me");
    Output { stdout: named(said.stdout), stderr: named(said.stderr), ..said }
}

/// Puts a new text into a block of a page.
fn replace_block(page: &Path, block: &Block, text: &str) {
    let line: usize = block.place.rsplit(':').next().unwrap().parse().unwrap();
    let old = read(page);
    let mut lines: Vec<&str> = old.lines().collect();
    lines.splice(line..line + block.text.lines().count(), text.lines());
    fs::write(page, lines.join("\n") + "\n").unwrap();
}

/// The excerpts of scripts are parts of the script of the last policy before them, or of the one in
/// the introduction.
#[test]
fn script_excerpts_are_real() {
    let introduction = blocks(&root().join("book/src/introduction.md"));
    let mut count = 0;
    for page in pages() {
        let mut policy = introduction.iter().find(|block| block.words == ["kdl"]).expect("a policy").text.clone();
        for block in blocks(&page) {
            if block.words == ["kdl"] {
                policy = block.text;
            } else if block.words == ["sh"] {
                let script = script(&policy);
                for part in block.text.trim_end().split("\n\n") {
                    assert!(script.contains(&format!("{part}\n")), "{}: not in the script:\n{part}", block.place);
                    count += 1;
                }
            }
        }
    }
    assert!(count > 1, "no excerpts found");
}

/// The script of a policy with one sandbox.
fn script(policy: &str) -> String {
    Project::new(policy).sbc(&["build", "--emit", "script"]).code(0).stdout
}

/// The first policy of the page for starters is what `sbc init` writes there.
///
/// `SBC_UPDATE=1` writes it anew.
#[test]
fn first_policy_is_real() {
    let page = root().join("book/src/getting-started.md");
    let shown = blocks(&page).into_iter().find(|block| block.words == ["kdl"]).expect("a policy");
    let project = Project::named("shop");
    project.write("package-lock.json", "{}");
    project.write(".env", "KEY=1");
    project.write_home(".local/bin/claude", "#!/bin/sh\n");
    project.write_home(".claude.json", "{}");
    run(project.command("chmod").arg("+x").arg(project.home.join(".local/bin/claude"))).code(0);
    let said = project.sbc(&["init"]).code(0).stderr;
    let policy = project.read(".agent-sandbox.kdl");
    if std::env::var_os("SBC_UPDATE").is_some() {
        replace_block(&page, &shown, &policy);
    } else {
        assert_eq!(policy, shown.text);
    }
    let text = read(&page);
    said.lines().filter(|line| line.starts_with("saw")).for_each(|line| assert!(text.contains(line), "{line}"));
}

/// Every page of the book stands in its summary, once.
#[test]
fn summary_is_complete() {
    let summary = read(&root().join("book/src/SUMMARY.md"));
    for page in pages().iter().filter(|page| page.starts_with(root().join("book/src"))) {
        let name = page.strip_prefix(root().join("book/src")).unwrap().to_str().unwrap();
        let times = summary.matches(&format!("]({name})")).count();
        assert!(name == "SUMMARY.md" || times == 1, "{name} stands {times} times in SUMMARY.md");
    }
}

/// Every link to a file or a heading leads somewhere.
#[test]
fn links_resolve() {
    let mut count = 0;
    for page in pages() {
        for target in links(&prose(&read(&page))) {
            if target.contains("://") {
                continue;
            }
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(path.exists(), "{}: `{target}` leads nowhere", page.display());
            let found = anchor.is_empty() || headings(&read(&path)).iter().any(|heading| heading == anchor);
            assert!(found, "{}: `{target}` names no heading; there are {:?}", page.display(), headings(&read(&path)));
        }
    }
    assert!(count > 20, "only {count} links found");
}

/// Every module of the source is on the map of the code.
#[test]
fn code_map_is_complete() {
    let map = read(&root().join("book/src/architecture.md"));
    let source = root().join("src");
    for path in rust_files("src") {
        let name = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        assert!(map.contains(&format!("- `{name}`")), "architecture.md has no line that starts with - `{name}`");
    }
    for name in map.lines().filter_map(|line| line.strip_prefix("- `")?.split_once('`')).map(|(name, _)| name) {
        let exists = !name.ends_with(".rs") || source.join(name).exists();
        assert!(exists, "architecture.md describes src/{name}, which does not exist");
    }
}

/// Every built-in profile says at its head what it is, what it leaves out, which hosts it needs and how it was
/// tried; an agent also what remains. Every rule has its reason above it.
#[test]
fn profiles_are_described() {
    for profile in builtin::PROFILES {
        let (name, card) = (profile.name, Card::of(profile));
        assert!(!card.what.is_empty(), "{name} does not say what it is");
        let remains = (profile.group == Group::Agent).then_some(card::REMAINS);
        for label in card::LABELS.into_iter().chain(remains) {
            assert!(card.fact(label).is_some_and(|text| !text.is_empty()), "{name} says nothing of `{label}`");
        }
        let layer = builtin::layer(name).unwrap();
        assert!(layer.about.is_some(), "{name} has no `about`");
        let bare = layer.filesystem.values().find(|entry| entry.origin.reason.is_none());
        assert!(bare.is_none(), "{name}: a rule without a reason: {bare:#?}");
    }
}

/// The changelog has a section for the version that this is.
#[test]
fn changelog_knows_this_version() {
    let page = read(&root().join("book/src/changelog.md"));
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    assert!(page.lines().any(|line| line == heading), "changelog.md has no `{heading}`");
}

/// Nothing unfinished is left in the source and the tests.
#[test]
fn nothing_is_unfinished() {
    // Written so that this file does not find itself.
    let marks = [["to", "do!("], ["unimpl", "emented!("], ["db", "g!("], ["FIX", "ME"], ["XX", "X"]]
        .map(|parts| parts.concat());
    for path in [rust_files("src"), rust_files("tests")].concat() {
        let text = read(&path);
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{} holds {mark}", path.display());
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a directory of the tree with this extension, in order.
fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(root().join(directory)).sort_by_file_name().into_iter();
    let paths = entries.map(|entry| entry.expect("a readable tree").into_path());
    paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

fn rust_files(directory: &str) -> Vec<PathBuf> {
    files(directory, "rs")
}

/// The pages of the book, and the README where there is one.
fn pages() -> Vec<PathBuf> {
    let mut pages = files("book/src", "md");
    pages.extend(Some(root().join("README.md")).filter(|path| path.exists()));
    pages
}

/// The fenced blocks of a page.
pub fn blocks(page: &Path) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut inside = false;
    for (index, line) in read(page).lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(words) => {
                inside = true;
                let name = page.file_name().unwrap().to_string_lossy();
                let words = words.split([',', ' ']).map(str::to_owned).collect();
                found.push(Block { place: format!("{name}:{}", index + 1), words, text: String::new() });
            }
            None if inside => {
                let block = found.last_mut().expect("an open block");
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!inside, "{}: a block has no end", page.display());
    found
}

/// A page without its blocks and without code between backticks.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            out.extend(line.split('`').step_by(2));
            out.push('\n');
        }
    }
    out
}

/// The targets of all `[text](target)`.
fn links(prose: &str) -> Vec<String> {
    let after = |part: &str| part.split_once(')').map(|(target, _)| target.to_owned());
    prose.split("](").skip(1).filter_map(after).collect()
}

/// The anchors of a page's headings, as mdBook makes them.
fn headings(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        inside ^= line.starts_with("```");
        let Some(heading) = line.strip_prefix('#').filter(|_| !inside) else { continue };
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        found.push(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
    }
    found
}
