//! What a run plants in the directories below the project's root: it is moved away, or told of.
//!
//! Each attack is made for real on the host first, where nothing looks for it and it must get through.

use crate::support::{Output, Project, run};
use crate::traps::{Running, quarantine, soon};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Makes a program of the agent's that leaves a trace on the host.
pub const PROGRAM: &str = "printf '#!/bin/sh\\ntouch ~/pwned\\n' >evil.sh; chmod +x evil.sh; evil=$PWD/evil.sh; ";

/// A project with a repository, in a home where git knows who commits.
pub fn project() -> Project {
    let project = Project::with_body("");
    project.write_home(".gitconfig", "[user]\n\tname = tester\n\temail = tester@example.org\n");
    host(&project, "git init --quiet .").code(0);
    project
}

/// A shell command on the host, in the project.
pub fn host(project: &Project, shell: &str) -> Output {
    run(project.command("sh").args(["-c", shell]))
}

/// A shell command in the sandbox, where git knows who commits, too.
pub fn inside(project: &Project, shell: &str) -> Output {
    let identity = "export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x; ";
    project.exec(&format!("{identity}{shell}")).code(0)
}

/// The paths in the project that are in the quarantine.
pub fn quarantined(project: &Project) -> Vec<String> {
    let root = format!("{}/", project.root.display());
    let mut origins: Vec<String> =
        quarantine(project).into_iter().map(|(origin, _)| origin.replacen(&root, "", 1)).collect();
    origins.sort();
    origins
}

/// A way to plant a repository, what somebody does there on the host, and what is moved away.
struct Attack {
    plant: &'static str,
    trigger: &'static str,
    moved: &'static [&'static str],
}

const ATTACKS: &[Attack] = &[
    Attack {
        plant: "git init -q sub; git -C sub config core.fsmonitor $evil",
        trigger: "git -C sub status",
        moved: &["sub/.git/config"],
    },
    Attack {
        plant: "git init -q deep; mkdir -p a/b/c; mv deep a/b/c; printf '[core] fsmonitor = %s\\n' $evil >>a/b/c/deep/.git/config",
        trigger: "git -C a/b/c/deep status",
        moved: &["a/b/c/deep/.git/config"],
    },
    Attack {
        plant: "git init -q sub; git -C sub config include.path ../inc; git config --file sub/inc core.fsmonitor $evil",
        trigger: "git -C sub status",
        moved: &["sub/.git/config"],
    },
    Attack {
        plant: "git init -q sub; mkdir -p sub/.git/hooks; cp evil.sh sub/.git/hooks/post-commit",
        trigger: "git -C sub commit -q --allow-empty -m x",
        moved: &["sub/.git/hooks/post-commit"],
    },
    Attack {
        plant: "git init -q sub; rm -rf sub/.git/hooks; mkdir h; cp evil.sh h/post-commit; ln -s ../../h sub/.git/hooks",
        trigger: "git -C sub commit -q --allow-empty -m x",
        moved: &["sub/.git/hooks"],
    },
    Attack {
        plant: "git init -q --bare bare; git -C bare config core.bare false; git -C bare config core.worktree .; \
                git -C bare config core.fsmonitor $evil",
        trigger: "cd bare; git status",
        moved: &["bare/config"],
    },
    Attack {
        plant: "git init -q sub; cp -r sub/.git common; git config --file common/config core.fsmonitor $evil; \
                echo ../../common >sub/.git/commondir",
        trigger: "git -C sub status",
        moved: &["common/config", "sub/.git/commondir"],
    },
    Attack {
        plant: "git init -q sub; mv sub/.git g; git config --file g/config core.fsmonitor $evil; echo 'gitdir: ../g' >sub/.git",
        trigger: "git -C sub status",
        moved: &["g/config"],
    },
    Attack {
        plant: "git init -q sub; mv sub/.git g; git config --file g/config core.fsmonitor $evil; ln -s ../g sub/.git",
        trigger: "git -C sub status",
        moved: &["g/config", "sub/.git"],
    },
    Attack {
        plant: "git init -q sub; git -C sub config extensions.worktreeConfig true; \
                git config --file sub/.git/config.worktree core.fsmonitor $evil",
        trigger: "git -C sub status",
        moved: &["sub/.git/config.worktree"],
    },
    Attack {
        plant: "git init -q lib; mkdir -p .git/modules; mv lib/.git .git/modules/lib; \
                git config --file .git/modules/lib/config core.fsmonitor $evil; echo 'gitdir: ../.git/modules/lib' >lib/.git",
        trigger: "git -C lib status",
        moved: &[".git/modules/lib/config"],
    },
    Attack {
        plant: "git commit -q --allow-empty -m x; git worktree add -q wt; cp -r .git g; \
                git config --file g/config core.fsmonitor $evil; echo ../../../g >.git/worktrees/wt/commondir",
        trigger: "git -C wt status",
        moved: &[".git/worktrees/wt/commondir", "g/config"],
    },
];

