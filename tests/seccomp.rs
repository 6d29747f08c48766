//! The filter of system calls: what its table says is what the kernel does, in sandboxes started by
//! sbc and by scripts, and on the architecture that this machine is not.

use crate::script::{SHELLS, build, same, script_command};
use crate::support::{Project, run, skip};
use proptest::prelude::*;
use sbc::arguments::Argument;
use sbc::code::Code;
use sbc::compile::{Wanted, compile};
use sbc::diagnostic::Diagnostics;
use sbc::host::{Host, architecture};
use sbc::invocation;
use sbc::isolation;
use sbc::plan::Content;
use sbc::project::load;
use sbc::seccomp::{Architecture, Errno, REFUSALS, Refusal, program, refusals};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Puts a program into the project that makes one system call.
#[track_caller]
pub fn try_syscall(project: &Project) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks/programs/try-syscall.c");
    run(project.command("cc").args(["-o", "try-syscall"]).arg(source)).code(0);
}

/// The contents of the plans for each way to set what the filter depends on.
fn contents() -> Vec<Content> {
    let content = |terminal: &str, nested: &str| {
        let body = format!("isolation {{ terminal \"{terminal}\"; nested-sandboxes \"{nested}\"; }}");
        content(&Project::new(&format!("sandbox \"app\" {{ {body}; }}")))
    };
    let words =
        ["guarded", "new-session", "inherit"].map(|terminal| ["deny", "allow"].map(|nested| (terminal, nested)));
    words.concat().into_iter().map(|(terminal, nested)| content(terminal, nested)).collect()
}

fn content(project: &Project) -> Content {
    let loaded = load(&project.root, &mut Diagnostics::default());
    compile(&loaded.sources, &Wanted::Only).sandboxes.pop().unwrap().plan.content
}

/// What the kernel would do with a call: runs classic BPF as its documentation says, and panics where
/// the kernel would refuse the program.
fn judge(program: &[u8], architecture: u32, number: u32, arguments: [u64; 6]) -> u32 {
    let mut data = [number.to_le_bytes(), architecture.to_le_bytes()].concat();
    data.extend([0; 8]);
    data.extend(arguments.iter().flat_map(|argument| argument.to_le_bytes()));
    let (mut at, mut accumulator) = (0, 0_u32);
    loop {
        let instruction: [u8; 8] = program[at * 8..at * 8 + 8].try_into().unwrap();
        let [code, _, yes, no, k @ ..] = instruction;
        let k = u32::from_le_bytes(k);
        at += 1;
        let mut jump = |condition: bool| at += usize::from(if condition { yes } else { no });
        match code {
            0x20 => accumulator = u32::from_le_bytes(data[k as usize..k as usize + 4].try_into().unwrap()),
            0x54 => accumulator &= k,
            0x05 => at += k as usize,
            0x15 => jump(accumulator == k),
            0x25 => jump(accumulator > k),
            0x35 => jump(accumulator >= k),
            0x06 => return k,
            _ => panic!("an instruction that no filter has: {code:#x}"),
        }
    }
}

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const AUDIT: [(Architecture, u32); 2] = [(Architecture::X86_64, 0xc000_003e), (Architecture::Aarch64, 0xc000_00b7)];

fn errno(errno: Errno) -> u32 {
    libc::SECCOMP_RET_ERRNO | errno as u32
}

/// Arguments that a refusal is about, or any if it is about none.
fn arguments(refusal: &Refusal, mut any: [u64; 6]) -> [u64; 6] {
    if let Some(argument) = refusal.argument {
        let at = &mut any[usize::from(argument.index)];
        *at = *at & !u64::from(argument.mask) | u64::from(argument.value);
    }
    any
}

/// What the table says about a call.
fn expected(content: &Content, architecture: Architecture, number: u32, arguments: [u64; 6]) -> u32 {
    let is_about = |refusal: &&&Refusal| {
        let argument = refusal
            .argument
            .is_none_or(|argument| arguments[usize::from(argument.index)] as u32 & argument.mask == argument.value);
        refusal.number(architecture) == Some(number) && argument
    };
    refusals(content).collect::<Vec<_>>().iter().find(is_about).map_or(ALLOW, |refusal| errno(refusal.errno))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// On both architectures every call of the table gets its errno, whatever the bits that the kernel does
    /// not look at, and every other one is allowed.
    #[test]
    fn filter_is_the_table(any in any::<[u64; 6]>()) {
        for content in contents() {
            for (architecture, audit) in AUDIT {
                let program = program(architecture, &content);
                for number in 0..600 {
                    prop_assert_eq!(judge(&program, audit, number, any), expected(&content, architecture, number, any));
                }
                for refusal in refusals(&content) {
                    let Some(number) = refusal.number(architecture) else { continue };
                    let verdict = judge(&program, audit, number, arguments(refusal, any));
                    prop_assert_eq!(verdict, errno(refusal.errno), "{}", refusal.name);
                }
            }
        }
    }
}

