//! `sbc init`: what it sees, what it writes, and that it never writes over anything.

use crate::support::{Output, Project, run};
use crate::trust::answered;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use sbc::builtin;
use sbc::signs::{AGENTS, TOOLCHAINS};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

const POLICY: &str = ".agent-sandbox.kdl";

/// A profile of the project, for an agent that has none in sbc.
fn local_profile(project: &Project, name: &str, command: &str) {
    let text = format!("profile \"{name}\" {{\n    inherit \"base-dev\"\n    run {{ command \"{command}\"; }}\n}}\n");
    project.write(&format!(".agent-sandbox/profiles/{name}.kdl"), text);
}

/// A program of the home that prints its own name.
fn program(project: &Project, path: &str) {
    project.write_home(path, "#!/bin/sh\necho \"started $0\"\n");
    fs::set_permissions(project.home.join(path), fs::Permissions::from_mode(0o755)).unwrap();
}

/// The policy is short, and the check has no word against it.
#[track_caller]
fn passes(project: &Project) -> String {
    let policy = project.read(POLICY);
    assert!(policy.lines().count() <= 25, "{policy}");
    let checked = project.sbc(&["check"]).code(0);
    assert_eq!(checked.stderr, "ok: 1 sandbox, and this host can run it\n", "{policy}");
    policy
}

/// Each agent of the table is seen where it is installed: inherited if there is a profile, else named
/// with what to do.
#[test]
fn every_agent() {
    for agent in AGENTS {
        let project = Project::empty();
        program(&project, &format!(".local/bin/{}", agent.program));
        let said = project.sbc(&["init"]).code(0).says(&[agent.title, &format!("~/.local/bin/{}", agent.program)]);
        let policy = passes(&project);
        let inherits = format!("\"{}\"", agent.profile);
        if builtin::find(agent.profile).is_some() {
            assert!(policy.contains(&inherits), "{policy}");
            assert!(project.sbc(&["exec"]).code(0).stdout.starts_with("started"));
        } else {
            assert!(!policy.contains(&inherits) && said.stderr.contains("no profile"), "{policy}\n{}", said.stderr);
        }
    }
}

/// Each file of the table tells its toolchain, and the policy passes with it.
#[test]
fn every_toolchain() {
    for toolchain in TOOLCHAINS {
        for file in toolchain.files {
            let project = Project::empty();
            let name = file.name.replace('*', "some");
            project.write(&name, "");
            project.sbc(&["init"]).code(0).says(&[&format!("saw {} ({name})", toolchain.title)]);
            let policy = passes(&project);
            let has_profile = builtin::find(toolchain.profile).is_some();
            assert_eq!(policy.contains(&format!("\"{}\"", toolchain.profile)), has_profile, "{policy}");
        }
    }
}

/// Files for version managers tell toolchains by the names that are used there.
#[test]
fn version_files() {
    for (file, text) in [
        (".tool-versions", "nodejs 22.1.0\ngolang 1.25\n"),
        ("mise.toml", "[tools]\nnode = \"22\"\n\"core:go\" = \"1\"\n"),
    ] {
        let project = Project::empty();
        project.write(file, text);
        project.sbc(&["init"]).code(0).says(&[&format!("saw Node.js ({file})"), &format!("saw Go ({file})")]);
        passes(&project);
    }
}

/// A project with everything is one short policy, too: what does not fit is named, and left out.
#[test]
fn everything_at_once() {
    let project = Project::empty();
    for file in TOOLCHAINS.iter().flat_map(|toolchain| toolchain.files) {
        project.write(&file.name.replace('*', "some"), "");
    }
    for (index, toolchain) in TOOLCHAINS.iter().enumerate() {
        for name in toolchain.programs.iter().copied().chain(toolchain.files.iter().filter_map(|file| file.program)) {
            program(&project, &format!(".local/share/tools-{index}/bin/{name}"));
        }
    }
    AGENTS.iter().for_each(|agent| program(&project, &format!(".local/bin/{}", agent.program)));
    for index in 0..40 {
        project.write(&format!("{index}/.env"), "KEY=1");
        project.write(&format!("{index}/key.pem"), "-----BEGIN PRIVATE KEY-----\n");
    }
    let path: Vec<String> = (0..TOOLCHAINS.len())
        .map(|index| project.home.join(format!(".local/share/tools-{index}/bin")).display().to_string())
        .chain(["/usr/bin".to_owned()])
        .collect();
    let output = run(project.sbc_command(&["init"]).env("PATH", path.join(":"))).code(0);
    output.says(&["more files that may hold secrets"]);
    passes(&project);
}

