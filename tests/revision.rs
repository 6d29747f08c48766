//! `sbc diff` in real repositories, honest and hostile.

use crate::support::{Output, Project, run};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const CLOSED: &str = "sandbox \"app\" {\n    inherit \"base-dev\"\n}\n";
const OPEN: &str = "sandbox \"app\" {\n    inherit \"base-dev\"\n    network \"host\"\n}\n";

/// Runs git in a directory and gives what it prints.
#[track_caller]
fn git(project: &Project, directory: &Path, arguments: &[&str]) -> String {
    let mut command = project.command("git");
    command.current_dir(directory).args(["-c", "user.name=t", "-c", "user.email=t@localhost"]).args(arguments);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    run(&mut command).code(0).stdout.trim().to_owned()
}

/// A repository on `main` whose only commit has this policy.
pub fn repository(policy: &str) -> Project {
    let project = Project::new(policy);
    git(&project, &project.root, &["init", "-q", "-b", "main"]);
    commit(&project, "first");
    project
}

fn commit(project: &Project, message: &str) {
    git(project, &project.root, &["add", "-A"]);
    git(project, &project.root, &["commit", "-q", "--allow-empty", "-m", message]);
}

/// What `sbc diff` prints.
#[track_caller]
fn diff(project: &Project, arguments: &[&str]) -> String {
    project.sbc(&[&["diff"], arguments].concat()).code(0).stdout
}

const WIDENED: &str = "sandbox app\n  widens   network none → host (.agent-sandbox.kdl:3)\n\n\
                       1 widens, 0 narrow, 0 neutral\n";

/// A revision is compared with the files as they are, or with another revision.
#[test]
fn revisions() {
    let project = repository(CLOSED);
    assert_eq!(diff(&project, &[]), "no change\n");
    project.write(".agent-sandbox.kdl", OPEN);
    assert_eq!(diff(&project, &[]), WIDENED);
    assert_eq!(diff(&project, &["main"]), WIDENED);
    assert_eq!(diff(&project, &["main", "."]), WIDENED);
    project.sbc(&["diff", "main", "--fail-on", "widening"]).code(1);
    git(&project, &project.root, &["checkout", "-q", "-b", "topic/network"]);
    commit(&project, "second");
    let named = WIDENED.replace("(.agent", "(topic/network:.agent");
    for arguments in [["main..topic/network"].as_slice(), &["main", "topic/network"], &["HEAD^", "topic/network"]] {
        assert_eq!(diff(&project, arguments), named, "{arguments:?}");
    }
    assert_eq!(diff(&project, &["main.."]), WIDENED.replace("(.agent", "(HEAD:.agent"));
    let back = diff(&project, &["topic/network..main"]);
    assert!(back.contains("narrows  network host → none"), "{back}");
}

/// What is in profiles counts, and lines are those of the revision.
#[test]
fn profiles_of_a_revision() {
    let project = repository("sandbox \"app\" {\n    inherit \"team\"\n}\n");
    let profile = ".agent-sandbox/profiles/team.kdl";
    project.write(profile, "profile \"team\" {\n    inherit \"base-dev\"\n    filesystem { deny \"./.env\"; }\n}\n");
    // Neither a profile nor a policy.
    project.write(".agent-sandbox/profiles/deep/other.kdl", "not a policy");
    project.write(".agent-sandbox/app.sh", "#!/bin/sh\n");
    commit(&project, "profile");
    project.write(profile, "profile \"team\" { inherit \"base-dev\"; }\n");
    let said = diff(&project, &["main"]);
    let place = "(before: `deny \"./.env\"`, through `team`, main:.agent-sandbox/profiles/team.kdl:3)";
    assert!(said.contains(&format!("opens `./.env` for reading and writing {place}")), "{said}");
}

/// The project may be a part of the repository, and the repository's files may be elsewhere.
#[test]
fn subdirectory_and_worktree() {
    let project = Project::empty();
    project.write("sub [1]/deep/.agent-sandbox.kdl", CLOSED);
    git(&project, &project.root, &["init", "-q", "-b", "main"]);
    commit(&project, "first");
    git(&project, &project.root, &["worktree", "add", "-q", "-b", "other", "../tree"]);
    for root in [project.root.join("sub [1]/deep"), project.home.join("tree/sub [1]/deep")] {
        fs::write(root.join(".agent-sandbox.kdl"), OPEN).unwrap();
        fs::create_dir_all(root.join("below")).unwrap();
        for directory in [root.clone(), root.join("below")] {
            let output = run(project.sbc_command(&["diff", "main"]).current_dir(directory)).code(0);
            assert_eq!(output.stdout, WIDENED);
        }
    }
}

