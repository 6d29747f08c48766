//! Hostile names, texts and links: nothing becomes syntax, and nothing is written through a link.

use crate::random::compiled;
use crate::script::{SHELLS, build, refused, same, script_command, tree};
use crate::support::{Project, run};
use sbc::emit::script;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;

/// Texts that would do harm as syntax, or get lost on the way.
const TEXTS: &[&str] = &[
    "'; touch pwned; '",
    "\"; touch pwned; \"",
    "x\ntouch pwned\n",
    "$$(touch pwned)",
    "`touch pwned`",
    "$${IFS}touch$${IFS}pwned",
    "-n",
    "--help",
    "!! !x",
    "\\",
    "\\n\\0\\\\",
    "* ? [a] ~ {a,b}",
    "# comment",
    "DATA_4\nDATA_5\nEOF",
    "\n\n",
    "tab\t cr\r end",
    "\u{1}\u{7f}\u{1b}[31m",
    "ÁÂÃÄÅÆÇÈ é 漢字 🦀 \u{202e}",
    " leading and trailing ",
    "%s %d \\c",
    "if",
    "esac",
    "&& || ; | & ( ) < >",
];

/// A text as a KDL string.
fn kdl(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c) => format!("\\u{{{:x}}}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// What a text of a policy means.
fn meant(text: &str) -> String {
    text.replace("$$", "$")
}

/// Whether any file below the home has the name that a hostile text would make.
#[track_caller]
fn assert_unharmed(project: &Project) {
    assert!(!tree(&project.home).iter().any(|path| path.ends_with("pwned")));
}

/// A policy in which every place that holds text holds this one.
fn everywhere(text: &str) -> String {
    let quoted = kdl(text);
    let name = text.replace('/', "_");
    let path = |start: &str| kdl(&format!("{start}/{name}"));
    format!(
        "sandbox \"app\" {{ about {quoted}; inherit \"base-dev\"; env {{ set X={quoted} reason={quoted}; prepend Y={quoted}; }}
         filesystem {{ file {} {quoted} reason={quoted}; symlink {} to={quoted} reason={quoted}; tmpfs {}; deny {}; ro {} missing=\"skip\"; copy \"~/data\" at={}; ro {} at={}; }}
         run {{ command \"/bin/sh\" \"-c\" \"printf '%s\\\\0' \\\"$$@\\\"; cat ~/file/*; readlink -n ~/link/*; env -0 | grep -z ^[XY]=; ls ~ ~/*\" \"sh\" {quoted}; }} }}",
        path("~/file"), path("~/link"), path("~/tmp"), path("~/deny"), path("~/no"), path("~/copy"), path("~/real"), path("./shown"),
    )
}

/// The scripts of such policies.
pub fn scripts() -> impl Iterator<Item = String> {
    TEXTS.iter().map(|text| script::emit(&compiled(&everywhere(text), &[]).sandboxes[0].plan).expect("a script"))
}

/// Every text arrives byte by byte, and none of them is ever run.
#[test]
fn texts() {
    for text in TEXTS {
        let project = Project::new(&everywhere(text));
        project.write_home("data", "data");
        project.write_home(&format!("real/{}/x", meant(text).replace('/', "_")), "x");
        build(&project);
        let before = tree(&project.home);
        let exec = project.sbc(&["exec"]).code(0);
        let meant = meant(text);
        assert!(exec.stdout.starts_with(&format!("{meant}\0{meant}")), "{text:?}: {:?}", exec.stdout);
        for shell in SHELLS {
            let output = run(&mut script_command(&project, shell, &[]));
            assert_eq!(output.stdout, exec.stdout, "{shell:?} {text:?}\n{}", output.stderr);
        }
        assert_unharmed(&project);
        assert_eq!(tree(&project.home), before, "{text:?}");
    }
}

/// Names of directories that a project or a home may have, some no UTF-8.
fn names() -> Vec<OsString> {
    let bytes: [&[u8]; 12] = [
        b"newline\n",
        b"\n",
        b"two words ",
        b" x",
        b"it's \"q\"",
        b"$(touch pwned)",
        b"`touch pwned`",
        b"-rf",
        b"\xff\xfe\x81\x88",
        "ÁÈ漢".as_bytes(),
        b"back\\slash",
        b"[a]*?",
    ];
    bytes.map(|bytes| OsString::from_vec(bytes.to_vec())).into()
}

/// Runs a sandbox with every kind of path and compares it with `sbc exec`.
#[track_caller]
fn check_names(project: &Project) {
    project.write(
        ".agent-sandbox.kdl",
        "sandbox \"app\" { inherit \"base-dev\"; env { set X=\"${HOME}:${PROJECT}\"; }; filesystem { tmpfs \"./a/b\"; file \"~/note\" \"${PROJECT}\"; copy \"~/.c\"; rw \"~/made\" missing=\"create-dir\"; rw \"./made\" missing=\"create-file\"; ro \"./../beside\" at=\"./in\"; deny \"./.env\"; }; }",
    );
    project.write(".env", "secret");
    project.write("../beside/file", "beside");
    project.write_home(".c", "c");
    fs::create_dir_all(project.root.join("sub")).unwrap();
    build(project);
    let before = tree(&project.home);
    let text = "printf %s \"$X\" | od -c; pwd | od -c; cat ~/note | od -c; cat ~/.c in/file; ls a . ~; cat .env; echo written >file; rm file";
    same(project, text);
    assert_eq!(tree(&project.home), before);
    for shell in SHELLS {
        let mut command = project.command(shell[0]);
        command.args(&shell[1..]).arg("../.agent-sandbox/app.sh").current_dir(project.root.join("sub"));
        let output = command.args(["--", "/bin/pwd"]).output().unwrap();
        assert_eq!(output.stdout, [project.root.as_os_str().as_bytes(), b"/sub\n"].concat(), "{shell:?}");
    }
    assert_unharmed(project);
}

/// A project may have any name.
#[test]
fn project_names() {
    for name in names() {
        check_names(&Project::named(Project::inner(&name)));
    }
}

/// A home may have any name.
#[test]
fn home_names() {
    for name in names() {
        let mut project = Project::empty();
        let home = project.home.join(&name);
        fs::create_dir_all(home.join("work")).unwrap();
        (project.root, project.home) = (home.join("work"), home);
        check_names(&project);
    }
}

impl Project {
    /// A directory of its own around the project, so that there is room beside it.
    fn inner(name: &OsStr) -> OsString {
        let mut path = OsString::from("around/");
        path.push(name);
        path
    }
}

/// A link in the project where the policy protects, hides or mounts something is refused, and
/// nothing is written where it leads.
#[test]
fn planted_links() {
    let body = "    filesystem { deny \"./hidden\"; ro \"~/data\" at=\"./in/deep\"; tmpfs \"./cache\"; file \"./made\" \"x\"; copy \"~/data/x\" at=\"./copied\"; rw \"./new\" missing=\"create-dir\"; }";
    let places = [
        ".git",
        ".claude",
        ".vscode",
        ".envrc",
        "hidden",
        "in",
        "in/deep",
        "cache",
        "made",
        "copied",
        "new",
        ".git/hooks",
    ];
    for place in places {
        for target in ["outside/there", "outside/absent"] {
            let project = Project::with_body(body);
            project.write_home("data/x", "x");
            project.write_home("outside/there/hooks/x", "x");
            let link = project.root.join(place);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(project.home.join(target), &link).unwrap();
            build(&project);
            let before = tree(&project.home);
            refused(&project, "is a symbolic link");
            assert_eq!(tree(&project.home), before, "{place} to {target}");
        }
    }
}
