//! What the host runs or obeys later: none of it can be changed from inside, and nothing of it appears.
//!
//! Each attack is also made with the protection taken away, where it must get through.

use crate::support::{Output, Project, run};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Directories that are held by an empty one where they are missing.
const HELD: [&str; 5] = [".git/hooks", ".agent-sandbox", ".vscode", ".idea", ".claude"];

/// Directories that are watched where they are missing.
const WATCHED_DIRECTORIES: [&str; 5] = [".devcontainer", ".codex", ".cursor", ".gemini", ".husky"];

/// Files that are watched where they are missing.
const WATCHED_FILES: [&str; 7] = [
    ".git/config.worktree",
    ".git/info/attributes",
    ".agent-sandbox.local.kdl",
    ".envrc",
    "mise.toml",
    ".mise.toml",
    ".mcp.json",
];

/// Files that are always there.
const FILES: [&str; 2] = [".git/config", ".agent-sandbox.kdl"];

/// A project with a repository and nothing else.
fn project(body: &str) -> Project {
    let project = Project::with_body(body);
    git(&project, "init --quiet .");
    git(&project, "config user.name tester");
    git(&project, "config user.email tester@example.org");
    for directory in ["hooks", "info"] {
        fs::remove_dir_all(project.root.join(".git").join(directory)).unwrap();
    }
    project
}

fn git(project: &Project, words: &str) -> Output {
    run(project.command("git").args(words.split(' '))).code(0)
}

/// A shell command in the sandbox, by both ways.
fn ways(project: &Project, shell: &str) -> [(&'static str, Output); 2] {
    [("exec", project.exec(shell)), ("script", project.script("dash", shell))]
}

/// A policy that protects nothing in the project.
fn bare() -> String {
    let names: Vec<&str> = directories().chain(files()).collect();
    let quoted = |names: &[&str]| names.iter().map(|name| format!(" \"./{name}\"")).collect::<String>();
    let asserted = [".git/hooks", ".git/config", ".agent-sandbox.kdl", ".agent-sandbox.local.kdl", ".agent-sandbox"];
    let waive = asserted.map(|name| format!("waive \"not-writable\" \"./{name}\" reason=\"a test\"\n")).concat();
    format!("filesystem {{ remove{} \"./.git/commondir\" \"./.git/modules\"; }}\n{waive}", quoted(&names))
}

fn directories() -> impl Iterator<Item = &'static str> {
    HELD.into_iter().chain(WATCHED_DIRECTORIES)
}

fn files() -> impl Iterator<Item = &'static str> {
    WATCHED_FILES.into_iter().chain(FILES)
}

/// Everything of the list, there.
fn fill(project: &Project) {
    for directory in directories() {
        project.write(&format!("{directory}/file"), "old\n");
    }
    for file in WATCHED_FILES {
        // sbc reads one of them.
        let text = if file == ".agent-sandbox.local.kdl" { "sandbox \"app\" { }\n" } else { "old\n" };
        project.write(file, text);
    }
}

/// Tries to change what is there, and prints each attempt that gets through. What it can it puts back.
const CHANGES: &str = r#"
tried() { name=$1; shift; if "$@" 2>/dev/null; then echo "$name"; fi; }
write() { echo evil >>"$1"; }
replace() { echo evil >.new && mv .new "$1"; }
rename() { mv "$1" .moved && mv .moved "$1"; }
link_out() { ln "$1" .out && echo evil >>.out && rm .out; }
link_in() { echo evil >.in && ln -f .in "$1"; }
plant() { ln -sfn /tmp "$1"; }
unlink() { rm -rf "$1" && [ ! -e "$1" ]; }
for dir in $DIRS; do
    tried "write $dir" write $dir/file
    tried "create $dir" write $dir/evil
    tried "rename $dir" rename $dir
    tried "link out $dir" link_out $dir/file
    tried "link in $dir" link_in $dir/file
    tried "unlink $dir" unlink $dir
done
for file in $FILES; do
    tried "write $file" write $file
    tried "rename $file" rename $file
    tried "link out $file" link_out $file
    tried "replace $file" replace $file
    tried "link in $file" link_in $file
    tried "plant $file" plant $file
    tried "unlink $file" unlink $file