/// Before there was a policy nothing was allowed.
#[test]
fn before_the_policy() {
    let project = repository(CLOSED);
    git(&project, &project.root, &["rm", "-q", "--cached", ".agent-sandbox.kdl"]);
    git(&project, &project.root, &["commit", "-q", "-m", "none"]);
    let said = diff(&project, &[]);
    assert!(said.contains("sandbox `app` is new") && said.contains("opens `.` for reading and writing"), "{said}");
    // And the other way round there is nothing that could be found.
    fs::remove_file(project.root.join(".agent-sandbox.kdl")).unwrap();
    project.sbc(&["diff"]).code(1).says(&["SBC0007"]);
}

/// What is no revision is named with what to do; nothing of it becomes an option of git.
#[test]
fn no_revision() {
    let project = repository(CLOSED);
    for word in ["nowhere", "--batch-all-objects", "-h", "main:.agent-sandbox.kdl", "a b", "main\n", ""] {
        let output = project.sbc(&["diff", "--", word]).code(1).says(&["SBC0709", "there is no path and no revision"]);
        assert_eq!(output.stdout, "");
    }
    fs::create_dir(project.root.join("main")).unwrap();
    project.sbc(&["diff", "main"]).code(1).says(&["SBC0709", "`main` is a revision and a path"]);
    assert_eq!(diff(&project, &["refs/heads/main"]), "no change\n");
    assert_eq!(diff(&project, &["./main"]), "no change\n");
    fs::remove_dir_all(project.root.join(".git")).unwrap();
    project.sbc(&["diff"]).code(1).says(&["SBC0709", "is not in a git repository"]);
}

/// A link, a directory, too much text and text that is none are refused in a revision.
#[test]
fn odd_files() {
    let refused = |prepare: &dyn Fn(&Project), says: &str| {
        let project = repository(CLOSED);
        fs::remove_file(project.root.join(".agent-sandbox.kdl")).unwrap();
        prepare(&project);
        commit(&project, "odd");
        git(&project, &project.root, &["rm", "-rq", "--cached", "."]);
        run(project.command("rm").args(["-rf", ".agent-sandbox.kdl", ".agent-sandbox"]));
        project.write(".agent-sandbox.kdl", CLOSED);
        project.sbc(&["diff"]).code(1).says(&[says]);
    };
    let policy = ".agent-sandbox.kdl";
    refused(&|project| symlink("/etc/passwd", project.root.join(policy)).unwrap(), "is a link or a submodule");
    refused(&|project| project.write(".agent-sandbox.kdl/x", ""), "is a link or a submodule");
    refused(&|project| project.write(policy, " ".repeat(70_000)), "SBC0001");
    refused(&|project| project.write(policy, b"\xff"), "SBC0003");
    refused(&|project| project.write(policy, "sandbox {"), "in HEAD:");
    let links = |project: &Project| {
        project.write(policy, CLOSED);
        symlink("/etc", project.root.join(".agent-sandbox")).unwrap();
    };
    refused(&links, "`HEAD:.agent-sandbox` is a link or a submodule");
    let profile = |project: &Project| {
        project.write(policy, CLOSED);
        fs::create_dir_all(project.root.join(".agent-sandbox/profiles")).unwrap();
        symlink("/etc/passwd", project.root.join(".agent-sandbox/profiles/x.kdl")).unwrap();
    };
    refused(&profile, "`HEAD:.agent-sandbox/profiles/x.kdl` is a link or a submodule");
}

