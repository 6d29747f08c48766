//! What was compiled before is used again, and nothing else is.

use crate::support::{Project, run};
use sbc::plan::sha256;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;

/// A project whose command says `one`, after its first start.
fn started() -> Project {
    let project = Project::with_body("run { command \"/bin/echo\" \"one\"; }");
    assert_eq!(project.sbc(&["exec"]).code(0).stdout, "one\n");
    project
}

fn entries(project: &Project) -> Vec<PathBuf> {
    let folder = fs::read_dir(project.home.join(".local/state/sbc/plans")).into_iter().flatten();
    folder.map(|entry| entry.unwrap().path()).collect()
}

/// The body of the only entry, with `one` replaced, under the sum that fits or under the old one.
fn forge(project: &Project, fits: bool) {
    let [path] = entries(project).try_into().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let (sum, body) = text.split_once('\n').unwrap();
    let body = body.replace("\"one\"", "\"two\"");
    let sum = if fits { sha256(body.as_bytes()) } else { sum.to_owned() };
    fs::write(path, format!("{sum}\n{body}")).unwrap();
}

/// A second start takes the plan of the first: whoever compiles writes the entry anew. A plan that was put there by
/// another hand is not what was trusted, and is made anew as well.
#[test]
fn second_start_uses_it() {
    let project = started();
    let made = || entries(&project).iter().map(|entry| fs::metadata(entry).unwrap().ino()).collect::<Vec<_>>();
    let first = made();
    assert_eq!(project.sbc(&["exec"]).code(0).stdout, "one\n");
    assert_eq!((first.len(), made()), (1, first.clone()));
    forge(&project, true);
    assert_eq!(project.sbc(&["exec"]).code(0).stdout, "one\n");
    assert_ne!(made(), first);
}

/// An entry that is damaged, cut off, or not even text is ignored, and made anew.
#[test]
fn damaged_entries_are_ignored() {
    let project = started();
    let [path] = entries(&project).try_into().unwrap();
    let whole = fs::read(&path).unwrap();
    forge(&project, false);
    for bytes in [fs::read(&path).unwrap(), whole[..whole.len() / 2].to_vec(), vec![0xff; 100], Vec::new()] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(project.sbc(&["exec"]).code(0).stdout, "one\n");
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

/// An entry of another policy is ignored, also under the name of this one.
#[test]
fn foreign_entries_are_ignored() {
    let project = started();
    let [own] = entries(&project).try_into().unwrap();
    project.write(
        ".agent-sandbox.kdl",
        "sandbox \"app\" { inherit \"base-dev\"; run { command \"/bin/echo\" \"other\"; }; }",
    );
    assert_eq!(project.sbc(&["exec"]).code(0).stdout, "other\n");
    let other = entries(&project).into_iter().find(|path| *path != own).unwrap();
    fs::copy(own, other).unwrap();
    assert_eq!(project.sbc(&["exec"]).code(0).stdout, "other\n");
}

/// Every change of a text is seen at once: of the policy, of a local profile, of a name.
#[test]
fn changes_are_seen() {
    let project = Project::new("sandbox \"app\" { inherit \"team\"; run { command \"/bin/echo\" \"one\"; }; }");
    let profile =
        |value: &str| format!("profile \"team\" {{ inherit \"base-dev\"; env {{ set SAYS=\"{value}\"; }}; }}");
    project.write(".agent-sandbox/profiles/team.kdl", profile("a"));
    let says = |expected: &str| assert_eq!(project.exec("echo $SAYS").code(0).stdout, format!("{expected}\n"));
    says("a");
    project.write(".agent-sandbox/profiles/team.kdl", profile("b"));
    says("b");
    project.write(".agent-sandbox/profiles/team.kdl", profile("a"));
    says("a");
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"team\"; env { set SAYS=\"c\"; }; }");
    says("c");
    project.write(".agent-sandbox/profiles/more.kdl", "profile \"base-dev\" { }");
    project.exec("true").code(125).says(&["SBC0203"]);
}

