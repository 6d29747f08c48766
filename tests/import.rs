//! What `sbc import` makes of scripts: the same access, proved by the view and by real runs.

use crate::support::{Output, Project, run};
use std::fs;
use std::path::{Path, PathBuf};

/// The scripts of `tests/import`, by name.
fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let scripts = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "sh"));
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    scripts.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

/// A home with what the scripts name, where no script mounts anything over it.
pub fn home() -> Project {
    let project = Project::below(Path::new("/var/tmp"), "work");
    for name in [".bashrc", ".gitconfig", ".claude.json", ".claude/settings.json", ".ssh/id", ".config/git/config"] {
        project.write_home(name, format!("text of {name}\n"));
    }
    for name in [".cache/tool/file", ".npm/_cacache/index", ".cargo/bin/tool", ".local/bin/tool", "run/wayland-0"] {
        project.write_home(name, "something\n");
    }
    project.write("src/main.txt", "text\n");
    project.write("private/secret.txt", "secret\n");
    project
}

/// Imports a script in a home.
pub fn import(project: &Project, script: &str, options: &[&str]) -> Output {
    project.write("box.sh", script);
    let mut command = project.plain_command(&["import", "box.sh"]);
    run(command.args(options).env("XDG_RUNTIME_DIR", project.home.join("run")))
}

/// Without profiles every script comes to a policy that shows the same at every path.
#[test]
fn exact_scripts_show_the_same() {
    let scripts = scripts();
    assert!(scripts.len() >= 11, "the classic script and ten more");
    for (name, script) in scripts {
        let project = home();
        let output = import(&project, &script, &["--exact"]);
        assert_eq!(output.code, 0, "{name}:\n{}\n{}", output.stdout, output.stderr);
        assert!(output.stderr.contains(", 0 of them differ"), "{name}: {}", output.stderr);
        assert!(!output.stdout.contains("inherit") && !output.stdout.contains("$$PWD"), "{name}: {}", output.stdout);
    }
}

/// With profiles every script comes to a shorter policy that `sbc check` accepts.
#[test]
fn policies_pass_the_check() {
    for (name, script) in scripts() {
        let project = home();
        let exact = import(&project, &script, &["--exact"]).code(0);
        let output = import(&project, &script, &["--write"]).code(0);
        assert!(output.stderr.contains("compared with the original"), "{name}: {}", output.stderr);
        let policy = project.read(".agent-sandbox.kdl");
        assert!(policy.contains("inherit \"") && policy.len() < exact.stdout.len(), "{name}: {policy}");
        for options in [&["check", "--no-host"][..], &["check"]] {
            let check = project.sbc(options);
            assert_eq!(check.code, 0, "{name}:\n{policy}\n{}", check.stderr);
        }
    }
}

/// What a process inside finds: what is there, what can be read, and what can be written.
const PROBE: &str = r#"
for path in / /usr /usr/bin/env /bin/sh /etc /etc/passwd /etc/nsswitch.conf /etc/hosts /tmp /var /run /proc/self /dev /dev/shm /dev/null \
    "$HOME" "$HOME/.bashrc" "$HOME/.gitconfig" "$HOME/.cache" "$HOME/.cache/tool" "$HOME/.npm" "$HOME/.ssh" "$HOME/.ssh/id" \
    "$HOME/.config" "$HOME/.config/git" "$HOME/.claude" "$HOME/.local" "$HOME/.local/bin" "$HOME/.missing" "$HOME/.local/share/box" \
    . ./src ./private ./private/secret.txt ./box.sh /work /scratch; do
    kind=absent
    [ -e "$path" ] && kind=other
    [ -f "$path" ] && kind=file
    [ -d "$path" ] && kind=directory
    read=no
    [ -d "$path" ] && ls "$path" >/dev/null 2>&1 && read=yes
    [ -f "$path" ] && cat "$path" >/dev/null 2>&1 && read=yes
    write=no
    case "$path" in /dev|/proc/self) write=skipped ;; *)
        if [ -d "$path" ]; then
            (: > "$path/probe-new") 2>/dev/null && write=yes && rm -f "$path/probe-new"
        elif [ -f "$path" ]; then
            (: >> "$path") 2>/dev/null && write=yes
        fi ;;
    esac
    echo "$path $kind $read $write"