/// Calls by another architecture's door end the caller, and those of x32 are unknown.
#[test]
fn other_doors_are_closed() {
    const I386: u32 = 0x4000_0003;
    const ARM: u32 = 0x4000_0028;
    for content in contents() {
        for (architecture, audit) in AUDIT {
            let program = program(architecture, &content);
            let others = AUDIT.map(|(_, other)| other).into_iter().filter(|other| *other != audit);
            for other in others.chain([I386, ARM]) {
                let verdicts: BTreeSet<u32> = (0..600).map(|number| judge(&program, other, number, [0; 6])).collect();
                assert_eq!(verdicts, [libc::SECCOMP_RET_KILL_PROCESS].into(), "{architecture:?} {other:#x}");
            }
            let x32 = (0x4000_0000..0x4000_0300).map(|number| judge(&program, audit, number, [0; 6]));
            let answer = if architecture == Architecture::X86_64 { errno(Errno::ENOSYS) } else { ALLOW };
            assert_eq!(x32.collect::<BTreeSet<u32>>(), [answer].into(), "{architecture:?}");
        }
    }
}

/// The numbers in the table are those of the kernel's headers.
#[test]
fn numbers_are_the_kernels() {
    let headers = [
        (Architecture::X86_64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        (Architecture::Aarch64, "/usr/include/asm-generic/unistd.h"),
    ];
    for (architecture, header) in headers {
        let Ok(text) = fs::read_to_string(header) else { skip!("there is no {header}") };
        let numbers: Vec<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.strip_prefix("#define __NR_").or(line.strip_prefix("#define __NR3264_")))
            .filter_map(|line| line.split_once(char::is_whitespace))
            .collect();
        let mut found = 0;
        for refusal in REFUSALS {
            let name = refusal.name.split(' ').next().unwrap();
            let known = numbers.iter().find(|(known, _)| *known == name).map(|(_, number)| number.trim());
            // Headers of Debian 12 do not know the newest calls.
            let Some(known) = known else { continue };
            found += 1;
            assert_eq!(refusal.number(architecture).map(|number| number.to_string()).as_deref(), Some(known), "{name}");
        }
        assert!(found + 6 > REFUSALS.len(), "{header}: only {found} of {} are known", REFUSALS.len());
    }
}

/// How to make each call of the table so that a kernel without the filter would say something else than
/// the filter does; where none would, because the call is only for root or gone, why.
const CALLS: &[(&str, &str, &str)] = &[
    ("add_key", "0 0 0 0 0", ""),
    ("request_key", "0 0 0 0", ""),
    ("keyctl", "0 -4 0", ""),
    ("bpf", "0 0 0", ""),
    ("userfaultfd", "-1", ""),
    ("perf_event_open", "0 0 -1 -1 0", ""),
    ("io_uring_setup", "1 0", ""),
    ("io_uring_enter", "-1 0 0 0 0", ""),
    ("io_uring_register", "-1 0 0 0", ""),
    ("init_module", "0 0 0", "root"),
    ("finit_module", "-1 0 0", "root"),
    ("delete_module", "0 0", "root"),
    ("kexec_load", "0 0 0 0", "root"),
    ("kexec_file_load", "-1 -1 0 0 0", "root"),
    ("reboot", "0 0 0 0", "root"),
    ("swapon", "0 0", "root"),
    ("swapoff", "0", "root"),
    ("acct", "0", "root"),
    ("quotactl", "0 0 0 0", ""),
    ("quotactl_fd", "-1 0 0 0", ""),
    ("syslog", "10 0 0", "root"),
    ("open_by_handle_at", "-100 0 0", "root"),
    ("lookup_dcookie", "0 0 0", ""),
    ("nfsservctl", "0 0 0", ""),
    ("uselib", "0", ""),
    ("modify_ldt", "0 0 0", ""),
    ("iopl", "0", ""),
    ("ioperm", "0 0 0", ""),
    ("ioctl TIOCSTI", "0 0x5412 @x", ""),
    ("ioctl TIOCLINUX", "0 0x541c @x", ""),
    ("mount", "0 0 0 0 0", ""),
    ("umount2", "0 0", ""),
    ("pivot_root", "0 0", "root"),
    ("open_tree", "-100 @/ 0", ""),
    ("move_mount", "-1 0 -1 0 0", "root"),
    ("fsopen", "0 0", "root"),
    ("fsconfig", "-1 0 0 0 0", ""),
    ("fsmount", "-1 0 0", "root"),
    ("fspick", "-100 0 0", "root"),
    ("mount_setattr", "-1 0 0 0 0", ""),
    ("open_tree_attr", "-1 0 0 0 0", ""),
    ("setns", "-1 0", ""),
    ("unshare CLONE_NEWUSER", "0x10000000", ""),
    ("clone CLONE_NEWUSER", "0x10000000 0 0 0 0", ""),
    ("clone3", "0 0", ""),
];

