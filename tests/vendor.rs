//! Profiles from elsewhere: copied by `sbc vendor` from real directories and repositories, noted in the lock, and never
//! believed or fetched by anything else.

use crate::support::{Output, Project, run};
use crate::trust::answered;
use sbc::plan::sha256;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const SBC: &str = env!("CARGO_BIN_EXE_sbc");
const LOCK: &str = ".agent-sandbox/sbc.lock";
pub const TEAM: &str = ".agent-sandbox/profiles/team.kdl";

/// A profile that opens nothing, and one that opens the network.
pub const CLOSED: &str = "profile \"team\" { inherit \"base-dev\"; env { set TEAM=\"1\"; }; }\n";
const OPEN: &str = "profile \"team\" { inherit \"base-dev\"; env { set TEAM=\"2\"; }; network \"host\"; }\n";

#[track_caller]
fn plain(project: &Project, arguments: &[&str]) -> Output {
    run(&mut project.plain_command(arguments))
}

fn host(project: &Project, shell: &str) -> Output {
    run(project.command("sh").args(["-c", shell])).code(0)
}

fn git(project: &Project, directory: &Path, arguments: &[&str]) -> String {
    let mut command = project.command("git");
    command.current_dir(directory).args(["-c", "user.name=t", "-c", "user.email=t@localhost"]).args(arguments);
    run(&mut command).code(0).stdout.trim().to_owned()
}

/// A repository in `~/shared` with the profile `team` in two versions, tagged `v1` and `v2`, and its commits.
pub fn repository(project: &Project) -> (PathBuf, String, String) {
    let place = project.home.join("shared");
    fs::create_dir_all(place.join("profiles")).unwrap();
    git(project, &place, &["init", "-q", "-b", "main"]);
    let commit = |text: &str, tag: &str| {
        fs::write(place.join("profiles/team.kdl"), text).unwrap();
        fs::write(place.join("readme"), tag).unwrap();
        git(project, &place, &["add", "-A"]);
        git(project, &place, &["commit", "-q", "-m", tag]);
        git(project, &place, &["tag", "-a", "-m", tag, tag]);
        git(project, &place, &["rev-parse", "HEAD"])
    };
    let (one, two) = (commit(CLOSED, "v1"), commit(OPEN, "v2"));
    (place, one, two)
}

/// A project whose sandbox inherits `team`, which is vendored at `v1`, with its artefacts.
fn vendored() -> (Project, String, String) {
    let project = Project::new("sandbox \"app\" { inherit \"base-dev\"; }\n");
    let (_, one, two) = repository(&project);
    plain(&project, &["vendor", "../shared", "--revision", "v1", "--path", "profiles", "--name", "team"]).code(0);
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"team\"; }\n");
    plain(&project, &["build"]).code(0);
    (project, one, two)
}

/// The files below the project, with what is in them.
fn snapshot(project: &Project) -> Vec<(PathBuf, String)> {
    crate::traps::snapshot(&project.root)
}

// What is copied.

/// A directory's files are copied, and the lock has their hashes, in lines that `sha256sum -c` accepts; building keeps them.
#[test]
fn from_a_directory() {
    let project = Project::new("sandbox \"app\" { inherit \"team\"; }\n");
    project.write_home("shared/team.kdl", CLOSED);
    project.write_home("shared/more.kdl", "profile \"more\" { }\n");
    project.write_home("shared/.hidden.kdl", "nothing {{{");
    project.write_home("shared/readme", "");
    let output = plain(&project, &["vendor", "../shared"]).code(0);
    output.says(&[
        "wrote `.agent-sandbox/profiles/more.kdl` and `.agent-sandbox/profiles/team.kdl`",
        "`more` and `team`",
    ]);
    assert_eq!(project.read(TEAM), CLOSED);
    plain(&project, &["build"]).code(0);
    let lock = project.read(LOCK);
    let lines = format!(
        "{}  .agent-sandbox/profiles/more.kdl\n{}  {TEAM}\n",
        sha256(b"profile \"more\" { }\n"),
        sha256(CLOSED.as_bytes())
    );
    let content = sha256(lines.as_bytes());
    assert!(lock.ends_with(&format!("# vendored shared sha256:{content} from ../shared\n{lines}")), "{lock}");
    host(&project, "sha256sum --quiet --strict -c .agent-sandbox/sbc.lock");
    plain(&project, &["build", "--check"]).code(0);
    plain(&project, &["check"]).code(0);
    assert_eq!(project.exec("echo $TEAM").code(0).stdout, "1\n");
    assert_eq!(plain(&project, &["vendor"]).code(0).stdout, "shared  -  2 files  ../shared\n");
}