/// A repository that names programs is made harmless by moving away the part that does, however it came to
/// name them; where nothing looks, each makes git on the host run a program.
#[test]
fn repositories_that_name_programs() {
    for Attack { plant, trigger, moved } in ATTACKS {
        let unprotected = project();
        host(&unprotected, &format!("{PROGRAM}{plant}")).code(0);
        host(&unprotected, trigger);
        assert!(unprotected.home.join("pwned").exists(), "is no attack: {plant}");

        let project = project();
        let output = inside(&project, &format!("{PROGRAM}{plant}"));
        assert_eq!(quarantined(&project), *moved, "{plant}\n{}", output.stderr);
        assert_eq!(output.stderr.matches("SBC0901\n").count(), moved.len(), "{}", output.stderr);
        host(&project, trigger);
        assert!(!project.home.join("pwned").exists(), "{plant}");
        // What is left is not told of again.
        assert_eq!(project.exec("true").code(0).stderr, "", "{plant}");
    }
}

/// What git reads in a configuration that sbc takes for harmless: none of it names a program.
#[test]
fn configurations_as_git_reads_them() {
    let project = Project::empty();
    let texts = [
        "[core] fsmonitor = x\n",
        "[core]fsmonitor=x",
        "[ core]\nfsmonitor = x\n",
        "[user]\nname = a \\\nb\n[core]\nfsmonitor = x\n",
        "[user]\nname = \"a\n[core]\nfsmonitor = x\n",
        "# a \\\n[core]\nfsmonitor = x\n",
        "[user] # [x]\nname = a\n[core]\nfsmonitor = x\n",
        "[user]\nname = a\r[core]\rfsmonitor = x\r",
        "[user]\r\nname = a\r\n[core]\r\nfsmonitor = x\r\n",
        "\u{feff}[core]\nfsmonitor = x\n",
        "[CORE]\nFsMonitor = x\n",
        "[core]\nfsmonitor = x # bare\n",
        "[core \"x]\nbare\"]\nbare = true\n[core]\nfsmonitor = x\n",
        "[branch \"a\\\"]\n[core]\nfsmonitor = x\n[b\"]\nmerge = y\n",
        "[core]\u{b}fsmonitor = x\n",
        "[core]\n\u{c}fsmonitor = x\n",
        "[core]\nbare = false; fsmonitor = x\n[core]\n\tfsmonitor\n",
        "[user]\nname = a\n[include]\npath = fsmonitor\n",
        "[remote \"o\"]\nurl = ext::sh -c fsmonitor\n",
        "[remote \"o\"]\nurl = \"ext\"::fsmonitor\n",
        "[remote \"o\"]\nurl = e\\\nxt::fsmonitor\n",
        "[remote \"o\"]\nuploadpack = fsmonitor\n",
        "[branch.main]\nremote = ext::fsmonitor\n",
    ];
    for text in texts {
        project.write("config", text);
        let listed = run(project.command("git").args(["config", "--file", "config", "--list"]));
        let found = sbc::gitconfig::dangerous(text.as_bytes());
        let is_seen = found.is_none_or(|settings| !settings.is_empty());
        assert!(is_seen || !listed.stdout.contains("fsmonitor"), "{text:?}: {}", listed.stdout);
    }
    let usual = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote \"origin\"]\n\turl = ssh://git@[::1]:22/x.git\n\t\
                 fetch = +refs/heads/*:refs/remotes/origin/*\n[branch \"a b.c\"]\n\tremote = origin\n\tmerge = refs/heads/x\n";
    assert_eq!(sbc::gitconfig::dangerous(usual.as_bytes()), Some(Vec::new()));
}