/// A line of shell that makes every call of the table on this machine, in its order.
fn all_calls(native: Architecture) -> (String, Vec<&'static Refusal>) {
    let names: Vec<&str> = CALLS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, REFUSALS.iter().map(|refusal| refusal.name).collect::<Vec<_>>());
    let made: Vec<(&Refusal, &str)> = REFUSALS.iter().zip(CALLS.iter().map(|(_, arguments, _)| *arguments)).collect();
    let made = made.into_iter().filter_map(|(refusal, arguments)| Some((refusal, refusal.number(native)?, arguments)));
    let (lines, made): (Vec<String>, Vec<&Refusal>) =
        made.map(|(refusal, number, arguments)| (format!("./try-syscall {number} {arguments}"), refusal)).unzip();
    (lines.join("\n"), made)
}

/// The errnos that a run of [`all_calls`] printed.
fn errnos(stdout: &str) -> Vec<i32> {
    stdout.lines().map(|line| line.parse().unwrap()).collect()
}

/// Each call of the table is really refused inside, by sbc and by the script under each shell, and really
/// does something else outside, where it is not only for root.
#[test]
fn calls_are_refused() {
    let Some(native) = architecture() else { skip!("there is no filter for this architecture") };
    let project = Project::with_body("");
    try_syscall(&project);
    let (lines, made) = all_calls(native);
    let inside = errnos(&same(&project, &lines).code(0).stdout);
    let expected: Vec<i32> = made.iter().map(|refusal| refusal.errno as i32).collect();
    assert_eq!(inside, expected);
    let outside = errnos(&run(project.command("sh").args(["-c", &lines])).code(0).stdout);
    for ((refusal, inside), outside) in made.iter().zip(&inside).zip(&outside) {
        let is_for_root = CALLS.iter().any(|(name, _, why)| *name == refusal.name && !why.is_empty());
        assert!(is_for_root || inside != outside, "{} gives {outside} without the filter, too", refusal.name);
    }
}

/// What the plan allows is not refused: sandboxes inside, with a filter of their own, and nothing else.
#[test]
fn nested_sandboxes_are_allowed_by_a_word() {
    let project = Project::with_body("isolation { nested-sandboxes \"allow\"; }");
    try_syscall(&project);
    let nested = "bwrap --unshare-user --ro-bind / / sh -c 'echo nested; ./try-syscall $0' $0";
    let text = nested.replace("$0", &format!("{} 0 -4 0", libc::SYS_keyctl));
    assert_eq!(same(&project, &text).code(0).stdout, "nested\n1\n");
}

/// The 32-bit entry of x86_64 ends the caller, and a call with the bit of x32 is unknown.
#[test]
fn other_entries_are_refused() {
    if architecture() != Some(Architecture::X86_64) {
        skip!("this machine has no such entries");
    }
    let project = Project::with_body("");
    try_syscall(&project);
    const GETPID_OF_I386: i32 = 20;
    run(project.command("./try-syscall").args(["int80", &GETPID_OF_I386.to_string()])).code(0);
    same(&project, &format!("exec ./try-syscall int80 {GETPID_OF_I386}")).code(128 + libc::SIGSYS);
    let x32 = format!("./try-syscall {}", 0x4000_0000 | libc::SYS_getpid);
    assert_eq!(same(&project, &x32).code(0).stdout, format!("{}\n", libc::ENOSYS));
}

/// Keys in the user's keyring, which any process of the user can read by their number, cannot be read inside.
#[test]
fn user_keyring_is_out_of_reach() {
    let project = Project::with_body("");
    let add = "key=$(keyctl add user sbc-test-key secret @u) && keyctl setperm $key 0x3f3f0000 && echo $key";
    let added = run(project.command("sh").args(["-c", add]));
    if added.code != 0 {
        skip!("no key can be made: {}", added.stderr);
    }
    let key = added.stdout.trim();
    let naive = "exec bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev keyctl print";
    let control = run(project.command("sh").args(["-c", &format!("{naive} {key}")]));
    let inside = same(&project, &format!("keyctl print {key} 2>&1; keyctl show @u 2>&1; keyctl add user x y @u 2>&1"));
    run(project.command("keyctl").args(["unlink", key, "@u"]));
    assert_eq!(control.code(0).stdout, "secret\n");
    assert!(!inside.stdout.contains("secret"), "{}", inside.stdout);
    assert_eq!(inside.stdout.matches("Operation not permitted").count(), 3, "{}", inside.stdout);
}

