//! Nothing runs that its user has not approved, and nothing but its user approves.

use crate::support::{Output, Project, run};
use sbc::plan::sha256;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const SBC: &str = env!("CARGO_BIN_EXE_sbc");

/// A command that shows that it ran.
const RAN: [&str; 4] = ["exec", "--", "/bin/echo", "ran"];

/// Runs sbc, with no approval made before.
fn plain(project: &Project, arguments: &[&str]) -> Output {
    run(&mut project.plain_command(arguments))
}

/// Asserts that the sandbox runs without a question.
#[track_caller]
fn runs(project: &Project) {
    assert_eq!(plain(project, &RAN).code(0).stdout, "ran\n");
}

/// Asserts that it does not run where nobody can be asked, and says each of the texts.
#[track_caller]
fn asks(project: &Project, texts: &[&str]) -> Output {
    let output = plain(project, &RAN).code(125).says(&["SBC0711"]).says(texts);
    assert_eq!(output.stdout, "");
    output
}

/// A project whose policy was trusted.
fn trusted() -> Project {
    let project = Project::with_body("");
    plain(&project, &["trust", "--yes"]).code(0);
    runs(&project);
    project
}

fn records(project: &Project) -> PathBuf {
    project.home.join(".local/state/sbc")
}

/// Where the approval of a sandbox is kept.
fn approval(project: &Project, root: &Path, sandbox: &str) -> PathBuf {
    let name = sha256(&[root.as_os_str().as_bytes(), b"\0", sandbox.as_bytes()].concat());
    records(project).join("trusted").join(name)
}

/// As [`answered`], where the question is whether to trust.
fn at_terminal(project: &Project, shell: &str, before: &[u8], answer: &[u8]) -> (String, Option<i32>) {
    answered(project, shell, "[y/N] ", before, answer)
}