/// Of a repository the named revision is copied, by its path, and by its address through git's own protocol; the lock has the whole
/// name of the commit.
#[test]
fn from_a_repository() {
    let project = Project::new("sandbox \"app\" { inherit \"base-dev\"; }\n");
    let (place, one, two) = repository(&project);
    let url = format!("file://{}", place.display());
    for (source, revision, text, commit) in [
        ("../shared", "v1", CLOSED, &one),
        ("../shared", &one[..12], CLOSED, &one),
        (&url, "v1", CLOSED, &one),
        (&url, "main", OPEN, &two),
        (&url, &two, OPEN, &two),
    ] {
        let output = plain(&project, &["vendor", source, "--revision", revision, "--path", "./profiles/"]).code(0);
        assert_eq!(output.stdout, "");
        assert_eq!(project.read(TEAM), text);
        let lock = project.read(LOCK);
        assert!(lock.contains(&format!(" git:{commit} path profiles from {source}\n")), "{lock}");
        fs::remove_dir_all(project.root.join(".agent-sandbox")).unwrap();
    }
    plain(&project, &["vendor", &url]).code(1).says(&["SBC0716", "no revision is named", "--revision NAME"]);
    plain(&project, &["vendor", "../shared", "--revision", "v9"]).code(1).says(&["SBC0716", "has no revision `v9`"]);
    plain(&project, &["vendor", &url, "--revision", "v9"]).code(1).says(&["SBC0709"]);
    plain(&project, &["vendor", "../shared", "--revision", "v1"]).code(1).says(&["SBC0716", "--path DIRECTORY"]);
    assert!(!project.root.join(".agent-sandbox").exists());
}

// Drift.

/// `check` and `build --check` notice a file that was edited, one that is missing, and a line of the lock that is gone,
/// and say what puts it back; what they say does.
#[test]
fn drift() {
    let (project, one, _) = vendored();
    plain(&project, &["check", "--no-host"]).code(0);
    let lock = project.read(LOCK);
    let back = format!("`sbc vendor --update team --revision {one}`");
    let noticed = |title: &str| {
        for arguments in [&["check", "--no-host"][..], &["build", "--check"]] {
            plain(&project, arguments).code(1).says(&["SBC0606", title, &back, "take the lines of `team` out of"]);
        }
        plain(&project, &["vendor", "--update", "team", "--revision", &one, "--yes"]).code(0);
        plain(&project, &["check", "--no-host"]).code(0);
        plain(&project, &["build", "--check"]).code(0);
        assert_eq!((project.read(TEAM), project.read(LOCK)), (CLOSED.to_owned(), lock.clone()));
    };
    project.write(TEAM, format!("// mine\n{CLOSED}"));
    noticed("is not what was vendored from `../shared`");
    project.write(".agent-sandbox/profiles/other.kdl", CLOSED);
    fs::remove_file(project.root.join(TEAM)).unwrap();
    plain(&project, &["check", "--no-host"]).code(1).says(&["SBC0606", "is missing"]);
    fs::remove_file(project.root.join(".agent-sandbox/profiles/other.kdl")).unwrap();
    project.write(TEAM, CLOSED);
    let without: String = lock.lines().filter(|line| !line.ends_with(TEAM)).map(|line| format!("{line}\n")).collect();
    project.write(LOCK, &without);
    noticed("the lines of `team` in `.agent-sandbox/sbc.lock` are not those");
    // Building does not settle it.
    project.write(TEAM, format!("// mine\n{CLOSED}"));
    plain(&project, &["build"]).code(0);
    plain(&project, &["build", "--check"]).code(1).says(&["SBC0606"]);
    // Without its lines it is the project's own.
    let (own, _) = lock.split_once("# vendored").unwrap();
    project.write(LOCK, own);
    plain(&project, &["build", "--check"]).code(0);
}

/// The lock is a statement: `exec` runs what the files say, whatever the lock claims.
#[test]
fn exec_believes_no_lock() {
    let (project, _, _) = vendored();
    project.write(TEAM, CLOSED.replace('1', "mine"));
    assert_eq!(project.exec("echo $TEAM").code(0).stdout, "mine\n");
    project.write(
        LOCK,
        "# vendored \u{1b}[31m sha256: git:$(x) path / from ext::sh\nx  .agent-sandbox/profiles/../../x.kdl\n",
    );
    assert_eq!(project.exec("echo $TEAM").code(0).stdout, "mine\n");
    let output = plain(&project, &["check", "--no-host"]).code(1).says(&["SBC0606"]);
    assert!(!output.stderr.contains('\u{1b}') && !output.stderr.contains("$(x)"), "{}", output.stderr);
    plain(&project, &["vendor", "--update", "--revision", "x", "--yes"]).code(1).says(&["SBC0716"]);
}