/// The script carries, for each architecture, the very bytes that sbc makes, whatever shell prints them.
#[test]
fn script_carries_the_program() {
    let project = Project::with_body("");
    build(&project);
    let script = project.read(".agent-sandbox/app.sh");
    let start = script.find("\nfilter() {").unwrap();
    let function = &script[start..start + script[start..].find("\n}\n").unwrap() + 2];
    for architecture in Architecture::ALL {
        let text = format!("machine={}\n{function}\nfilter", architecture.name());
        for shell in SHELLS {
            let (program_name, words) = shell.split_first().unwrap();
            let output = project.command(program_name).args(words).args(["-c", &text]).output().unwrap();
            assert_eq!(output.stdout, program(architecture, &content(&project)), "{shell:?} {architecture:?}");
            // So much fits into any pipe, before anybody reads it.
            assert!(output.stdout.len() <= 4096, "{architecture:?}: {}", output.stdout.len());
        }
    }
}

/// Without a filter for the machine `guarded` is a session of its own, where the kernel lets a process type;
/// sbc and the script do the same, and `sbc check` says so.
#[test]
fn machine_without_a_filter() {
    let project = Project::with_body("");
    try_syscall(&project);
    let host = Host { architecture: None, ..Host::read(&project.root).unwrap() };
    assert_eq!(isolation::unfiltered(&host).map(|diagnostic| diagnostic.code), Some(Code::SBC0710));
    let loaded = load(&project.root, &mut Diagnostics::default());
    let compiled = compile(&loaded.sources, &Wanted::Only).sandboxes.pop().unwrap();
    let options = invocation::resolve(&compiled, &host, &mut Diagnostics::default()).0.options;
    let has = |word: &str| options.contains(&Argument::Word(word.into()));
    let typing = fs::read_to_string("/proc/sys/dev/tty/legacy_tiocsti").is_ok_and(|value| value.trim() == "1");
    assert!(!has("--seccomp") && has("--new-session") == typing);
    build(&project);
    for shell in SHELLS {
        // A machine of 32 bits has no filter; this makes `uname` say so.
        let text = format!("ls /proc/self/fd | wc -l; ./try-syscall {} 0 -4 0; ps -o tty= $$", libc::SYS_keyctl);
        let script = script_command(&project, shell, &["--", "sh", "-c", &text]);
        let mut command = project.command("setarch");
        command.arg("i686").arg(script.get_program()).args(script.get_args());
        let output = run(&mut command).code(0);
        let lines: Vec<&str> = output.stdout.lines().map(str::trim).collect();
        assert_eq!(&lines[1..], ["0", "?"], "{shell:?}: {}", output.stderr);
    }
}

/// An artefact that was built with another filter says so.
#[test]
fn another_filter_is_named() {
    let project = Project::with_body("");
    build(&project);
    let lock = project.read(".agent-sandbox/sbc.lock");
    let line = lock.lines().find(|line| line.starts_with("# filter sha256:")).unwrap();
    project.write(".agent-sandbox/sbc.lock", lock.replace(line, "# filter sha256:00"));
    project.sbc(&["build", "--check"]).code(1).says(&["built by an sbc with another filter of system calls"]);
}

/// Ordinary programs run: threads, children, compilers, debuggers and Java, which try newer calls first.
#[test]
fn ordinary_programs_run() {
    let project = Project::with_body("");
    project.write("main.c", "#include <stdio.h>\nint main(void) { puts(\"compiled\"); }\n");
    project.write(
        "threads.py",
        "import threading, subprocess\nthreads = [threading.Thread(target=lambda: None) for _ in range(8)]\n\
         [thread.start() for thread in threads]\n[thread.join() for thread in threads]\n\
         print(subprocess.run(['echo', 'child'], capture_output=True).stdout.decode().strip())\n",
    );
    project.write("worker.js", "new (require('worker_threads').Worker)('console.log(\"worker\")', { eval: true })");
    let programs: [(&str, &str, &str); 5] = [
        ("cc", "cc -o main main.c && ./main", "compiled"),
        ("python3", "python3 threads.py", "child"),
        ("node", "node worker.js", "worker"),
        ("git", "git init -q repository && git -C repository status | head -n 1", "On branch"),
        ("java", "java -version 2>&1", "version"),
    ];
    for (program, text, says) in programs {
        if run(project.command("sh").args(["-c", &format!("command -v {program}")])).code != 0 {
            continue;
        }
        let output = project.exec(text).code(0);
        assert!(output.stdout.contains(says), "{program}: {}{}", output.stdout, output.stderr);
    }
}