/// Runs a shell command in a terminal, types when the question with this mark is there, and gives all that
/// came and the status.
pub fn answered(project: &Project, shell: &str, mark: &str, before: &[u8], answer: &[u8]) -> (String, Option<i32>) {
    let mut command = project.command("script");
    command.args(["-qec", shell, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(before).unwrap();
    let mut screen = child.stdout.take().unwrap();
    let (mut text, mut some) = (Vec::new(), [0; 1024]);
    while !String::from_utf8_lossy(&text).contains(mark) {
        match screen.read(&mut some).unwrap() {
            0 => break,
            read => text.extend(&some[..read]),
        }
    }
    // The end comes by itself where there was no question.
    let _ = keyboard.write_all(answer);
    screen.read_to_end(&mut text).unwrap();
    (String::from_utf8_lossy(&text).replace('\r', ""), child.wait().unwrap().code())
}

fn exec_at_terminal(project: &Project, answer: &[u8]) -> (String, Option<i32>) {
    at_terminal(project, &format!("exec {SBC} exec -- /bin/echo ran"), b"", answer)
}

/// Whether the command ran: its line comes after everything else.
fn ran(screen: &str) -> bool {
    screen.lines().last() == Some("ran")
}

// who is asked, and when

/// A policy that nobody has seen does not run without a terminal, and leaves nothing on the host.
#[test]
fn nobody_to_ask() {
    let project = Project::with_body("filesystem { rw \"~/.made\" missing=\"create-dir\"; }");
    let output = plain(&project, &RAN).code(125).says(&["SBC0711", "is not trusted yet", "`sbc show`", "`sbc trust`"]);
    assert_eq!(output.stdout, "");
    assert!(!project.home.join(".made").exists());
    plain(&project, &["trust"]).code(1).says(&["SBC0711", "sbc trust --yes"]);
    asks(&project, &[]);
}

/// Trusted once it runs; all approvals are listed; what is revoked does not run.
#[test]
fn trust_list_revoke() {
    let project = trusted();
    runs(&project);
    plain(&project, &["trust"]).code(0).says(&["app is trusted already"]);
    let list = plain(&project, &["trust", "--list"]).code(0).stdout;
    let show = plain(&project, &["show"]).code(0).stdout;
    let plan = show.lines().find_map(|line| line.strip_prefix("plan ")).unwrap();
    assert_eq!(list, format!("{plan}  app  \"{}\"\n", project.root.display()));
    plain(&project, &["trust", "--revoke"]).code(0).says(&["app is not trusted any more"]);
    asks(&project, &["is not trusted yet"]);
    assert_eq!(plain(&project, &["trust", "--list"]).code(0).stdout, "");
    plain(&project, &["trust", "--revoke", "app"]).code(0).says(&["app was not trusted"]);
    // Where the policy is gone, too.
    plain(&project, &["trust", "--yes"]).code(0);
    fs::remove_file(project.root.join(".agent-sandbox.kdl")).unwrap();
    plain(&project, &["trust", "--revoke"]).code(0).says(&["app is not trusted any more"]);
}

/// Comments, layout, the order of rules, an `about` and a rule that says what holds anyway do not ask again.
#[test]
fn edits_that_mean_the_same() {
    let project = Project::with_body("filesystem { ro \"~/a\" missing=\"skip\"; ro \"~/b\" missing=\"skip\"; }");
    plain(&project, &["trust", "--yes"]).code(0);
    project.write(
        ".agent-sandbox.kdl",
        "// A comment.\nsandbox \"app\" {\n    about \"Another.\"\n    filesystem {\n        \
         ro \"~/b\" \"~/./a\" missing=\"skip\" reason=\"why\"\n    }\n    inherit \"base-dev\"\n    network \"none\"\n}\n",
    );
    runs(&project);
}

/// A changed rule asks and is shown, wherever it comes from; the plan that was trusted runs again.
#[test]
fn changes_are_shown() {
    let policy = "sandbox \"app\" { inherit \"team\"; }";
    let team = |rules: &str| format!("profile \"team\" {{ inherit \"base-dev\"; {rules}; }}");
    let profile = ".agent-sandbox/profiles/team.kdl";
    let project = Project::new(policy);
    project.write(profile, team("filesystem { ro \"~/tools\" missing=\"skip\"; }"));
    plain(&project, &["trust", "--yes"]).code(0);
    runs(&project);
    project.write(profile, team("filesystem { rw \"~/tools\" missing=\"skip\"; }; network \"host\""));
    for _ in 0..2 {
        asks(
            &project,
            &[
                "has changed since you trusted it",
                "widens   `~/tools` becomes writable",
                "widens   network none → host",
            ],
        );
    }
    let (screen, code) = exec_at_terminal(&project, b"n\n");
    assert!(screen.contains("  widens   network none → host\n"), "{screen}");
    assert_eq!(code, Some(125));
    project.write(profile, team("filesystem { ro \"~/tools\" missing=\"skip\"; }"));
    runs(&project);
}

/// An approval is for one sandbox.
#[test]
fn each_sandbox_by_itself() {
    let project = Project::new(
        "sandbox \"one\" { inherit \"base-dev\"; }\nsandbox \"two\" { inherit \"base-dev\"; }\n\
         sandbox \"three\" { inherit \"base-dev\"; }",
    );
    let exec = |name| plain(&project, &["exec", name, "--", "/bin/true"]).code;
    plain(&project, &["trust", "--yes", "two"]).code(0);
    assert_eq!(["one", "two", "three"].map(exec), [125, 0, 125]);
    plain(&project, &["trust", "--yes"]).code(0).says(&["two is trusted already", "three is trusted"]);
    assert_eq!(["one", "two", "three"].map(exec), [0, 0, 0]);
}

/// A project that was moved or copied asks again; one that is reached through a link does not.
#[test]
fn bound_to_the_real_path() {
    let project = trusted();
    let at = |directory: &Path| run(project.plain_command(&RAN).current_dir(directory));
    let (link, copy, moved) = (project.home.join("link"), project.home.join("copy"), project.home.join("moved"));
    symlink(&project.root, &link).unwrap();
    assert_eq!(at(&link).code(0).stdout, "ran\n");
    run(project.command("cp").arg("-a").arg(&project.root).arg(&copy)).code(0);
    at(&copy).code(125).says(&["SBC0711"]);
    fs::rename(&project.root, &moved).unwrap();
    at(&moved).code(125).says(&["SBC0711"]);
    fs::rename(&copy, &project.root).unwrap();
    runs(&project);
}

/// A linked worktree of git runs what is trusted in the main one, and nothing else; a file `.git` that says so
/// makes no worktree.
#[test]
fn worktrees_share() {
    let project = trusted();
    let git = |arguments: &[&str]| {
        let mut command = project.command("git");
        run(command.args(["-c", "user.name=me", "-c", "user.email=me@example.org"]).args(arguments)).code(0)
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "policy"]);
    git(&["worktree", "add", "-q", "../other"]);
    let (other, forged) = (project.home.join("other"), project.home.join("forged"));
    let at = |directory: &Path| run(project.plain_command(&RAN).current_dir(directory));
    assert_eq!(at(&other).code(0).stdout, "ran\n");
    fs::create_dir(&forged).unwrap();
    for name in [".git", ".agent-sandbox.kdl"] {
        fs::copy(other.join(name), forged.join(name)).unwrap();
    }
    at(&forged).code(125).says(&["SBC0711"]);
    fs::write(other.join(".agent-sandbox.kdl"), "sandbox \"app\" { inherit \"base-dev\"; network \"host\"; }").unwrap();
    at(&other).code(125).says(&["SBC0711"]);
    plain(&project, &["trust", "--revoke"]).code(0);
    fs::copy(project.root.join(".agent-sandbox.kdl"), other.join(".agent-sandbox.kdl")).unwrap();
    at(&other).code(125).says(&["SBC0711"]);
}

// the question

/// At a terminal `y` runs, and the next time nobody is asked.
#[test]
fn yes_at_a_terminal() {
    for answer in [b"y\n".as_slice(), b"YES\n"] {
        let project = Project::with_body("env { pass \"EDITOR\"; }");
        let (screen, code) = exec_at_terminal(&project, answer);
        assert!(ran(&screen) && code == Some(0), "{code:?} {screen}");
        assert!(screen.contains("You have not trusted this sandbox yet.") && screen.contains("\"EDITOR\""), "{screen}");
        let (screen, code) = exec_at_terminal(&project, b"");
        assert_eq!((screen.as_str(), code), ("ran\n", Some(0)));
        runs(&project);
    }
}

/// Any other answer, the end of the input and Ctrl-C run nothing and keep nothing.
#[test]
fn no_at_a_terminal() {
    let project = Project::with_body("filesystem { rw \"~/.made\" missing=\"create-dir\"; }");
    let answers =
        [(b"n\n".as_slice(), 125), (b"\n", 125), (b"yn\n", 125), (b"maybe y\n", 125), (b"\x04", 125), (b"\x03", 130)];
    for (answer, expected) in answers {
        let (screen, code) = exec_at_terminal(&project, answer);
        assert!(!ran(&screen) && code == Some(expected), "{answer:?}: {code:?} {screen}");
        assert!(!project.home.join(".made").exists());
        asks(&project, &[]);
    }
}

/// `sbc trust` asks the same question.
#[test]
fn trust_at_a_terminal() {
    let project = Project::with_body("");
    let shell = format!("exec {SBC} trust");
    let (screen, code) = at_terminal(&project, &shell, b"", b"n\n");
    assert!(screen.contains("app is not trusted") && code == Some(1), "{code:?} {screen}");
    asks(&project, &[]);
    let (screen, code) = at_terminal(&project, &shell, b"", b"y\n");
    assert!(screen.contains("app is trusted: ") && code == Some(0), "{code:?} {screen}");
    runs(&project);
}

/// An answer comes from the terminal, after the question: not from a pipe, and not from what was typed or
/// pasted before.
#[test]
fn answers_of_others() {
    let project = Project::with_body("");
    let (screen, code) = at_terminal(&project, &format!("yes | {SBC} exec -- /bin/echo ran"), b"y\ny\n", b"y\n");
    assert!(!ran(&screen) && screen.contains("SBC0711") && code == Some(125), "{code:?} {screen}");
    let (screen, _) = at_terminal(&project, &format!("{SBC} exec -- /bin/echo ran 2>/dev/null"), b"y\n", b"y\n");
    assert!(!ran(&screen), "{screen}");
    let late = format!("sleep 1; exec {SBC} exec -- /bin/echo ran");
    let (screen, code) = at_terminal(&project, &late, b"y\ny\n", b"n\n");
    assert!(!ran(&screen) && code == Some(125), "{code:?} {screen}");
    asks(&project, &[]);
}

/// A policy that changes while the question stands there does not run on the answer to it.
#[test]
fn changes_under_the_question() {
    let project = Project::with_body("");
    // The same mark once more says that the policy is another now.
    let change = "sleep 1; echo 'sandbox \"app\" { network \"host\"; }' > .agent-sandbox.kdl; echo '[y/N] '";
    let shell = format!("{{ {change}; }} & exec {SBC} exec -- /bin/echo ran");
    let mut command = project.command("script");
    command.args(["-qec", &shell, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut text, mut some) = (String::new(), [0; 1024]);
    while text.matches("[y/N] ").count() < 2 {
        let read = screen.read(&mut some).unwrap();
        assert!(read > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&some[..read]));
    }
    keyboard.write_all(b"y\n").unwrap();
    screen.read_to_string(&mut text).unwrap();
    assert!(!ran(text.trim_end()) && text.contains("is not the plan that you trusted"), "{text}");
    assert_eq!(child.wait().unwrap().code(), Some(125));
}

/// What is typed after the answer is the command's.
#[test]
fn input_is_left_to_the_command() {
    let project = Project::with_body("isolation { terminal \"inherit\"; }");
    let shell = format!("exec {SBC} exec -- head -n 1");
    let (screen, code) = at_terminal(&project, &shell, b"", b"y\nfor the command\n");
    assert!(screen.matches("for the command").count() == 2 && code == Some(0), "{code:?} {screen}");
}

/// The question names what is most dangerous first, and leaves out nothing that reaches beyond the project.
#[test]
fn the_question_tells_all() {
    let project = Project::with_body(
        "filesystem { rw \"~/.cache/x\" missing=\"skip\"; rw \"./../beside\" at=\"/inside\" missing=\"skip\"; \
         ro \"~/.ssh/config\" missing=\"skip\"; copy \"~/.netrc\" missing=\"skip\"; device \"/dev/kvm\" missing=\"skip\"; \
         ro \"/run/host.sock\" missing=\"skip\"; deny \"./.env\"; rw \"./build\" missing=\"skip\"; }\n\
         env { secret \"API_KEY\"; pass \"EDITOR\"; }\nnetwork \"host\"\n\
         isolation { share \"pid\"; terminal \"inherit\"; }\n\
         waive \"denied\" \"~/.ssh\" reason=\"to read its settings\"\nwaive \"denied\" \"~/.netrc\" reason=\"for git\"",
    );
    let screen = plain(&project, &["trust", "--yes"]).code(0).stderr;
    let lines = [
        "  runs      \"/bin/sh\"\n",
        "  changes   \"./../beside\" as \"/inside\", \"~/.cache/x\",\n            \"${GIT_COMMON_DIR}\" (git's, of ",
        "  devices   \"/dev/kvm\"\n",
        "  network   this machine's, whole",
        "  shares    processes with this machine: it can see and end yours\n",
        "  also may  type into your terminal\n",
        "  gets      \"API_KEY\" (secret), ",
        "\"EDITOR\"",
        "  waives    denied \"~/.netrc\" (reason: \"for git\"),",
        "denied \"~/.ssh\" (reason: \"to read its settings\")\n",
        "  reads     \"/run/host.sock\", ",
        "\"~/.netrc\" (a copy)",
        "\"~/.ssh/config\"\n",
        "  besides   changes the project, is kept from ",
        "  plan      sha256:",
    ];
    let places: Vec<usize> =
        lines.iter().map(|line| screen.find(line).unwrap_or_else(|| panic!("no {line:?} in\n{screen}"))).collect();
    assert!(places.is_sorted(), "{places:?}\n{screen}");
    assert!(screen.lines().count() < 40, "more than a screen:\n{screen}");
}

/// Nothing in a policy or in the name of a project drives the terminal that asks (CVE-2023-28101).
#[test]
fn nothing_drives_the_terminal() {
    let project = Project::named("wo\u{1b}[2Jrk\n\u{202e}plan");
    let policy = |path: &str| {
        format!(
            "sandbox \"app\" {{\n inherit \"base-dev\"\n filesystem {{ ro \"~/{path}\" missing=\"skip\"; ro \"~/.ssh\" missing=\"skip\"; }}\n \
             waive \"denied\" \"~/.ssh\" reason=\"\\u{{1b}}[1A\\u{{9b}}2K\\nok\"\n run {{ command \"\\u{{1b}}[31mred\\r\\n\"; }}\n}}\n"
        )
    };
    let shell = format!("exec {SBC} exec -- /bin/echo ran");
    for path in ["\\u{1b}]0;x\\u{7}", "\\u{202e}txt\\u{2066}\\r\\n  plan      sha256:0"] {
        project.write(".agent-sandbox.kdl", policy(path));
        let (screen, _) = at_terminal(&project, &shell, b"", b"n\n");
        assert!(screen.contains("[y/N]"), "{screen}");
        let driving =
            |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!screen.contains(driving), "{screen:?}");
        assert_eq!(screen.lines().filter(|line| line.trim_start().starts_with("plan ")).count(), 1, "{screen}");
        plain(&project, &["trust", "--yes"]).code(0);
        let list = plain(&project, &["trust", "--list"]).code(0).stdout;
        assert!(!list.contains(driving) && list.lines().count() == 1, "{list:?}");
    }
}

