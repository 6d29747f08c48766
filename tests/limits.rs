//! What `limits` promises, in real sandboxes.

use crate::script::same;
use crate::support::Project;
use std::process::{Child, Command};

/// A limit holds for the command that `sbc exec` starts.
#[test]
fn limit_holds() {
    let project = Project::with_body("limits { open-files \"64\"; }");
    assert_eq!(project.exec("ulimit -n").code(0).stdout, "64\n");
}

/// Where a limit cannot be set, nothing runs: sbc sets limits through `/proc`.
#[test]
fn limit_without_proc_is_refused() {
    let project =
        Project::with_body("filesystem { remove \"/proc\"; }\nlimits { processes \"none\"; open-files \"64\"; }");
    project.exec("true").code(125).says(&["SBC0708", "proc \"/proc\"", "limits { open-files \"none\"; }"]);
}

/// `base-dev` bounds the number of processes and every directory in memory that can be written, by sbc and by
/// the script: the sizes are those of its rules.
#[test]
fn built_in_bounds() {
    let project = Project::with_body("");
    let sizes = "for at in /tmp ~ /dev/shm; do stat -f -c '%b %S' $at; done";
    let output = same(&project, &format!("ulimit -p; {sizes}")).code(0);
    let mut lines = output.stdout.lines();
    assert_eq!(lines.next(), Some("8192"));
    let bytes = |line: &str| line.split(' ').map(|number| number.parse::<u64>().unwrap()).product::<u64>();
    assert_eq!(lines.map(bytes).collect::<Vec<_>>(), [2 << 30, 2 << 30, 1 << 30]);
}

/// Nothing can be put into `/dev`, which has no size, but for its shared memory; its devices work.
#[test]
fn devices_take_no_memory() {
    let project = Project::with_body("filesystem { tmpfs \"/dev/shm\" size=\"1M\" mode=\"1777\"; }");
    let text = "(echo x >/dev/x) 2>/dev/null || echo refused\nmkdir /dev/y 2>/dev/null || echo refused\n\
                echo x >/dev/null && head -c 4 /dev/zero | wc -c\nprintf x >/dev/shm/x && cat /dev/shm/x\n\
                head -c 2M /dev/zero 2>/dev/null >/dev/shm/y || wc -c </dev/shm/y";
    let full = (1 << 20) - 4096;
    assert_eq!(same(&project, text).code(0).stdout, format!("refused\nrefused\n4\nx{full}\n"));
}

/// What multiplies without end is stopped, and what runs outside the sandbox does not count.
#[test]
fn processes_are_counted_inside() {
    let project = Project::with_body("limits { processes \"24\"; }");
    let mut outside: Vec<Child> = (0..32).map(|_| Command::new("sleep").arg("60").spawn().unwrap()).collect();
    let fine = project.exec("sleep 0 & sleep 0 & wait; echo fine");
    let bomb = project.exec("for n in 1 2 3 4 5 6 7 8; do for m in 1 2 3 4; do sleep 2 & done; done");
    outside.iter_mut().for_each(|child| child.kill().and_then(|()| child.wait()).map(drop).unwrap());
    assert_eq!(fine.code(0).stdout, "fine\n");
    bomb.code(2).says(&["Cannot fork"]);
}