/// Repositories with nothing dangerous about them stay and can be used on the host: a new one, a clone, a
/// bare one, a linked worktree, a submodule of a clone.
#[test]
fn harmless_repositories_stay() {
    let project = project();
    let output = inside(
        &project,
        "set -e; git commit -q --allow-empty -m first; git init -q new; git -C new commit -q --allow-empty -m x; \
         git clone -q . clone 2>&1; git -C clone checkout -q -b topic; git -C clone config user.name agent; \
         git init -q --bare bare; git worktree add -q tree 2>&1; git -C tree commit -q --allow-empty -m y; \
         git -C clone -c protocol.file.allow=always submodule --quiet add ../new lib; git -C clone commit -q -m lib; \
         git -c protocol.file.allow=always clone -q --recurse-submodules clone full",
    );
    assert_eq!(output.stderr, "");
    assert_eq!(quarantined(&project), [""; 0]);
    let log = "for d in new clone tree full full/lib; do git -C $d log --oneline || exit; done; git -C bare branch; git worktree list";
    assert!(host(&project, log).code(0).stdout.contains("tree"));
}

/// Repositories of the user's that name programs stay as they are, whatever is done in them, until they
/// name another.
#[test]
fn known_repositories_stay() {
    let project = project();
    let own = "git init -q sub; git -C sub config core.hooksPath .husky/_; mkdir -p sub/.git/hooks; \
               echo true >sub/.git/hooks/pre-push";
    host(&project, own).code(0);
    let work = "git -C sub commit -q --allow-empty -m x; git -C sub config remote.origin.url here; touch sub/new top; \
                git -C sub checkout -q -b topic";
    assert_eq!(inside(&project, work).stderr, "");
    let output = inside(&project, "git -C sub config alias.st '!evil'; echo evil >>sub/.git/hooks/pre-push");
    assert_eq!(quarantined(&project), ["sub/.git/config", "sub/.git/hooks/pre-push"]);
    output.says(&[
        "config` has changed while a sandbox ran, and git would obey what it sets: `core.hookspath`, `alias.st`",
    ]);
}

/// A file `.git` that leads out of the project, or to nothing, is moved away; one that is no such file is not.
#[test]
fn pointers() {
    let project = project();
    project.write_home("elsewhere/HEAD", "ref: refs/heads/x\n");
    let elsewhere = project.home.join("elsewhere").display().to_string();
    let shell = format!(
        "mkdir a b c d; printf 'gitdir: {elsewhere}\\n' >a/.git; printf 'gitdir: ../none' >b/.git; echo text >c/.git; \
         ln -s {elsewhere} d/link; echo 'gitdir: link' >d/.git"
    );
    inside(&project, &shell).says(&["it leads git to `", "elsewhere`, out of the project"]);
    assert_eq!(quarantined(&project), ["a/.git", "b/.git", "d/.git"]);
}

/// Where the project is a linked worktree, what git keeps for all worktrees is searched as well, and another
/// worktree can be added.
#[test]
fn shared_git_directories() {
    let project = Project::with_body("");
    project.write_home(".gitconfig", "[user]\n\tname = tester\n\temail = tester@example.org\n");
    let make = "cd ~; git init -q main; cd main; git commit -q --allow-empty -m x; git worktree add -q ../linked; \
                git worktree add -q ../other; cp ~/work/.agent-sandbox.kdl ~/linked";
    host(&project, make).code(0);
    let linked = project.home.join("linked");
    let exec = |shell: &str| {
        run(project.plain_command(&["trust", "--yes"]).current_dir(&linked)).code(0);
        run(project.plain_command(&["exec", "--", "sh", "-c", shell]).current_dir(&linked)).code(0)
    };
    assert_eq!(exec("git worktree add -q sub").stderr.replace("Preparing worktree (new branch 'sub')\n", ""), "");
    host(&project, "git -C ~/linked/sub status").code(0);
    exec(
        "common=$(git rev-parse --git-common-dir); git init -q lib; mkdir $common/modules; mv lib/.git $common/modules/lib; \
          git config --file $common/modules/lib/config core.pager evil; echo /x >$common/worktrees/other/commondir",
    );
    let origins: Vec<String> = quarantine(&project).into_iter().map(|(origin, _)| origin).collect();
    for name in ["main/.git/modules/lib/config", "main/.git/worktrees/other/commondir"] {
        assert!(origins.iter().any(|origin| origin.ends_with(name)), "{name}: {origins:?}");
    }
}