// for CI

/// `--trust` runs the plan that it names and keeps no approval; another hash is refused with both, also where
/// the plan is trusted.
#[test]
fn named_plans() {
    let project = Project::with_body("");
    let show = plain(&project, &["show"]).code(0).stdout;
    let plan = show.lines().find_map(|line| line.strip_prefix("plan ")).unwrap();
    let other = format!("sha256:{}", "0".repeat(64));
    let exec = |plan: &str| plain(&project, &["exec", "--trust", plan, "--", "/bin/echo", "ran"]);
    assert_eq!(exec(plan).code(0).stdout, "ran\n");
    asks(&project, &[]);
    exec(&other).code(125).says(&["SBC0711", plan, &other]);
    for wrong in ["", "0", &plan[7..], &plan.to_uppercase(), &plan[..70]] {
        exec(wrong).code(125).says(&["write `sha256:` and 64 digits"]);
    }
    plain(&project, &["trust", "--yes"]).code(0);
    exec(&other).code(125).says(&["SBC0711"]);
}

/// No variable grants trust.
#[test]
fn variables_grant_nothing() {
    let project = Project::with_body("");
    let mut command = project.plain_command(&RAN);
    for name in ["SBC_TRUST", "SBC_YES", "SBC_TRUSTED", "CI", "TRUST", "DEBIAN_FRONTEND"] {
        command.env(name, "1");
    }
    run(&mut command).code(125).says(&["SBC0711"]);
}