/// With several agents the project's own comes first; another one gets no part in its sandbox.
#[test]
fn one_agent_for_one_sandbox() {
    let project = Project::empty();
    program(&project, ".local/bin/claude");
    program(&project, ".local/bin/codex");
    let output = project.sbc(&["init", "--dry-run"]).code(0).says(&["`sbc init codex` proposes another sandbox"]);
    assert!(output.stdout.contains("inherit \"claude\"\n"), "{}", output.stdout);
    fs::create_dir(project.root.join(".codex")).unwrap();
    let output = project.sbc(&["init", "--dry-run"]).code(0).says(&["`sbc init claude` proposes another sandbox"]);
    assert!(output.stdout.contains("inherit \"codex\"\n"), "{}", output.stdout);
}

/// Agents that are named together get a sandbox each, on a common floor.
#[test]
fn several_agents_by_name() {
    let project = Project::named("shop");
    program(&project, ".local/bin/claude");
    program(&project, ".local/bin/codex");
    project.write("package.json", "{}");
    project.write(".env", "KEY=1");
    project.sbc(&["init", "claude", "codex", "node"]).code(0);
    project.sbc(&["check"]).code(0).says(&["ok: 2 sandboxes, and this host can run them"]);
    assert!(project.read(POLICY).lines().count() <= 25);
    for agent in ["claude", "codex"] {
        assert!(project.sbc(&["exec", agent]).code(0).stdout.starts_with("started"));
        project.sbc(&["exec", agent, "--", "cat", ".env"]).code(1);
    }
}

/// An agent that the project has files for and nobody has installed is named with its installation, and is
/// not inherited: the policy passes.
#[test]
fn agent_is_not_installed() {
    let project = Project::empty();
    project.write("CLAUDE.md", "");
    let how = "npm install --global --prefix ~/.local @anthropic-ai/claude-code";
    project.sbc(&["init"]).code(0).says(&["saw CLAUDE.md: Claude Code is not installed here", how]);
    assert!(!passes(&project).contains("\"claude\""));
}

/// What is named is inherited, whatever was seen. What is none is refused.
#[test]
fn named_profiles() {
    let project = Project::empty();
    project.write("package.json", "{}");
    let output = project.sbc(&["init", "--dry-run", "claude", "claude"]).code(0);
    assert!(output.stdout.contains("inherit \"claude\"\n"), "{}", output.stdout);
    project.sbc(&["init", "nonsense"]).code(1).says(&["nonsense"]);
    assert!(!project.root.join(POLICY).exists());
}

/// Node by nvm: the profile shows it, and its directory comes first on PATH.
#[test]
fn node_by_nvm() {
    let project = Project::empty();
    for name in ["node", "npm"] {
        program(&project, &format!(".nvm/versions/node/v22.1.0/bin/{name}"));
    }
    project.write("package-lock.json", "{}");
    let output = run(project.sbc_command(&["init"]).env("PATH", "/nowhere")).code(0);
    output.says(&["`node` starts inside by `prepend PATH=\"${HOME}/.nvm/versions/node/v22.1.0/bin\"`"]);
    passes(&project);
    let started = project.exec("node; npm").code(0).stdout;
    assert_eq!(started.matches(".nvm/versions/node/v22.1.0/bin/").count(), 2, "{started}");
}

/// Claude Code inside of nvm's tree brings the profile that shows the tree, also without a Node project.
#[test]
fn agent_by_nvm() {
    let project = Project::empty();
    program(&project, ".nvm/versions/node/v22.1.0/bin/claude");
    project.sbc(&["init"]).code(0);
    assert!(passes(&project).contains("inherit \"claude\" \"node\"\n"));
    assert!(project.sbc(&["exec"]).code(0).stdout.contains("v22.1.0/bin/claude"));
}