// Updates.

/// An update shows what sandboxes may then, asks, and writes nothing without a yes.
#[test]
fn update_shows_and_asks() {
    let (project, _, two) = vendored();
    let before = snapshot(&project);
    let widens = "widens   network none → host (through `team`, .agent-sandbox/profiles/team.kdl:1)";
    let shown = plain(&project, &["vendor", "--update", "--revision", "v2"]).code(1);
    assert!(shown.stdout.contains(widens), "{}", shown.stdout);
    shown.says(&["changes .agent-sandbox/profiles/team.kdl", "nothing was written; `--yes` writes it"]);
    let command = format!("exec {SBC} vendor --update team --revision v2");
    let (screen, code) = answered(&project, &command, "[y/N] ", b"", b"n\n");
    assert_eq!((code, screen.contains("network none → host")), (Some(1), true), "{screen}");
    plain(&project, &["vendor", "--update"]).code(1).says(&["SBC0716", "--revision NAME"]);
    plain(&project, &["vendor", "--update", "other"]).code(1).says(&["no set `other`", "`team`"]);
    assert_eq!(snapshot(&project), before);
    let (screen, code) = answered(&project, &command, "[y/N] ", b"", b"y\n");
    assert_eq!(code, Some(0), "{screen}");
    assert_eq!(project.read(TEAM), OPEN);
    assert!(project.read(LOCK).contains(&format!("git:{two} path profiles from ../shared")));
    plain(&project, &["build", "--check"]).code(1).says(&["SBC0601"]);
    plain(&project, &["build"]).code(0);
    plain(&project, &["build", "--check"]).code(0);
    plain(&project, &["vendor", "--update", "--revision", "v2"]).code(0).says(&["team is up to date"]);
}

/// Files that are gone from the source go, new ones come, and edits here are named before they are lost.
#[test]
fn update_of_files() {
    let project = Project::new("sandbox \"app\" { inherit \"base-dev\"; }\n");
    project.write_home("shared/team.kdl", CLOSED);
    project.write_home("shared/old.kdl", "profile \"old\" { }\n");
    plain(&project, &["vendor", "../shared"]).code(0);
    project.write(TEAM, "profile \"team\" { }\n");
    fs::rename(project.home.join("shared/old.kdl"), project.home.join("shared/new.kdl")).unwrap();
    let output = plain(&project, &["vendor", "--update", "--yes"]).code(0);
    output.says(&[
        "team.kdl was changed here, and that is lost",
        "removes .agent-sandbox/profiles/old.kdl",
        "adds .agent-sandbox/profiles/new.kdl",
        "changes .agent-sandbox/profiles/team.kdl",
    ]);
    let names: Vec<_> =
        snapshot(&project).into_iter().filter_map(|(path, _)| Some(path.file_name()?.to_owned())).collect();
    assert!(names.iter().any(|name| name == "new.kdl") && !names.iter().any(|name| name == "old.kdl"), "{names:?}");
    plain(&project, &["check", "--no-host"]).code(0);
}

/// An update that would break the policy, or that cannot be written whole, leaves everything as it was.
#[test]
fn failed_updates() {
    let (project, _, _) = vendored();
    let place = project.home.join("shared");
    let commit = |file: &str, text: &str| {
        fs::write(place.join(file), text).unwrap();
        git(&project, &place, &["add", "-A"]);
        git(&project, &place, &["commit", "-q", "-m", "x"]);
    };
    let before = snapshot(&project);
    let refused = |code: &str| {
        plain(&project, &["vendor", "--update", "--revision", "main", "--yes"])
            .code(1)
            .says(&[code, "nothing was written"]);
        assert_eq!(snapshot(&project), before);
    };
    commit("profiles/team.kdl", "profile \"team\" { inherit \"no-such\"; }\n");
    refused("SBC0201");
    commit("profiles/team.kdl", "profile \"renamed\" { }\n");
    refused("SBC0201");
    commit("profiles/team.kdl", OPEN);
    commit("profiles/z.kdl", "profile \"z\" {{{\n");
    refused("SBC0107");
    commit("profiles/z.kdl", "profile \"z\" { }\n");
    // A directory in the place of the second file.
    fs::create_dir(project.root.join(".agent-sandbox/profiles/z.kdl")).unwrap();
    let before = snapshot(&project);
    let failed = plain(&project, &["vendor", "--update", "--revision", "main", "--yes"]).code(1);
    assert!(failed.stderr.contains("SBC0006") || failed.stderr.contains("SBC0603"), "{}", failed.stderr);
    assert_eq!(snapshot(&project), before);
}