// forgeries

/// Nothing in a repository is an approval: a lock, a script, a directory of records.
#[test]
fn a_repository_grants_nothing() {
    // `rw "."` would be refused before, where the records lie in the project.
    let policy = "sandbox \"app\" { filesystem { ro \"/usr\" \".\"; ro \"/bin\" \"/lib\" \"/lib64\" missing=\"skip\"; proc \"/proc\"; }; }";
    let project = Project::new(policy);
    plain(&project, &["trust", "--yes"]).code(0);
    runs(&project);
    plain(&project, &["build"]).code(0);
    let clone = project.home.join("clone");
    run(project.command("cp").arg("-a").arg(&project.root).arg(&clone)).code(0);
    let forged = fs::read_to_string(approval(&project, &project.root, "app")).unwrap();
    let forged = forged.replace(&format!("{:?}", project.root.as_os_str().as_bytes()).replace(' ', ""), &{
        format!("{:?}", clone.as_os_str().as_bytes()).replace(' ', "")
    });
    let name = approval(&project, &clone, "app");
    for folder in [".agent-sandbox/trusted", ".sbc/trusted", "sbc/trusted", ".local/state/sbc/trusted", "trusted"] {
        fs::create_dir_all(clone.join(folder)).unwrap();
        fs::write(clone.join(folder).join(name.file_name().unwrap()), &forged).unwrap();
    }
    run(project.plain_command(&RAN).current_dir(&clone)).code(125).says(&["SBC0711"]);
    // Where a variable leads into the project, what lies there does not count either.
    let closed = |path: PathBuf, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    closed(clone.join("sbc/trusted"), 0o700);
    closed(clone.join("sbc/trusted").join(name.file_name().unwrap()), 0o600);
    let inside =
        |arguments: &[&str]| run(project.plain_command(arguments).current_dir(&clone).env("XDG_STATE_HOME", &clone));
    inside(&RAN).code(125).says(&["SBC0711", "lie inside each other"]);
    inside(&["trust", "--yes"]).code(1).says(&["SBC0711", "lie inside each other"]);
    // The same forgery would do in its right place: it is the place that stops it.
    fs::write(&name, &forged).unwrap();
    closed(name, 0o600);
    assert_eq!(run(project.plain_command(&RAN).current_dir(&clone)).code(0).stdout, "ran\n");
}