done
tried "ancestor .git" sh -c 'mv .git .g && mv .g .git'
tried "namespace" unshare --user --map-root-user true
rm -rf .new .in .out .moved
"#;

/// The commands of `CHANGES` with their lists.
fn changes() -> String {
    let list = |names: Vec<&str>| names.join(" ");
    format!("DIRS='{}' FILES='{}'\n{CHANGES}", list(directories().collect()), list(files().collect()))
}

/// Nothing on the list that is there can be changed, replaced, renamed or linked.
#[test]
fn existing_names() {
    let project = project("");
    fill(&project);
    // So that building the script changes nothing below.
    project.sbc(&["build"]).code(0);
    let before = snapshot(&project.root);
    for (way, output) in ways(&project, &changes()) {
        assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{way}: {}", output.stderr);
        assert!(!output.stderr.contains("SBC09"), "{way}: {}", output.stderr);
    }
    unchanged(&project, &before);
}

/// Fails with the paths that are other than before.
pub fn unchanged(project: &Project, before: &[(PathBuf, String)]) {
    let after = snapshot(&project.root);
    let paths = |one: &[(PathBuf, String)], other: &[(PathBuf, String)]| {
        one.iter().filter(|entry| !other.contains(entry)).map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    assert_eq!((paths(before, &after), paths(&after, before)), (Vec::new(), Vec::new()));
}

/// Every one of these attacks gets through where nothing protects the name.
#[test]
fn existing_names_without_protection() {
    let project = project(&bare());
    fill(&project);
    let expected = directories().count() * 6 + files().count() * 7 + 1;
    let output = project.exec(&changes()).code(0);
    let through: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(through.len(), expected, "{through:#?}\n{}", output.stderr);
}

/// The paths below a directory with what the files hold.
pub fn snapshot(root: &Path) -> Vec<(PathBuf, String)> {
    let entries = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().map(Result::unwrap);
    entries.map(|entry| (entry.path().to_owned(), fs::read_to_string(entry.path()).unwrap_or_default())).collect()
}

/// Tries to make what is not there, in three ways.
fn creations() -> String {
    let mut shell = String::from("set +e; exec 2>/dev/null\n");
    for directory in directories() {
        shell.push_str(&format!("mkdir -p {directory}; echo evil >{directory}/file\n"));
    }
    shell.push_str("mkdir .git/info; ln -s /tmp/evil .mcp.json\n");
    for file in WATCHED_FILES.iter().filter(|file| **file != ".mcp.json") {
        shell.push_str(&format!("echo evil >{file}\n"));
    }
    shell + "echo evil >.git/commondir; mv .git .g; true"
}

/// What is not there cannot be made, or is moved to the quarantine after the run; nothing is left of
/// what held the names.
#[test]
fn missing_names() {
    let project = project("");
    let before = snapshot(&project.root);
    let output = project.exec(&creations()).code(0);
    let mut after = snapshot(&project.root);
    after.retain(|(path, _)| !path.ends_with(".git/info"));
    assert_eq!(after, before, "{}", output.stderr);
    let mut quarantined: Vec<String> = quarantine(&project).iter().map(|(origin, _)| origin.clone()).collect();
    quarantined.sort();
    let mut expected: Vec<String> = WATCHED_FILES
        .iter()
        .chain(&WATCHED_DIRECTORIES)
        .map(|name| if name.starts_with(".git/info") { ".git/info" } else { name })
        .map(|name| project.root.join(name).display().to_string())
        .collect();
    expected.sort();
    assert_eq!(quarantined, expected);
    assert_eq!(output.stderr.matches("SBC0901\n").count(), expected.len(), "{}", output.stderr);
    // All of it is still there, and comes back as the message says.
    let (_, thing) = quarantine(&project).into_iter().find(|(origin, _)| origin.ends_with("/.envrc")).unwrap();
    assert_eq!(fs::read_to_string(&thing).unwrap(), "evil\n");
    let back = format!("mv -n {} {}", thing.display(), project.root.join(".envrc").display());
    assert!(output.stderr.contains(&back), "{}", output.stderr);
}

/// The script holds the same names, and tells of what has appeared.
#[test]
fn missing_names_by_the_script() {
    let project = project("");
    project.sbc(&["build"]).code(0);
    fs::rename(project.root.join(".agent-sandbox"), project.home.join("kept")).unwrap();
    fs::create_dir(project.root.join(".agent-sandbox")).unwrap();
    fs::copy(project.home.join("kept/app.sh"), project.root.join(".agent-sandbox/app.sh")).unwrap();
    let shell = creations();
    let output = run(project.command("dash").args([".agent-sandbox/app.sh", "--", "sh", "-c", &shell])).code(0);
    for name in HELD.iter().filter(|name| **name != ".agent-sandbox").chain(&[".git/commondir", ".agent-sandbox/file"])
    {
        assert!(!project.root.join(name).exists(), "{name}: {}", output.stderr);
    }
    for name in WATCHED_FILES.iter().filter(|name| **name != ".git/info/attributes").chain(&WATCHED_DIRECTORIES) {
        let path = project.root.join(name);
        assert!(output.stderr.contains(&format!("'{}' has appeared", path.display())), "{name}: {}", output.stderr);
    }
}

/// All of it can be made where nothing protects the names.
#[test]
fn missing_names_without_protection() {
    let project = project(&bare());
    assert_eq!(project.exec(&creations()).code(0).stderr, "");
    let all = directories().chain(files()).chain([".git/commondir"]);
    // The last attack has carried `.git` away.
    for name in all.map(|name| name.replace(".git/", ".g/")) {
        assert!(fs::symlink_metadata(project.root.join(&name)).is_ok(), "{name}");
    }
}

/// What is in the quarantine: where it was, and where it is.
pub fn quarantine(project: &Project) -> Vec<(String, PathBuf)> {
    let cells = fs::read_dir(project.home.join(".local/state/sbc/quarantine")).into_iter().flatten();
    cells
        .map(|cell| {
            let cell = cell.unwrap().path();
            let origin = fs::read_to_string(cell.join("origin")).unwrap().trim_end().to_owned();
            let thing = cell.join(Path::new(&origin).file_name().unwrap());
            assert!(fs::symlink_metadata(&thing).is_ok(), "{}", thing.display());
            (origin, thing)
        })
        .collect()
}

/// Three ways to make git on the host run a program of the agent's, each tried with and without protection.
#[test]
fn git_on_the_host_runs_nothing() {
    let program = "printf '#!/bin/sh\\ntouch ~/pwned\\n' >evil.sh; chmod +x evil.sh; evil=$PWD/evil.sh";
    let attacks = [
        "mkdir -p .git/hooks; cp evil.sh .git/hooks/pre-commit",
        "git config core.fsmonitor $evil",
        "cp -r .git planted; git config --file planted/config core.fsmonitor $evil; echo ../planted >.git/commondir",
    ];
    for attack in attacks {
        for (body, gets_through) in [(String::new(), false), (bare(), true)] {
            let project = project(&body);
            for _ in 0..2 {
                project.exec(&format!("{program}; {attack}; true")).code(0);
                run(project.command("git").args(["status"])).code(0);
                run(project.command("git").args(["commit", "--quiet", "--allow-empty", "--message", "x"]));
                assert_eq!(project.home.join("pwned").exists(), gets_through, "{attack} with {body}");
            }
        }
    }
}

/// A repository that the index calls a submodule is looked into by `git status` in the root. Where one names programs,
/// the part that does is moved away, however the index is written, also where nobody can list the directory
/// around it; a harmless one stays.
#[test]
fn submodules_that_appear() {
    let program = "printf '#!/bin/sh\\ntouch ~/pwned\\n' >evil.sh; chmod +x evil.sh";
    let plant = "rm -rf lib/.git; git init --quiet lib; git -C lib -c user.name=x -c user.email=x commit --quiet --allow-empty -m x; \
                 git -C lib config core.fsmonitor $PWD/evil.sh";
    let index = "git update-index --add --cacheinfo 160000,$(git -C lib rev-parse HEAD),lib";
    for (before, after) in [
        ("", ""),
        ("", "git update-index --split-index"),
        ("for n in 1 2 3; do touch li$n; done; git add .", "git update-index --index-version 4"),
        ("mkdir lib; git -C lib init --quiet; git -C lib commit --quiet --allow-empty -m x; git add lib", ""),
        (
            "",
            "mkdir closed; mv lib closed; git update-index --add --cacheinfo 160000,$(git -C closed/lib rev-parse HEAD),closed/lib; \
              chmod 111 closed",
        ),
    ] {
        for (body, gets_through) in [(String::new(), false), (bare(), true)] {
            let project = project(&body);
            for name in ["name tester", "email tester@example.org"] {
                git(&project, &format!("config --global user.{name}"));
            }
            run(project.command("sh").args(["-c", before])).code(0);
            let output = project.exec(&format!("{program}; {plant}; {index}; {after}"));
            let told = output.stderr.contains("/lib/.git/config` has appeared");
            assert_eq!(told, !gets_through, "{before}; {after}: {output:?}");
            run(project.command("git").args(["status"]));
            assert_eq!(project.home.join("pwned").exists(), gets_through, "{before}; {after}");
        }
    }
    let project = project("");
    git(&project, "config --global user.name tester");
    git(&project, "config --global user.email tester@example.org");
    let own = "mkdir lib; git -C lib init --quiet; git -C lib commit --quiet --allow-empty -m x; git add lib";
    run(project.command("sh").args(["-c", own])).code(0);
    let output = project.exec(
        "git -C lib -c user.name=x -c user.email=x commit --quiet --allow-empty -m y; git clone --quiet lib other; git add other 2>/dev/null",
    );
    assert_eq!(output.code(0).stderr, "");
    assert!(project.root.join("lib/.git").is_dir() && project.root.join("other/.git").is_dir());
}

/// A planted git directory, file or link is moved away whole where there was none.
#[test]
fn planted_git_directories() {
    for plant in ["git init --quiet .", "mkdir g && echo 'gitdir: g' >.git", "ln -s g .git"] {
        let project = Project::with_body("");
        project.exec(plant).code(0).says(&["SBC0901", "/work/.git` has appeared"]);
        assert!(fs::symlink_metadata(project.root.join(".git")).is_err(), "{plant}");
        assert_eq!(quarantine(&project).len(), 1, "{plant}");
    }
}

/// A run in the background, which has said its first line.
pub struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(project: &Project, shell: &str) -> Running {
        let shell = format!("{shell}\necho ready; read line; :");
        let mut command = project.sbc_command(&["exec", "--", "/bin/sh", "-c", &shell]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut String::new()).unwrap();
        Running { child, lines }
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it end, and gives its standard error.
    pub fn finish(mut self) -> String {
        drop(self.child.stdin.take());
        self.lines.read_to_string(&mut String::new()).unwrap();
        let output = self.child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

/// The records of runs that are not settled.
pub fn records(project: &Project) -> usize {
    fs::read_dir(project.home.join(".local/state/sbc/runs")).into_iter().flatten().count()
}

/// Fails unless this comes true within some seconds.
pub fn soon(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_true() {
        assert!(Instant::now() < deadline, "not soon: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The janitors of a project.
pub fn janitors(project: &Project) -> Vec<String> {
    let state = format!("sbc-janitor {}", project.home.join(".local/state/sbc").display());
    run(Command::new("pgrep").args(["-f", &state])).stdout.lines().map(str::to_owned).collect()
}

/// What the user changes meanwhile is reported, and stays as it is; so does what is put into a held directory.
#[test]
fn the_users_own_stays() {
    let project = project("");
    project.write(".envrc", "mine\n");
    let running = Running::start(&project, ":");
    project.write(".vscode/settings.json", "{}");
    project.write(".envrc", "mine, too\n");
    let said = running.finish();
    assert!(
        !said.contains("SBC0901") && said.contains("SBC0902") && said.contains(".envrc` has been written"),
        "{said}"
    );
    assert_eq!((project.read(".vscode/settings.json"), project.read(".envrc")), ("{}".into(), "mine, too\n".into()));
    assert_eq!((records(&project), janitors(&project).len()), (0, 0));
}

/// A protected file that the host replaces can be written inside from then on, and that is said.
#[test]
fn replaced_files_are_reported() {
    let project = project("");
    let running = Running::start(
        &project,
        "while ! git config --file .git/config core.pager evil; do sleep 0.05; done 2>/dev/null &",
    );
    // Both want git's lock.
    let host = || run(project.command("git").args(["config", "remote.origin.url", "here"])).code == 0;
    soon("the host writes", host);
    soon("the agent writes", || project.read(".git/config").contains("evil"));
    let said = running.finish();
    // The new file may have got the old one's inode; then it looks written.
    assert!(said.contains(".git/config` has been"), "{said}");
    assert!(said.contains("SBC0902"), "{said}");
}

/// When sbc is killed its janitor does the work; when both are, the next run does, before it looks at
/// the project.
#[test]
fn killed_runs_are_audited() {
    let project = project("");
    let mut running = Running::start(&project, "echo evil >.envrc");
    assert!(project.root.join(".vscode").exists());
    running.kill();
    soon("the janitor", || records(&project) == 0 && janitors(&project).is_empty());
    assert!(!project.root.join(".vscode").exists() && !project.root.join(".envrc").exists());

    let mut running = Running::start(&project, "echo evil >.mcp.json");
    soon("a janitor", || !janitors(&project).is_empty());
    run(Command::new("kill").arg("-KILL").args(janitors(&project))).code(0);
    running.kill();
    assert!(project.root.join(".vscode").exists() && project.root.join(".mcp.json").exists());
    soon("the end", || project.exec("test -e .mcp.json").code == 1);
    assert_eq!(quarantine(&project).len(), 2);
    assert!(!project.root.join(".git/commondir").exists());
}

/// Of two runs side by side, the one that ends first leaves the other its protection, and what both
/// watch is moved away by the last.
#[test]
fn two_runs_in_one_project() {
    let project = project("");
    let first = Running::start(&project, ":");
    let second = Running::start(&project, "echo evil >.envrc");
    assert!(!first.finish().contains("SBC09"));
    assert!(project.root.join(".vscode").exists() && project.root.join(".envrc").exists());
    assert_eq!(project.read(".git/commondir"), ".\n");
    assert!(second.finish().contains(".envrc` has appeared"));
    assert!(!project.root.join(".vscode").exists() && !project.root.join(".envrc").exists());
    assert!(!project.root.join(".git/commondir").exists());
    assert_eq!(records(&project), 0);
}

/// What goes on inside after the command has ended is waited for, by the janitor.
#[test]
fn detached_runs_are_audited() {
    let project = project("isolation { lifetime \"detached\"; }");
    let shell = "(echo evil >.envrc; until test -e stop; do sleep 0.1; done) >/dev/null 2>&1 </dev/null &";
    // bubblewrap holds the caller's standard output as long as anything runs inside.
    let mut command = project.sbc_command(&["exec", "--", "/bin/sh", "-c", shell]);
    assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    soon("the attack", || project.root.join(".envrc").exists());
    assert!(project.root.join(".vscode").exists() && records(&project) > 0);
    project.write("stop", "");
    soon("the janitor", || !project.root.join(".envrc").exists() && records(&project) == 0);
    assert!(!project.root.join(".vscode").exists());
}

/// What lies on another disk than the quarantine gets there as well.
#[test]
fn quarantine_on_another_disk() {
    let project = project("");
    let state = tempfile::tempdir_in("/dev/shm").unwrap();
    if fs::metadata(state.path()).unwrap().dev() == fs::metadata(&project.root).unwrap().dev() {
        crate::support::skip!("/dev/shm is no other disk");
    }
    let shell =
        "mkdir -p .codex/deep && echo evil >.codex/deep/file && ln -s /etc/passwd .codex/link && echo evil >.envrc";
    for arguments in [["trust", "--yes"].as_slice(), &["exec", "--", "/bin/sh", "-c", shell]] {
        run(project.plain_command(arguments).env("XDG_STATE_HOME", state.path())).code(0);
    }
    assert_eq!(fs::read_dir(&project.root).unwrap().count(), 2);
    let quarantine = state.path().join("sbc/quarantine");
    assert_eq!(fs::read_to_string(quarantine.join("2/.envrc")).unwrap(), "evil\n");
    assert_eq!(fs::read_to_string(quarantine.join("1/.codex/deep/file")).unwrap(), "evil\n");
    assert_eq!(fs::read_link(quarantine.join("1/.codex/link")).unwrap(), Path::new("/etc/passwd"));
}