// What is refused.

/// Only regular files with profiles of names of their own are taken, and nothing of a set that holds anything else.
#[test]
fn refused_sets() {
    type Make<'a> = &'a dyn Fn(&Project);
    let cases: [(&str, Make<'_>, &str); 10] = [
        ("a sandbox", &|project| project.write_home("shared/x.kdl", "sandbox \"x\" { }\n"), "SBC0107"),
        ("no KDL", &|project| project.write_home("shared/x.kdl", "x {{{\n"), "SBC0005"),
        ("a built-in name", &|project| project.write_home("shared/x.kdl", "profile \"base-dev\" { }\n"), "SBC0203"),
        ("a name of the project", &|project| project.write_home("shared/x.kdl", "profile \"own\" { }\n"), "SBC0203"),
        ("a name twice", &|project| project.write_home("shared/x.kdl", CLOSED), "SBC0203"),
        ("a file of the project", &|project| project.write_home("shared/own.kdl", "profile \"x\" { }\n"), "SBC0605"),
        ("a large file", &|project| project.write_home("shared/x.kdl", "//".repeat(2_000_000)), "SBC0716"),
        ("no UTF-8", &|project| project.write_home("shared/x.kdl", b"// \xff\n"), "SBC0716"),
        ("a strange name", &|project| project.write_home("shared/a\nb.kdl", "profile \"x\" { }\n"), "SBC0716"),
        (
            "too many",
            &|project| (0..101).for_each(|n| project.write_home(&format!("shared/x{n}.kdl"), "profile \"x\" { }\n")),
            "SBC0716",
        ),
    ];
    for (what, make, code) in cases {
        let project = Project::new("sandbox \"app\" { inherit \"base-dev\"; }\n");
        project.write(".agent-sandbox/profiles/own.kdl", "profile \"own\" { }\n");
        project.write_home("shared/team.kdl", CLOSED);
        make(&project);
        let before = snapshot(&project);
        let output = plain(&project, &["vendor", "../shared"]).code(1);
        assert!(output.stderr.contains(code), "{what}: {}", output.stderr);
        // The same from a repository.
        let place = project.home.join("shared");
        git(&project, &place, &["init", "-q"]);
        git(&project, &place, &["add", "-A"]);
        git(&project, &place, &["commit", "-q", "-m", "x"]);
        let output = plain(&project, &["vendor", "../shared", "--revision", "HEAD"]).code(1);
        assert!(output.stderr.contains(code) || what == "a large file", "{what}: {}", output.stderr);
        assert_eq!(snapshot(&project), before, "{what}");
    }
}

/// Links, devices and pipes are refused, in a directory and in a repository, wherever they lead.
#[test]
fn links_are_refused() {
    let project = Project::new("sandbox \"app\" { inherit \"base-dev\"; }\n");
    project.write_home("shared/team.kdl", CLOSED);
    project.write_home("secret.kdl", "profile \"secret\" { }\n");
    let link = project.home.join("shared/x.kdl");
    for target in ["../secret.kdl", "team.kdl", "/dev/zero", "/nowhere"] {
        symlink(target, &link).unwrap();
        plain(&project, &["vendor", "../shared"]).code(1).says(&["SBC0716", "no regular file"]);
        fs::remove_file(&link).unwrap();
    }
    run(project.command("mkfifo").arg(&link)).code(0);
    plain(&project, &["vendor", "../shared"]).code(1).says(&["SBC0716", "no regular file"]);
    fs::remove_file(&link).unwrap();
    symlink("../secret.kdl", &link).unwrap();
    let place = project.home.join("shared");
    git(&project, &place, &["init", "-q"]);
    git(&project, &place, &["add", "-A"]);
    git(&project, &place, &["commit", "-q", "-m", "x"]);
    plain(&project, &["vendor", "../shared", "--revision", "HEAD"]).code(1).says(&["SBC0709", "is a link"]);
    // A link in the place of the directory that is written leads nowhere else either.
    fs::create_dir_all(project.home.join("elsewhere")).unwrap();
    fs::create_dir(project.root.join(".agent-sandbox")).unwrap();
    symlink(project.home.join("elsewhere"), project.root.join(".agent-sandbox/profiles")).unwrap();
    fs::remove_file(&link).unwrap();
    plain(&project, &["vendor", "../shared"]).code(1);
    assert_eq!(fs::read_dir(project.home.join("elsewhere")).unwrap().count(), 0);
}

/// No source is an option or a command for git, holds a password, or lets others answer.
#[test]
fn refused_sources() {
    let project = Project::new("sandbox \"app\" { inherit \"base-dev\"; }\n");
    let pwned = project.home.join("pwned");
    let program = project.program("evil.sh", format!("#!/bin/sh\ntouch {}\n", pwned.display()));
    let evil = program.display();
    let sources = [
        format!("--upload-pack={evil}"),
        format!("ext::{evil}"),
        format!("ext::sh -c {evil}% x"),
        format!("ssh://-oProxyCommand={evil}/x"),
        format!("git@-oProxyCommand={evil}:x"),
        format!("-oProxyCommand={evil}:x"),
        "http://example.org/x".to_owned(),
        "git://example.org/x".to_owned(),
        "ftp://example.org/x".to_owned(),
        "https://me:token@example.org/x".to_owned(),
        "https://token@example.org/x".to_owned(),
        "x\ny".to_owned(),
        String::new(),
    ];
    for source in &sources {
        let output = plain(&project, &["vendor", "--revision", "v1", "--", source]).code(1);
        assert!(output.stderr.contains("SBC0716"), "{source}: {}", output.stderr);
        assert!(!output.stderr.contains("token"), "{}", output.stderr);
    }
    let (place, _, _) = repository(&project);
    let url = format!("file://{}", place.display());
    for revision in ["--upload-pack=x", "v1:refs/heads/x", "+v1", "v1 v2", "", "a\nb"] {
        for source in ["../shared", &url] {
            let revision = format!("--revision={revision}");
            plain(&project, &["vendor", source, &revision, "--path", "profiles"]).code(1).says(&["SBC0716"]);
        }
    }
    for directory in ["..", "/etc", "a/../../b", "a b"] {
        plain(&project, &["vendor", "../shared", "--revision", "v1", "--path", directory]).code(1).says(&["SBC0716"]);
    }
    assert!(!pwned.exists());
}

/// A repository whose settings and hooks name programs runs none of them, by its path and by its address.
#[test]
fn hostile_repository() {
    let project = Project::new("sandbox \"app\" { inherit \"base-dev\"; }\n");
    let (place, _, _) = repository(&project);
    let pwned = project.home.join("pwned");
    let program = project.program("evil.sh", format!("#!/bin/sh\ntouch {}\nexit 1\n", pwned.display()));
    let evil = program.to_str().unwrap();
    for name in
        ["core.fsmonitor", "core.pager", "core.sshCommand", "uploadpack.packObjectsHook", "core.alternateRefsCommand"]
    {
        git(&project, &place, &["config", name, evil]);
    }
    for hook in ["post-checkout", "pre-auto-gc", "reference-transaction"] {
        fs::copy(&program, place.join(".git/hooks").join(hook)).unwrap();
    }
    let url = format!("file://{}", place.display());
    for source in ["../shared", &url] {
        plain(&project, &["vendor", source, "--revision", "v1", "--path", "profiles"]).code(0);
        fs::remove_dir_all(project.root.join(".agent-sandbox")).unwrap();
    }
    assert!(!pwned.exists());
}

// The network.

/// Nothing but `vendor` starts git or speaks to anybody: what the others do is traced, with a set from an address in the
/// lock.
#[test]
fn nothing_else_fetches() {
    let (project, one, _) = vendored();
    let lock = project.read(LOCK).replace("from ../shared", "from https://127.0.0.1:9/shared.git");
    project.write(LOCK, lock);
    project.trust();
    let log = project.home.join("log");
    let traced = |arguments: &[&str]| {
        let mut command = project.command("strace");
        command.args(["-f", "-qq", "-e", "trace=execve,connect,sendto", "-o"]).arg(&log).arg(SBC).args(arguments);
        let output = run(&mut command);
        (output, fs::read_to_string(&log).unwrap())
    };
    let ways: [&[&str]; 4] = [&["check"], &["build"], &["build", "--check"], &["exec", "--", "/bin/true"]];
    for arguments in ways {
        let (output, calls) = traced(arguments);
        output.code(0);
        assert!(calls.contains("execve("), "{calls}");
        let spoke = calls.lines().find(|line| line.contains("AF_INET") || line.contains("/git\""));
        assert_eq!(spoke, None, "{arguments:?}");
    }
    // And so does `vendor` with nobody to answer, which shows that the trace would tell.
    let (output, calls) = traced(&["vendor", "--update", "--revision", &one, "--yes"]);
    output.code(1).says(&["SBC0709"]);
    assert!(calls.contains("AF_INET") && calls.contains("/git\""), "{calls}");
}