/// A sandbox has no way to the approvals: they are not there inside, and no rule may make them writable.
#[test]
fn a_sandbox_grants_nothing() {
    let project = trusted();
    let before = fs::read(approval(&project, &project.root, "app")).unwrap();
    let attack = "ls ~/.local/state 2>/dev/null; mkdir -p ~/.local/state/sbc/trusted && \
                  echo x > ~/.local/state/sbc/trusted/forged; echo done";
    let output = plain(&project, &["exec", "--", "/bin/sh", "-c", attack]).code(0);
    assert_eq!(output.stdout, "done\n", "the home inside is the sandbox's own");
    assert_eq!(fs::read_dir(records(&project).join("trusted")).unwrap().count(), 1);
    assert_eq!(fs::read(approval(&project, &project.root, "app")).unwrap(), before);
    for rule in ["rw \"~/.local/state\"", "rw \"~/.local/state/sbc\"", "rw \"${XDG_STATE_HOME}/sbc/trusted\" at=\"/t\""]
    {
        let project = Project::with_body(&format!("filesystem {{ {rule}; }}"));
        plain(&project, &["trust", "--yes"]).code(1).says(&["SBC0504"]);
        plain(&project, &RAN).code(125).says(&["SBC0504"]);
    }
}

/// The approval of another project, or of another sandbox, does not count under a new name.
#[test]
fn replayed_approvals() {
    let project = trusted();
    let other = project.home.join("other");
    run(project.command("cp").arg("-a").arg(&project.root).arg(&other)).code(0);
    let own = approval(&project, &project.root, "app");
    run(project.command("cp").arg("-a").arg(&own).arg(approval(&project, &other, "app"))).code(0);
    run(project.plain_command(&RAN).current_dir(&other)).code(125).says(&["SBC0711", "of another project or sandbox"]);
    project.write(".agent-sandbox.kdl", "sandbox \"twin\" { inherit \"base-dev\"; }");
    run(project.command("cp").arg("-a").arg(&own).arg(approval(&project, &project.root, "twin"))).code(0);
    asks(&project, &["of another project or sandbox"]);
    let list = plain(&project, &["trust", "--list"]).code(0).says(&["does not count"]);
    assert_eq!(list.stdout.lines().count(), 1);
}