done
ls -a / "$HOME" . /etc | grep -v probe-new
"#;

/// The original script and the imported policy, both run for real, show a process the same.
#[test]
fn real_runs_show_the_same() {
    // Each with the words that make it run a shell with a command.
    let runs = [
        ("arrays", vec!["sh", "-c", PROBE]),
        ("functions", vec!["-c", PROBE]),
        ("here-documents", vec!["-c", PROBE]),
        ("options-in-a-string", vec!["sh", "-c", PROBE]),
    ];
    for (name, words) in runs {
        let script = scripts().into_iter().find(|(other, _)| other == name).unwrap().1;
        let project = home();
        import(&project, &script, &["--exact", "--write"]).code(0);
        let mut original = project.command("bash");
        let before = run(original.arg("box.sh").args(&words).env("XDG_RUNTIME_DIR", project.home.join("run")));
        assert_eq!(before.code, 0, "{name}: {}", before.stderr);
        let mut imported = project.sbc_command(&["exec", "--"]);
        let after = run(imported.args(["sh", "-c", PROBE]));
        assert_eq!(after.code, 0, "{name}: {}", after.stderr);
        assert_eq!(before.stdout, after.stdout, "{name}: {}", project.read(".agent-sandbox.kdl"));
        assert!(before.stdout.contains("./src directory yes yes"), "{name}: {}", before.stdout);
    }
}

/// No command of a script is run, wherever it stands.
#[test]
fn scripts_are_not_run() {
    let project = home();
    let script = "#!/bin/sh\ntouch ran\nx=$(touch ran)\nsource ./evil.sh\ntouch ran &\neval 'touch ran'\n\
                  exec 3< <(touch ran)\n[ -e \"$(touch ran)\" ] && y=1\n\
                  bwrap --ro-bind /usr /usr --ro-bind \"$(touch ran; echo /bin)\" /bin --file 3 /x sh\n";
    project.write("evil.sh", "touch ran\n");
    let output = import(&project, script, &[]).code(0);
    assert!(!project.root.join("ran").exists());
    output.says(&["could not be said", "line 9: --ro-bind $(touch ran; echo /bin) /bin", "line 9: --file 3 /x"]);
}

/// Where there is a policy, nothing is written, and what would change is shown.
#[test]
fn a_policy_is_never_overwritten() {
    let project = home();
    project.write(".agent-sandbox.kdl", "sandbox \"mine\" { inherit \"base-dev\"; }\n");
    let output = import(&project, &scripts()[0].1, &["--write"]).code(1).says(&["SBC0605"]);
    assert!(output.stdout.contains("-sandbox \"mine\""), "{}", output.stdout);
    assert_eq!(project.read(".agent-sandbox.kdl"), "sandbox \"mine\" { inherit \"base-dev\"; }\n");
}

/// Text of a script is never syntax of the policy, and drives no terminal.
#[test]
fn text_stays_text() {
    let project = home();
    let script = "# a comment \u{1b}[31m } sandbox \"evil\" {\u{85}filesystem { rw \"/\"; }\n\
                  bwrap --ro-bind-try $'/a\"; rw \"/' $'/b\\n}\\nsandbox \"x\" {' --tmpfs '/c${HOME}$$' \
                  --setenv X $'1\" }\\n//' --ro-bind /usr /usr -- 'sh\"; }' $'\\e[31m'\n";
    let output = import(&project, script, &["--exact"]);
    assert!(!output.stdout.contains('\u{1b}') && !output.stderr.contains('\u{1b}'), "{}", output.stdout);
    let project_with = home();
    project_with.write(".agent-sandbox.kdl", &output.stdout);
    let check = project_with.sbc(&["check", "--no-host"]).code(0);
    assert!(!check.stderr.contains("evil"), "{}", check.stderr);
    assert_eq!(output.stdout.matches("\nsandbox \"").count(), 1, "{}", output.stdout);
}