/// A problem on this host is reported with its place in the policy also when the plan was there.
#[test]
fn problems_keep_their_place() {
    let project = Project::with_body("filesystem { ro \"~/data\"; }");
    project.write_home("data", "");
    project.exec("true").code(0);
    fs::remove_file(project.home.join("data")).unwrap();
    project.exec("true").code(125).says(&["SBC0404", ".agent-sandbox.kdl:3:"]);
}

/// What has changed on the host since is found while bubblewrap mounts already, and then nothing is started and
/// nothing is left.
#[test]
fn changed_hosts_are_found() {
    for lifetime in ["with-parent", "detached"] {
        let body = format!(
            "filesystem {{ ro \"~/data\"; rw \"./out\" missing=\"create-dir\"; }}; isolation {{ lifetime \"{lifetime}\"; }}"
        );
        let project = Project::with_body(&body);
        project.write_home("data/x", "fine");
        project.write_home(".ssh/x", "key");
        assert_eq!(project.exec("cat ~/data/x").code(0).stdout, "fine");
        fs::rename(project.home.join("data"), project.home.join("old")).unwrap();
        symlink(".ssh", project.home.join("data")).unwrap();
        let output = project.exec("cat ~/data/x; touch ran").code(125).says(&["SBC0501", "ro \"~/data\""]);
        assert_eq!(output.stdout, "");
        assert!(!project.root.join("ran").exists() && !project.root.join("out").exists());
    }
}

/// The first step inside starts the command when it is told so, and not when the pipe just ends because sbc is gone.
#[test]
fn first_step_waits() {
    let project = Project::empty();
    for (said, code) in [("printf x", 0), (":", 125)] {
        let shell = format!("{said} | \"$0\" --sbc-enter 3 4 '' '' '' '' touch ran 3>&2 4<&0");
        run(project.command("sh").args(["-c", &shell, env!("CARGO_BIN_EXE_sbc")])).code(code);
        assert_eq!(fs::remove_file(project.root.join("ran")).is_ok(), code == 0);
    }
}

/// A state directory that cannot be written only costs the time of compiling, where nothing is to be done
/// after the run. Else nothing runs, as a killed run could not be audited. Approvals cannot be kept there either,
/// so the caller names the plan.
#[test]
fn works_without() {
    let shown = "ro \"/usr\"; ro \"/bin\" \"/lib\" \"/lib64\" missing=\"skip\"; proc \"/proc\"; dev \"/dev\"";
    let project = Project::new(&format!("sandbox \"app\" {{ filesystem {{ {shown}; }}; run {{ workdir \"/\"; }}; }}"));
    project.write_home(".local/state", "a file");
    let plan = |project: &Project| {
        let shown = project.sbc(&["show"]).code(0).stdout;
        shown.lines().find_map(|line| line.strip_prefix("plan ")).unwrap().to_owned()
    };
    let exec = |project: &Project| project.sbc(&["exec", "--trust", &plan(project), "--", "echo", "out"]);
    assert_eq!(exec(&project).code(0).stdout, "out\n");
    let project = Project::with_body("");
    project.write_home(".local/state", "a file");
    exec(&project).code(125).says(&["SBC0603", "XDG_STATE_HOME"]);
}

/// No more than 200 entries stay, and the newest are among them.
#[test]
fn old_entries_go() {
    let project = started();
    let folder = project.home.join(".local/state/sbc/plans");
    for number in 0..300 {
        fs::write(folder.join(format!("old-{number}")), "").unwrap();
    }
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; }");
    project.exec("true").code(0);
    assert_eq!(entries(&project).len(), 200);
    let whole = |path: &PathBuf| fs::read_to_string(path).unwrap().contains("\"name\":\"app\"");
    assert!(entries(&project).iter().any(whole));
}