/// An approval that is damaged, edited, a link, a device or another's does not count, and `trust` puts a
/// good one in its place.
#[test]
fn tampered_approvals() {
    let project = trusted();
    let path = approval(&project, &project.root, "app");
    let good = fs::read_to_string(&path).unwrap();
    let (first, plan) = good.split_once('\n').unwrap();
    let write = |text: &str| fs::write(&path, text).unwrap();
    let network = plan.replace("\"network\":\"none\"", "\"network\":\"host\"");
    let cases = [
        String::new(),
        "\n".to_owned(),
        good[..good.len() / 2].to_owned(),
        format!("{first}\n{network}"),
        format!("{first}\n"),
        format!("{good}\n"),
        good.replace("\"app\"", "\"ap\""),
        "x".repeat(5 << 20),
    ];
    for text in &cases {
        assert_ne!(*text, good);
        write(text);
        asks(&project, &["note: the approval"]);
    }
    // A sum that fits makes it the approval of another plan.
    let sum = sha256(network.trim_end().as_bytes());
    write(&format!("{}\n{network}", first.replace(&sha256(plan.trim_end().as_bytes()), &sum)));
    asks(&project, &["has changed since you trusted it", "narrows  network host → none"]);
    let away = project.home.join("away");
    write(&good);
    runs(&project);
    fs::rename(&path, &away).unwrap();
    symlink(&away, &path).unwrap();
    asks(&project, &["is a symbolic link"]);
    fs::remove_file(&path).unwrap();
    run(project.command("mkfifo").args(["-m", "600"]).arg(&path)).code(0);
    asks(&project, &["not a regular file"]);
    plain(&project, &["trust", "--yes"]).code(0);
    runs(&project);
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    // Another user's, by an outer bubblewrap.
    let mut outer = project.command("bwrap");
    outer.args(["--dev-bind", "/", "/", "--ro-bind", "/etc/passwd"]).arg(&path).args(["--", SBC]).args(RAN);
    run(&mut outer).code(125).says(&["SBC0711", "belongs to another user"]);
}

