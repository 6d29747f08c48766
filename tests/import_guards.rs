//! What `sbc import` does with rules that the guards refuse.

use crate::import::{home, import};
use crate::support::Output;

/// Asks for keys, for the home, for the programs of the shell, and for something harmless.
const GREEDY: &str = "#!/bin/sh\n\
    exec bwrap --ro-bind /usr /usr --ro-bind /bin /bin --ro-bind /lib /lib --ro-bind /lib64 /lib64 \\\n\
    --ro-bind ~/.ssh ~/.ssh \\\n\
    --bind ~/.cargo ~/.cargo \\\n\
    --ro-bind-try /run/docker.sock /run/docker.sock \\\n\
    --bind ~/.npm ~/.npm --proc /proc --dev /dev \\\n\
    --bind \"$PWD\" \"$PWD\" sh\n";

/// The policy with all that was left out written as its comments say.
fn uncommented(policy: &str) -> String {
    let (mut rules, mut waivers) = (String::new(), String::new());
    for line in policy.lines().filter_map(|line| line.trim().strip_prefix("//     ")) {
        let to = if line.starts_with("waive ") { &mut waivers } else { &mut rules };
        to.push_str(&format!("{line}\n"));
    }
    let policy = policy.replacen("filesystem {\n", &format!("filesystem {{\n{rules}"), 1);
    format!("{}{waivers}}}\n", policy.trim_end().strip_suffix('}').unwrap())
}

fn check(policy: &str) -> Output {
    let project = home();
    project.write(".agent-sandbox.kdl", policy);
    project.sbc(&["check"])
}

/// What the guards refuse stands in the policy as a comment, with the waiver that it needs, and is named
/// on standard error; the rest is imported, and passes the check.
#[test]
fn refused_rules_are_comments() {
    let output = import(&home(), GREEDY, &[]).code(0);
    let policy = &output.stdout;
    check(policy).code(0);
    for rule in ["ro \"~/.ssh\"", "rw \"~/.cargo\"", "ro \"/run/docker.sock\" missing=\"skip\""] {
        assert!(policy.contains(&format!("//     {rule}\n")), "{rule}: {policy}");
    }
    assert!(policy.contains("\n        rw \"~/.npm\""), "{policy}");
    output.says(&[
        "NOT IMPORTED: line 3: ro \"~/.ssh\": SBC050",
        "`waive \"denied\" \"~/.ssh\" reason=\"as box.sh did\"`",
        "  line 4: rw \"~/.cargo\": NOT IMPORTED",
    ]);
}

/// Whoever writes what the comments say has the rules: no waiver lacks, and none is too much.
#[test]
fn comments_say_what_to_write() {
    let output = import(&home(), GREEDY, &[]).code(0);
    let policy = uncommented(&output.stdout);
    assert!(policy.contains("\nro \"~/.ssh\"\n") && policy.contains("\nwaive \"denied\" \"~/.ssh\""), "{policy}");
    check(&policy).code(0);
    let without: String =
        policy.lines().filter(|line| !line.starts_with("waive ")).fold(String::new(), |all, line| all + line + "\n");
    check(&without).code(1);
}

/// With `--exact` the rules are there, waived with the script's name, and standard error says so in red.
#[test]
fn exact_waives_in_red() {
    let project = home();
    project.write("box.sh", GREEDY);
    let mut command = project.plain_command(&["import", "--exact", "box.sh"]);
    let output = crate::support::run(command.env("CLICOLOR_FORCE", "1")).code(0);
    assert!(output.stderr.contains(", 0 of them differ"), "{}", output.stderr);
    output.says(&[
        "\u{1b}[31mWAIVED: line 3: SBC0506 `ro \"~/.ssh\"` shows",
        "\u{1b}[31m  by `waive \"denied\" \"~/.ssh\" reason=\"as box.sh did\"`",
        "the guards would refuse this policy without that",
    ]);
}

/// Without its waivers the exact policy is refused.
#[test]
fn exact_policies_need_their_waivers() {
    let policy = import(&home(), GREEDY, &["--exact"]).code(0).stdout;
    check(&policy).code(0);
    let without: Vec<&str> = policy.lines().filter(|line| !line.trim().starts_with("waive ")).collect();
    check(&without.join("\n")).code(1).says(&["SBC0506", "SBC0507"]);
}

/// What no waiver lifts is left out, also with `--exact`, and nothing is waived for it.
#[test]
fn records_are_never_shown() {
    let script = "bwrap --ro-bind /usr /usr --bind ~/.local ~/.local /usr/bin/env\n";
    for options in [&[][..], &["--exact"]] {
        let output = import(&home(), script, options).code(options.len() as i32);
        assert!(
            output.stdout.contains("NOT IMPORTED: SBC0504") && !output.stdout.contains("waive"),
            "{}",
            output.stdout
        );
        let project = home();
        project.write(".agent-sandbox.kdl", &output.stdout);
        project.sbc(&["check", "--no-host"]).code(0);
    }
}

/// The project at another place is a link to where the profile protects it, and work is done there.
#[test]
fn a_project_elsewhere_is_a_link() {
    let project = home();
    let script = "bwrap --ro-bind /usr /usr --bind . /work --chdir /work sh\n";
    let output = import(&project, script, &["--write"]).code(0).says(&["said in another way", "rw \".\" at=\"/work\""]);
    assert!(!output.stderr.contains("NOT IMPORTED"), "{}", output.stderr);
    assert!(project.read(".agent-sandbox.kdl").contains("symlink \"/work\" to=\"${PROJECT}\""));
    project.trust();
    project.exec("touch /work/made && test -e made && ! touch /work/.agent-sandbox.kdl").code(0);
    assert!(project.root.join("made").exists());
}