/// Whatever is imported, sbc says what is wrong and ends by itself.
#[test]
fn hostile_files_are_answered() {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for (_, script) in scripts() {
        for part in 1..3 {
            texts.push(script.as_bytes()[..script.len() * part / 3 - 4].to_vec());
        }
    }
    texts.push("bwrap ".repeat(30_000).into_bytes());
    texts.push([b"bwrap --bind / /".to_vec(), b"$(".repeat(20_000)].concat());
    texts.push([b"bwrap --tmpfs ".to_vec(), b"{a,b}".repeat(2_000)].concat());
    texts.push(b"f() { f; f; }\nf\nbwrap --tmpfs /\n".to_vec());
    texts.push(b"a=x\nwhile true; do a=\"$a$a\"; b+=(\"$a\" \"${b[@]}\"); done\nbwrap --tmpfs /\n".to_vec());
    texts.push(b"bwrap\0--bind\0/\0".to_vec());
    texts.push(b"--bind\0/\0".to_vec());
    texts.push((0..=255).collect());
    texts.push(b"[".repeat(100_000));
    texts.push(b"{\"a\":".repeat(30_000));
    texts.push(vec![b'x'; 400_000]);
    texts.push(Vec::new());
    let project = home();
    for text in texts {
        project.write("box.sh", &text);
        for options in [&["import", "box.sh"][..], &["import", "--from", "script", "box.sh"]] {
            let output = project.sbc(options);
            let shown = String::from_utf8_lossy(&text[..text.len().min(200)]);
            assert!(matches!(output.code, 0 | 1), "{}: {shown}\n{}", output.code, output.stderr);
            assert!(!output.stderr.contains("panicked"), "{shown}\n{}", output.stderr);
            assert!(!output.stderr.is_empty());
        }
    }
}

/// A script that an editor has given the line ends of another system is read as it was meant.
#[test]
fn other_line_ends() {
    let project = home();
    let (_, script) = scripts().into_iter().find(|(name, _)| name == "whole-etc").unwrap();
    let plain = import(&project, &script, &[]).code(0);
    let other = import(&project, &script.replace('\n', "\r\n"), &[]).code(0);
    assert_eq!(other.stdout, plain.stdout);
    assert!(plain.stdout.contains("ro \"/etc\"") && plain.stdout.contains("command \"bash\""), "{}", plain.stdout);
}

/// `-` is standard input, options alone are those of bwrap, and `--args` files have zero bytes.
#[test]
fn other_sources() {
    let project = home();
    let piped = |text: &str| {
        project.write("input", text);
        let mut command = project.plain_command(&["import", "--exact", "-"]);
        run(command.stdin(fs::File::open(project.root.join("input")).unwrap()))
    };
    let line = piped("bwrap --ro-bind /usr /usr --tmpfs /tmp -- sh -c 'echo \"$HOME\"'\n").code(0);
    assert!(line.stdout.contains("ro \"/usr\"") && line.stdout.contains("tmpfs \"/tmp\""), "{}", line.stdout);
    assert!(line.stdout.contains(r#"command "sh" "-c" "echo \"$$HOME\"""#), "{}", line.stdout);
    let options = piped("--ro-bind /usr /usr --hostname box\n").code(0);
    assert!(options.stdout.contains("hostname \"box\""), "{}", options.stdout);
    let args = piped("--ro-bind\0/usr\0/usr\0--tmpfs\0/a b\0--clearenv\0").code(0);
    assert!(args.stdout.contains("tmpfs \"/a b\"") && !args.stdout.contains("pass"), "{}", args.stdout);
}