/// Approvals that others could have changed do not count; neither do any in a directory that is a link.
#[test]
fn open_records() {
    let project = trusted();
    let (records, path) = (records(&project), approval(&project, &project.root, "app"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(&records), mode(&records.join("trusted")), mode(&path)], [0o700, 0o700, 0o600]);
    for (place, open, closed) in [
        (&records, 0o770, 0o700),
        (&records, 0o702, 0o700),
        (&records.join("trusted"), 0o750, 0o700),
        (&path, 0o644, 0o600),
    ] {
        fs::set_permissions(place, fs::Permissions::from_mode(open)).unwrap();
        asks(&project, &["is open to other users: `chmod go"]);
        fs::set_permissions(place, fs::Permissions::from_mode(closed)).unwrap();
        runs(&project);
    }
    let away = project.home.join("away");
    fs::rename(records.join("trusted"), &away).unwrap();
    symlink(&away, records.join("trusted")).unwrap();
    asks(&project, &["is no directory that can be read"]);
    plain(&project, &["trust", "--yes"]).code(1).says(&["SBC0711"]);
    plain(&project, &["trust", "--list"]).code(1).says(&["SBC0711"]);
}

/// sbc makes its records for this user alone, whatever the umask, also where `exec` makes them.
#[test]
fn records_are_private() {
    let project = Project::with_body("filesystem { rw \"~/.made\" missing=\"create-dir\"; }");
    let show = plain(&project, &["show"]).code(0).stdout;
    let plan = show.lines().find_map(|line| line.strip_prefix("plan ")).unwrap();
    let shell = format!("umask 0; exec {SBC} exec --trust {plan} -- true");
    run(project.command("sh").args(["-c", &shell])).code(0);
    assert_eq!(fs::metadata(records(&project)).unwrap().permissions().mode() & 0o777, 0o700);
    plain(&project, &["trust", "--yes"]).code(0);
    runs(&project);
}

/// A project whose name is not text can be trusted as any other.
#[test]
fn strange_names() {
    for name in [b"caf\xe9 \"x\"".as_slice(), b"-rf", b"new\nline", b" "] {
        let project = Project::named(std::ffi::OsStr::from_bytes(name));
        project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; }");
        asks(&project, &[]);
        plain(&project, &["trust", "--yes"]).code(0);
        runs(&project);
        plain(&project, &["trust", "--revoke"]).code(0).says(&["not trusted any more"]);
        asks(&project, &[]);
    }
}

/// A link in a repository cannot turn a rule about the project into one about the home.
#[test]
fn links_out_of_the_project() {
    let rules = "ro \"/usr\"; ro \"/bin\" \"/lib\" \"/lib64\" missing=\"skip\"; ro \"./keys\"; proc \"/proc\"";
    let project = Project::new(&format!("sandbox \"app\" {{ filesystem {{ {rules}; }}; run {{ workdir \"/\"; }}; }}"));
    project.write("keys/public", "public\n");
    project.write_home(".ssh/id_ed25519", "private\n");
    plain(&project, &["trust", "--yes"]).code(0);
    runs(&project);
    fs::remove_dir_all(project.root.join("keys")).unwrap();
    symlink("../.ssh", project.root.join("keys")).unwrap();
    let key = project.root.join("keys/id_ed25519");
    let output = plain(&project, &["exec", "--", "/bin/cat", key.to_str().unwrap()]).code(125);
    let output = output.says(&["SBC0408", "leads out of the project, to", "write the path that it leads to"]);
    assert_eq!(output.stdout, "");
}