/// A nearer policy, or profiles and scripts beside one, are what sbc obeys in that directory; after a run in
/// which they have come or changed they are in the quarantine. Those of the user stay.
#[test]
fn nearer_policies() {
    let evil = "mkdir -p a/b; printf 'sandbox \"evil\" { }\\n' >a/b/.agent-sandbox.kdl";
    let unprotected = project();
    host(&unprotected, evil).code(0);
    let check = |project: &Project| run(project.plain_command(&["show"]).current_dir(project.root.join("a/b")));
    assert!(check(&unprotected).code(0).stdout.contains("evil"));

    let project = project();
    project.write("mine/.agent-sandbox.kdl", "sandbox \"mine\" { }\n");
    project.write("theirs/.agent-sandbox/app.sh", "true\n");
    let output = inside(
        &project,
        &format!(
            "{evil}; mkdir -p c/.agent-sandbox d; echo evil >c/.agent-sandbox/app.sh; \
         ln -s ../a/b/.agent-sandbox.kdl d/.agent-sandbox.kdl; echo evil >theirs/.agent-sandbox/app.sh; touch mine/new"
        ),
    );
    let moved = ["a/b/.agent-sandbox.kdl", "c/.agent-sandbox", "d/.agent-sandbox.kdl", "theirs/.agent-sandbox"];
    assert_eq!(quarantined(&project), moved, "{}", output.stderr);
    assert!(!check(&project).code(0).stdout.contains("evil"));
    let back = |name: &str| {
        let (_, thing) = quarantine(&project).into_iter().find(|(origin, _)| origin.ends_with(name)).unwrap();
        format!("mv -n {} {}", thing.display(), project.root.join(name).display())
    };
    output.says(&[
        "b/.agent-sandbox.kdl` has appeared while a sandbox ran, and sbc would obey it there",
        "theirs/.agent-sandbox` has changed while a sandbox ran",
        &back("c/.agent-sandbox"),
    ]);
    assert_eq!(project.read("mine/.agent-sandbox.kdl"), "sandbox \"mine\" { }\n");
}

/// Names that a rule guards in the root are told of in directories below, in one message, and stay. What was
/// there is told of when it has changed.
#[test]
fn guarded_names_below_the_root() {
    let project = project();
    for name in ["old", "same"] {
        project.write(&format!("{name}/.vscode/tasks.json"), "{}");
        project.write(&format!("{name}/mise.toml"), "");
    }
    let output = inside(
        &project,
        "mkdir -p a/b/.idea a/b/.vscode/deep; echo evil >a/.envrc; echo evil >a/b/.vscode/deep/x; \
         echo evil >old/.vscode/tasks.json; echo evil >old/mise.toml; touch same/other; mkdir k; cd k; for n in 1 2 3 4; do mkdir $n; echo >$n/.envrc; done",
    );
    assert_eq!(output.stderr.matches("SBC0903\n").count(), 1, "{}", output.stderr);
    output.says(&["a/.envrc`, ", "a/b/.vscode`, ", "k/1/.envrc`, ", "k/3/.envrc` and 3 more"]);
    assert_eq!((quarantined(&project).len(), project.read("a/.envrc")), (0, "evil\n".into()));
    assert_eq!(project.exec("true").code(0).stderr, "");
}

/// The names are those of the plan's own rules.
#[test]
fn names_come_from_the_plan() {
    let project = Project::with_body("filesystem { remove \"./.envrc\"; ro \"./Justfile\" missing=\"watch\"; }");
    let output = project.exec("mkdir a; echo >a/.envrc; echo >a/Justfile").code(0);
    assert!(output.stderr.contains("below the root: `") && !output.stderr.contains(".envrc"), "{}", output.stderr);
    output.says(&["a/Justfile`"]);
}