/// A runtime in a directory of its own, and one behind a link into such: both start inside.
#[test]
fn runtimes_in_odd_places() {
    for is_link in [false, true] {
        let project = Project::empty();
        program(&project, ".local/share/node-22/bin/node");
        program(&project, ".local/share/node-22/bin/npm");
        if is_link {
            fs::create_dir_all(project.home.join("tools")).unwrap();
            for name in ["node", "npm"] {
                let target = project.home.join(".local/share/node-22/bin").join(name);
                symlink(target, project.home.join("tools").join(name)).unwrap();
            }
        }
        let directory = project.home.join(if is_link { "tools" } else { ".local/share/node-22/bin" });
        project.write("package-lock.json", "{}");
        run(project.sbc_command(&["init"]).env("PATH", format!("{}:/usr/bin", directory.display()))).code(0);
        passes(&project);
        let started = project.exec("node; npm").code(0).stdout;
        assert_eq!(started.matches("started").count(), 2, "{started}");
    }
}

/// A toolchain without a profile starts by single rules, and what it needs besides is shown with it.
#[test]
fn toolchain_without_a_profile() {
    let project = Project::empty();
    project.write("Cargo.toml", "");
    local_profile(&project, "rust-is-not-this", "sh");
    for name in ["cargo", "rustc"] {
        program(&project, &format!(".cargo/bin/{name}"));
    }
    project.write_home(".cargo/credentials.toml", "token");
    project.write_home(".rustup/settings.toml", "");
    run(project.sbc_command(&["init"]).env("PATH", format!("{}/.cargo/bin:/usr/bin", project.home.display()))).code(0);
    passes(&project);
    assert_eq!(project.exec("cargo && rustc && cat ~/.rustup/settings.toml").code(0).stdout.lines().count(), 2);
    project.exec("cat ~/.cargo/credentials.toml").code(1);
}

/// What the project is called stands in no rule, so a secret in it is hidden whatever that is. One that no rule can
/// name, and one behind a link, is spoken of.
#[test]
fn secrets_in_odd_places() {
    for name in [OsStr::new("wild*card"), OsStr::from_bytes(b"bad\xff")] {
        let project = Project::named(name);
        project.write(".env", "A=1");
        project.write("k*/.env", "A=1");
        project.sbc(&["init"]).code(0).says(&["saw `./k*/.env`", "which no rule can name: not hidden"]);
        passes(&project);
        project.exec("cat .env").code(1);
    }
    let project = Project::empty();
    project.write("conf/production", "A=1");
    symlink("conf/production", project.root.join(".env")).unwrap();
    project.sbc(&["init"]).code(0).says(&["saw \"./.env\" (variables with secrets): not hidden"]);
    passes(&project);
}

/// Secrets are denied by what they are; templates, certificates, references and test keys stay.
#[test]
fn secrets() {
    let key = "-----BEGIN PRIVATE KEY-----\nx\n";
    let denied = [
        (".env", "A=1"),
        ("app/.env.production", "A=1"),
        ("deploy.pem", key),
        (".npmrc", "//r.example/:_authToken=abc\n"),
        ("infra/terraform.tfstate", "{}"),
        ("config/service-account.json", "{\"private_key\": \"x\"}"),
    ];
    let open = [
        (".env.example", "A="),
        ("env.ts", "A"),
        ("ca.pem", "-----BEGIN CERTIFICATE-----"),
        ("app/.npmrc", "//r.example/:_authToken=${NPM_TOKEN}\n"),
        ("tests/fixtures/server.key", key),
        ("node_modules/x/.env", "A=1"),
        ("package-lock.json", "{}"),
        ("credentials.json", "{\"help\": 1}"),
        ("secrets.yaml", "a: ENC[AES256]\nsops:\n"),
        ("i18n.key", "hello"),
    ];
    let project = Project::empty();
    denied.iter().chain(&open).for_each(|(name, text)| project.write(name, text));
    project.sbc(&["init"]).code(0).says(&["saw 1 of the sort in directories of tests and examples: not hidden"]);
    passes(&project);
    for (name, _) in denied {
        project.exec(&format!("cat {name}")).code(1);
    }
    for (name, text) in open {
        assert_eq!(project.exec(&format!("cat {name}")).code(0).stdout, text, "{name}");
    }
}