/// A repository whose settings name a program wherever git would run one. The program leaves a mark.
fn hostile() -> (Project, PathBuf) {
    let project = repository(CLOSED);
    let mark = project.home.join("mark");
    project.write_home("evil", format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", mark.display()));
    let evil = project.home.join("evil");
    fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).unwrap();
    project.write(".gitattributes", "* filter=evil diff=evil text\n");
    commit(&project, "attributes");
    let evil = evil.to_str().unwrap();
    let hooks = project.root.join(".git/evil-hooks");
    fs::create_dir(&hooks).unwrap();
    for hook in ["post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"] {
        symlink(evil, hooks.join(hook)).unwrap();
    }
    let hooks = hooks.to_str().unwrap();
    let settings = [
        ("core.fsmonitor", evil),
        ("core.hooksPath", hooks),
        ("core.sshCommand", evil),
        ("core.pager", evil),
        ("core.editor", evil),
        ("core.askPass", evil),
        ("core.gitProxy", evil),
        ("core.alternateRefsCommand", evil),
        ("pager.cat-file", evil),
        ("pager.ls-tree", evil),
        ("pager.rev-parse", evil),
        ("credential.helper", evil),
        ("filter.evil.clean", evil),
        ("filter.evil.smudge", evil),
        ("filter.evil.process", evil),
        ("diff.evil.textconv", evil),
        ("diff.evil.command", evil),
        ("diff.external", evil),
        ("gpg.program", evil),
        ("trace2.eventTarget", mark.to_str().unwrap()),
    ];
    for (name, value) in settings {
        git(&project, &project.root, &["config", name, value]);
    }
    for name in ["cat-file", "ls-tree", "rev-parse"] {
        git(&project, &project.root, &["config", &format!("alias.{name}"), &format!("!{evil}")]);
    }
    project.write(".agent-sandbox.kdl", OPEN);
    let _ = fs::remove_file(&mark);
    (project, mark)
}

/// No program is run that a repository names, and git itself would have run it.
#[test]
fn hostile_settings() {
    let (project, mark) = hostile();
    assert_eq!(diff(&project, &["main"]), WIDENED);
    assert_eq!(diff(&project, &["main^"]), WIDENED);
    project.sbc(&["diff", "nowhere"]).code(1);
    assert!(!mark.exists(), "{}", fs::read_to_string(&mark).unwrap());
    run(project.command("git").arg("status").env("GIT_CONFIG_GLOBAL", "/dev/null"));
    assert!(mark.exists(), "the trap is none");
}

/// A file that would have to be fetched is missing, and the remote's program is not run.
#[test]
fn hostile_remote() {
    let (project, mark) = hostile();
    let object = git(&project, &project.root, &["rev-parse", "main:.agent-sandbox.kdl"]);
    let (directory, file) = object.split_at(2);
    fs::remove_file(project.root.join(".git/objects").join(directory).join(file)).unwrap();
    let evil = project.home.join("evil");
    let url = format!("ext::{}", evil.display());
    for (name, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", &url),
        ("remote.origin.uploadpack", evil.to_str().unwrap()),
        ("protocol.ext.allow", "always"),
    ] {
        git(&project, &project.root, &["config", name, value]);
    }
    let _ = fs::remove_file(&mark);
    project.sbc(&["diff", "main"]).code(1).says(&["SBC0709", "is not in this repository", "git fetch"]);
    assert!(!mark.exists(), "{}", fs::read_to_string(&mark).unwrap());
    let mut show = project.command("git");
    run(show.args(["cat-file", "blob", &object]).env("GIT_CONFIG_GLOBAL", "/dev/null"));
    assert!(mark.exists(), "the trap is none");
}

/// A git that comes first on `PATH` is not run, and the caller's `GIT_…` variables mean nothing.
#[test]
fn environment() {
    let project = repository(CLOSED);
    project.write("bin/git", "#!/bin/sh\ntouch mark\n");
    project.executable("bin/git");
    project.write(".agent-sandbox.kdl", OPEN);
    let mut command = project.sbc_command(&["diff", "main"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", project.root.join("bin").display()));
    command.env("GIT_DIR", "/nowhere").env("GIT_TRACE", project.root.join("mark"));
    let Output { stdout, .. } = run(&mut command).code(0);
    assert_eq!(stdout, WIDENED);
    assert!(!project.root.join("mark").exists());
}

/// git that does not answer is not waited for.
#[test]
fn endless_setting() {
    let project = repository(CLOSED);
    let pipe = project.root.join(".git/pipe");
    assert_eq!(run(project.command("mkfifo").arg(&pipe)).code, 0);
    let config = project.root.join(".git/config");
    let text = fs::read_to_string(&config).unwrap() + &format!("[include]\n\tpath = {}\n", pipe.display());
    fs::write(&config, text).unwrap();
    project.sbc(&["diff"]).code(1).says(&["SBC0709", "git did not answer within"]);
}