/// A directory that cannot be opened is told of, and so is one too deep to be opened; what was closed before
/// is not.
#[test]
fn closed_directories() {
    let project = project();
    fs::create_dir(project.root.join("mine")).unwrap();
    fs::set_permissions(project.root.join("mine"), fs::Permissions::from_mode(0o000)).unwrap();
    let output = inside(&project, "mkdir -p closed/in half; git init -q half/in; chmod 000 closed; chmod 400 half");
    output.says(&["SBC0904", "work/closed`, `", "work/half/in`"]);
    let deep = "i=0; while [ $i -lt 3000 ]; do mkdir dd && cd dd || break; i=$((i+1)); done";
    let output = inside(&project, deep).says(&["SBC0904", "/dd`"]);
    assert_eq!(output.stderr.matches("SBC0904\n").count(), 1, "{}", output.stderr);
    // Nothing is told of again; what is opened inside is searched.
    inside(&project, "chmod 700 half; git -C half/in config core.pager evil; chmod 400 half");
    let output = inside(&project, "chmod 700 half closed");
    assert_eq!(quarantined(&project), ["half/in/.git/config"], "{}", output.stderr);
    host(&project, "chmod 700 mine; rm -rf dd").code(0);
}

/// Names with line breaks and signs that drive a terminal are escaped, and the way back can be typed.
#[test]
fn strange_names() {
    let project = project();
    let name = "$(printf 'a\\n\\033[31mb \\047')";
    let output = inside(
        &project,
        &format!("mkdir \"{name}\"; echo x >\"{name}/.agent-sandbox.kdl\"; echo x >\"{name}/.envrc\""),
    );
    assert!(!output.stderr.contains('\u{1b}') && !output.stderr.contains("a\n"), "{}", output.stderr);
    assert_eq!(quarantine(&project).len(), 1);
    let line = output.stderr.lines().find(|line| line.contains("mv -n")).unwrap();
    let back = line.split('`').nth(1).unwrap();
    run(project.command("bash").args(["-c", back])).code(0);
    host(&project, &format!("test -e \"{name}/.agent-sandbox.kdl\"")).code(0);
}

/// What a run has planted is moved away when it ends, also while another one goes on in the project; that
/// one does not take it for known, and its own plants are found when it ends.
#[test]
fn two_runs_in_one_project() {
    let project = project();
    let first = Running::start(&project, "git init -q one; git -C one config core.pager evil");
    let second = Running::start(&project, "git init -q two; git -C two config core.pager evil");
    assert!(first.finish().contains("/one/.git/config` has appeared"));
    fs::copy(quarantine(&project)[0].1.clone(), project.root.join("one/.git/config")).unwrap();
    assert!(second.finish().contains("/one/.git/config` has appeared"));
    assert_eq!(quarantined(&project).last().unwrap(), "two/.git/config");
}

/// A run in a project inside of another: what holds its names is nothing to the outer run.
#[test]
fn nested_projects() {
    let project = project();
    // A run that could write there would stand against the other one.
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; filesystem { ro \"./inner\"; }; }\n");
    project.write("inner/.agent-sandbox.kdl", "sandbox \"app\" {\n    inherit \"base-dev\"\n}\n");
    host(&project, "git init -q inner").code(0);
    let outer = Running::start(&project, ":");
    run(project.plain_command(&["trust", "--yes"]).current_dir(project.root.join("inner"))).code(0);
    let shell = "mkdir deep; echo x >deep/.agent-sandbox.kdl";
    let mut inner = project.plain_command(&["exec", "--", "sh", "-c", shell]);
    let output = run(inner.current_dir(project.root.join("inner")));
    // A bubblewrap that follows links: there can be no such second run.
    if !output.stderr.contains("SBC0715") {
        output.code(0).says(&["inner/deep/.agent-sandbox.kdl` has appeared"]);
    }
    assert_eq!(outer.finish(), "");
}

/// The janitor of a run that was killed does all this, too.
#[test]
fn killed_runs() {
    let project = project();
    let mut running = Running::start(&project, "mkdir a; echo x >a/.agent-sandbox.kdl");
    running.kill();
    soon("the janitor", || !project.root.join("a/.agent-sandbox.kdl").exists());
    soon("the quarantine", || {
        quarantine(&project).iter().any(|(origin, _)| Path::new(origin).ends_with("a/.agent-sandbox.kdl"))
    });
}