/// Names that would end a string, a comment or a line are written so that they do not, or left out.
#[test]
fn hostile_names() {
    let project = Project::named("a\nb \"c");
    for name in ["x\n\"}.csproj", "\u{1b}[31m.sln", "$HOME.pem", "q\"uote.pem", "st*r.pem", "n\nl.pem", "\u{202e}.pem"]
    {
        project.write(name, "-----BEGIN PRIVATE KEY-----\n");
    }
    let output = project.sbc(&["init"]).code(0);
    assert!(!output.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", output.stderr);
    passes(&project);
    project.exec("cat '$HOME.pem'").code(1);
    project.exec("cat 'q\"uote.pem'").code(1);
}

/// Pipes, devices of a kind, directories, circles and files without an end are no signs, and nothing waits
/// for them.
#[test]
fn hostile_files() {
    let project = Project::empty();
    let pipe = |name: &str| mknodat(CWD, project.root.join(name), FileType::Fifo, Mode::RWXU, 0).unwrap();
    ["package.json", ".tool-versions", "mise.toml", "a.pem", ".npmrc", ".env"].into_iter().for_each(pipe);
    fs::File::create(project.root.join("Cargo.toml")).unwrap().set_len(1 << 30).unwrap();
    fs::File::create(project.root.join("b.pem")).unwrap().set_len(1 << 30).unwrap();
    symlink("go.mod", project.root.join("go.mod")).unwrap();
    symlink("/dev/zero", project.root.join("c.pem")).unwrap();
    symlink("..", project.root.join("up")).unwrap();
    project.write("closed/.env", "A=1");
    fs::set_permissions(project.root.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    let deep = "d/".repeat(300);
    fs::create_dir_all(project.root.join(&deep)).unwrap();
    let start = Instant::now();
    let output = project.sbc(&["init"]).code(0).says(&["saw Rust (Cargo.toml)", "not all of the project was searched"]);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(!output.stderr.contains("Node.js") && !output.stderr.contains("Go"), "{}", output.stderr);
    passes(&project);
    fs::set_permissions(project.root.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A tree of very many files is searched up to a limit, nearer to the root first.
#[test]
fn many_files() {
    let project = Project::empty();
    for directory in 0..25 {
        let directory = project.root.join(format!("a{directory}"));
        fs::create_dir(&directory).unwrap();
        (0..1000).for_each(|file| drop(fs::File::create(directory.join(file.to_string())).unwrap()));
    }
    project.write("z/.env", "A=1");
    let output = project.sbc(&["init"]).code(0).says(&["not all of the project was searched"]);
    drop(output);
    passes(&project);
}

/// What needs no rule is named: a linked worktree, a dev container, Nix.
#[test]
fn what_needs_no_rule() {
    let project = Project::empty();
    let git = |directory: &Path, arguments: &[&str]| {
        run(project
            .command("git")
            .current_dir(directory)
            .args(["-c", "user.name=t", "-c", "user.email=t@e"])
            .args(arguments))
        .code(0)
    };
    git(&project.root, &["init", "-q"]);
    git(&project.root, &["commit", "-q", "--allow-empty", "-m", "x"]);
    git(&project.root, &["worktree", "add", "-q", "../tree"]);
    project.write_home("tree/.devcontainer/devcontainer.json", "{}");
    project.write_home("tree/flake.nix", "{}");
    let tree = project.home.join("tree");
    let output = run(project.sbc_command(&["init"]).current_dir(&tree)).code(0);
    output.says(&["saw a linked worktree of `~/work/.git`", "saw a dev container", "saw Nix"]);
    run(project.sbc_command(&["check"]).current_dir(&tree)).code(0).says(&["ok: 1 sandbox"]);
}

/// A policy that is there is never changed without a yes: what it lacks is shown as a difference.
#[test]
fn proposes_what_is_missing() {
    let policy = "// Ours.\nsandbox \"app\" {\n    inherit \"base-dev\" // the floor\n    filesystem {\n        // Kept.\n        tmpfs \"./out\"\n    }\n}\n";
    let project = Project::new(policy);
    project.write("package.json", "{}");
    project.write(".env", "A=1");
    for arguments in [&["init"][..], &["init", "--dry-run"]] {
        let output = project.sbc(arguments).code(0).says(&["nothing was changed; `sbc init --yes` writes this"]);
        for line in [
            "--- .agent-sandbox.kdl\n",
            "-    inherit \"base-dev\" // the floor\n",
            "+    inherit \"node\" // the floor\n",
            "         // Kept.\n",
            "+        deny \"./.env\" reason=\"Probably variables with secrets.\"\n",
        ] {
            assert!(output.stdout.contains(line), "{line:?}: {}", output.stdout);
        }
        assert_eq!(project.read(POLICY), policy);
    }
    project.sbc(&["init", "--yes"]).code(0).says(&["wrote .agent-sandbox.kdl"]);
    let after = passes(&project);
    assert!(after.contains("// Ours.") && after.contains("// the floor") && after.contains("// Kept."), "{after}");
    project.exec("cat .env").code(1);
    project.sbc(&["init"]).code(0).says(&["nothing is proposed"]);
    assert_eq!(project.read(POLICY), after);
}

/// A rule of the project about a file is taken at its word, and so is one that keeps a secret from a
/// sandbox already.
#[test]
fn decided_secrets_stay() {
    let project = Project::with_body("filesystem { ro \"./.env\"; deny \"./keys\"; }");
    project.write(".env", "A=1");
    project.write("keys/a.pem", "-----BEGIN PRIVATE KEY-----\n");
    project.sbc(&["init"]).code(0).says(&["nothing is proposed"]);
}

/// An agent that is named gets a sandbox of its own beside that of another, with the same secrets hidden.
#[test]
fn another_agent_for_a_policy() {
    let project = Project::new("sandbox \"app\" {\n    inherit \"claude\"\n    filesystem { deny \"./.env\"; }\n}\n");
    program(&project, ".local/bin/claude");
    program(&project, ".local/bin/codex");
    project.write(".env", "A=1");
    project.sbc(&["init"]).code(0).says(&["`sbc init codex` proposes one", "nothing is proposed"]);
    project.sbc(&["init", "codex", "--yes"]).code(0);
    project.sbc(&["check"]).code(0);
    assert!(project.read(POLICY).contains("sandbox \"codex\" {\n"), "{}", project.read(POLICY));
    project.sbc(&["exec", "codex", "--", "cat", ".env"]).code(1);
}

/// An agent in an odd place is proposed with the rules that let it start.
#[test]
fn agent_by_nvm_for_a_policy() {
    let project = Project::with_body("// Ours.");
    program(&project, ".nvm/versions/node/v22.1.0/bin/claude");
    project.sbc(&["init", "--yes"]).code(0).says(&["`claude` does not start inside as outside"]);
    let policy = passes(&project);
    assert!(policy.contains("\"claude\"") && policy.contains("// Ours."), "{policy}");
    assert!(project.sbc(&["exec"]).code(0).stdout.contains("v22.1.0/bin/claude"));
}

/// A broken policy is reported and left alone; so are one that is a link, and local profiles with mistakes.
#[test]
fn leaves_what_is_broken() {
    let project = Project::new("sandbox \"app\" { inherit \"nod\"; }\n");
    project.sbc(&["init", "--yes"]).code(1).says(&["what is wrong in it comes first", "did you mean"]);
    fs::rename(project.root.join(POLICY), project.root.join("other.kdl")).unwrap();
    symlink("nowhere", project.root.join(POLICY)).unwrap();
    project.sbc(&["init", "--yes"]).code(1);
    fs::remove_file(project.root.join(POLICY)).unwrap();
    project.write("package.json", "{}");
    project.write("other.kdl", "sandbox \"app\" { inherit \"base-dev\"; }\n");
    symlink("other.kdl", project.root.join(POLICY)).unwrap();
    project.sbc(&["init", "--yes"]).code(1).says(&["is not a regular file"]);
    fs::remove_file(project.root.join(POLICY)).unwrap();
    project.write(".agent-sandbox/profiles/team.kdl", "profile \"team\" { nonsense; }\n");
    project.sbc(&["init", "team"]).code(1).says(&["nonsense"]);
    assert!(!project.root.join(POLICY).exists());
}

/// Outside of git, with no home to speak of and nothing installed, it is still a policy that passes.
#[test]
fn an_empty_directory() {
    let project = Project::empty();
    let output = run(project.sbc_command(&["init"]).env("PATH", "/nonexistent")).code(0);
    output.says(&["saw no agent and no toolchain that sbc knows"]);
    passes(&project);
}

/// `--dry-run` prints a policy that would pass, and writes nothing.
#[test]
fn dry_run() {
    let project = Project::empty();
    let Output { stdout, .. } = project.sbc(&["init", "--dry-run"]).code(0);
    assert!(!project.root.join(POLICY).exists());
    project.write(POLICY, &stdout);
    passes(&project);
}

/// At a terminal the policy is shown and Enter writes it; a no writes nothing, and `--yes` asks nothing.
#[test]
fn asks_at_a_terminal() {
    let project = Project::empty();
    let init = format!("exec {} init", env!("CARGO_BIN_EXE_sbc"));
    let (screen, code) = answered(&project, &init, "[Y/n] ", b"", b"n\n");
    assert!(screen.contains("+sandbox \"work\" {") && screen.contains("nothing was written"), "{screen}");
    assert!(code == Some(1) && !project.root.join(POLICY).exists());
    let (screen, code) = answered(&project, &init, "[Y/n] ", b"", b"\n");
    assert!(code == Some(0) && screen.contains("wrote .agent-sandbox.kdl"), "{screen}");
    passes(&project);
    project.write("package.json", "{}");
    let (screen, _) = answered(&project, &init, "[Y/n] ", b"", b"n\n");
    assert!(screen.contains("+    inherit \"node\""), "{screen}");
    assert!(!project.read(POLICY).contains("node"));
    let (screen, code) = answered(&project, &format!("{init} --yes"), "[Y/n] ", b"", b"");
    assert!(code == Some(0) && !screen.contains("[Y/n]"), "{screen}");
    assert!(passes(&project).contains("inherit \"node\""));
}

/// What somebody else writes while the question stands is not written over.
#[test]
fn writes_over_nothing_meanwhile() {
    let project = Project::empty();
    let ours = "sandbox \"ours\" { inherit \"base-dev\"; }\n";
    project.write("ours", ours);
    // The mark comes when the question stands there and the file has been written.
    let job = "{ sleep 5; cat ours > .agent-sandbox.kdl; echo '[writ''ten]'; } &";
    let shell = format!("{job} exec {} init", env!("CARGO_BIN_EXE_sbc"));
    let (screen, code) = answered(&project, &shell, "[written]", b"", b"y\n");
    assert!(code == Some(1) && screen.contains("SBC0605") && screen.contains("is there already"), "{screen}");
    assert_eq!(project.read(POLICY), ours);
    project.write("package.json", "{}");
    project.write("ours", "// Changed.\nsandbox \"ours\" { inherit \"base-dev\"; }\n");
    let (screen, code) = answered(&project, &shell, "[written]", b"", b"y\n");
    assert!(code == Some(1) && screen.contains("has been changed meanwhile"), "{screen}");
    assert!(project.read(POLICY).starts_with("// Changed."));
}

/// An agent that was never started is to be started once outside: what it notes then stays in no sandbox.
#[test]
fn first_run_of_an_agent() {
    let project = Project::empty();
    program(&project, ".local/bin/claude");
    project.sbc(&["init", "--dry-run"]).code(0).says(&["there is no ~/.claude.json: run `claude` once"]);
    project.write_home(".claude.json", "{}");
    assert!(!project.sbc(&["init", "--dry-run"]).code(0).stderr.contains("once"));
}
