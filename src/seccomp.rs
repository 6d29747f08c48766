//! The filter of system calls that every sandbox gets: from an architecture and a plan to the
//! bytes that the kernel reads.
//!
//! A list of what no agent needs, and not of what it may do: a new kernel's calls work without a
//! new sbc. Reads no machine; the programs of all architectures can be made on any.

use crate::plan::{Content, sha256};
use crate::words::{NestedSandboxes, Terminal};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};
use std::collections::BTreeMap;

/// A processor that there is a filter for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    X86_64,
    Aarch64,
}

impl Architecture {
    pub const ALL: [Architecture; 2] = [Architecture::X86_64, Architecture::Aarch64];

    /// As `uname -m` says it.
    pub const fn name(self) -> &'static str {
        match self {
            Architecture::X86_64 => "x86_64",
            Architecture::Aarch64 => "aarch64",
        }
    }

    /// The architecture of this name.
    pub fn from_name(name: &str) -> Option<Architecture> {
        Architecture::ALL.into_iter().find(|architecture| architecture.name() == name)
    }

    const fn target(self) -> TargetArch {
        match self {
            Architecture::X86_64 => TargetArch::x86_64,
            Architecture::Aarch64 => TargetArch::aarch64,
        }
    }
}

/// The answer to a refused call. The numbers are the same on every architecture here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Errno {
    /// What the kernel says to those without the right.
    EPERM = 1,
    /// What `--disable-userns` makes the kernel say: no more namespaces.
    ENOSPC = 28,
    /// This kernel does not know the call, so use the older one.
    ENOSYS = 38,
}

impl Errno {
    pub const ALL: [Errno; 3] = [Errno::EPERM, Errno::ENOSPC, Errno::ENOSYS];

    pub const fn name(self) -> &'static str {
        match self {
            Errno::EPERM => "EPERM",
            Errno::ENOSPC => "ENOSPC",
            Errno::ENOSYS => "ENOSYS",
        }
    }

    fn action(self) -> SeccompAction {
        SeccompAction::Errno(self as u32)
    }
}

/// When a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    /// Unless the terminal is the caller's without restriction.
    Guarded,
    /// Unless sandboxes may be made inside.
    NotNested,
}

impl When {
    pub const ALL: [When; 3] = [When::Always, When::Guarded, When::NotNested];
}

/// What an argument must be for the call to be refused. Only its low 32 bits count, as they do for
/// the kernel: whoever compares all 64 lets a number with other high bits through (CVE-2019-10063).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    pub index: u8,
    /// The bits that are looked at.
    pub mask: u32,
    pub value: u32,
}

/// A system call that is refused.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    pub name: &'static str,
    /// Its number on x86_64, and on aarch64 if it has one there.
    pub numbers: (u32, Option<u32>),
    pub argument: Option<Argument>,
    pub errno: Errno,
    pub when: When,
    pub why: &'static str,
}

impl Refusal {
    pub const fn number(&self, architecture: Architecture) -> Option<u32> {
        match architecture {
            Architecture::X86_64 => Some(self.numbers.0),
            Architecture::Aarch64 => self.numbers.1,
        }
    }
}

const fn call(name: &'static str, x86_64: u32, aarch64: u32, why: &'static str) -> Refusal {
    let numbers = (x86_64, Some(aarch64));
    Refusal { name, numbers, argument: None, errno: Errno::EPERM, when: When::Always, why }
}

/// A call that only x86_64 has.
const fn of_x86_64(name: &'static str, number: u32, why: &'static str) -> Refusal {
    Refusal { numbers: (number, None), ..call(name, number, number, why) }
}

const fn making_sandboxes(refusal: Refusal, errno: Errno) -> Refusal {
    Refusal { errno, when: When::NotNested, ..refusal }
}

const fn terminal(name: &'static str, request: u32, why: &'static str) -> Refusal {
    let argument = Some(Argument { index: 1, mask: u32::MAX, value: request });
    Refusal { argument, when: When::Guarded, ..call(name, 16, 29, why) }
}

/// A call that makes a user namespace when this flag is set.
const fn new_user_namespace(refusal: Refusal) -> Refusal {
    let argument = Some(Argument { index: 0, mask: CLONE_NEWUSER, value: CLONE_NEWUSER });
    Refusal { argument, ..making_sandboxes(refusal, Errno::ENOSPC) }
}

const CLONE_NEWUSER: u32 = 0x1000_0000;

const KEYS: &str = "keys belong to the user, and no namespace holds them";
const MODULES: &str = "modules are the host's";
const KEXEC: &str = "the kernel is the host's";
const SWAP: &str = "memory is the host's";
const QUOTA: &str = "quotas are the host's";
const URING: &str = "where many holes of the kernel were found; what is asked for through it, no filter sees";
const PORTS: &str = "the machine's ports are the host's";
const MOUNT: &str = "protections inside the project are mounts";
const NAMESPACE: &str = "in a namespace of its own a process has rights over mounts";
const GONE: &str = "gone from the kernel, or going";

/// Everything that is refused.
pub const REFUSALS: &[Refusal] = &[
    call("add_key", 248, 217, KEYS),
    call("request_key", 249, 218, KEYS),
    call("keyctl", 250, 219, KEYS),
    call("bpf", 321, 280, "programs for the kernel itself"),
    call("userfaultfd", 323, 282, "stops the kernel in the middle of a copy, which makes its races easy to win"),
    call("perf_event_open", 298, 241, "measures the whole machine, and had many holes"),
    call("io_uring_setup", 425, 425, URING),
    call("io_uring_enter", 426, 426, URING),
    call("io_uring_register", 427, 427, URING),
    call("init_module", 175, 105, MODULES),
    call("finit_module", 313, 273, MODULES),
    call("delete_module", 176, 106, MODULES),
    call("kexec_load", 246, 104, KEXEC),
    call("kexec_file_load", 320, 294, KEXEC),
    call("reboot", 169, 142, KEXEC),
    call("swapon", 167, 224, SWAP),
    call("swapoff", 168, 225, SWAP),
    call("acct", 163, 89, "the record of all processes is the host's"),
    call("quotactl", 179, 60, QUOTA),
    call("quotactl_fd", 443, 443, QUOTA),
    call("syslog", 103, 116, "the kernel's log tells of the whole machine"),
    call("open_by_handle_at", 304, 265, "opens files past their directories"),
    call("lookup_dcookie", 212, 18, GONE),
    call("nfsservctl", 180, 42, GONE),
    of_x86_64("uselib", 134, GONE),
    of_x86_64("modify_ldt", 154, "for programs of 16 bits"),
    of_x86_64("iopl", 172, PORTS),
    of_x86_64("ioperm", 173, PORTS),
    terminal("ioctl TIOCSTI", 0x5412, "types into the terminal (CVE-2017-5226)"),
    terminal("ioctl TIOCLINUX", 0x541c, "pastes into a console (CVE-2023-28100)"),
    making_sandboxes(call("mount", 165, 40, MOUNT), Errno::EPERM),
    making_sandboxes(call("umount2", 166, 39, MOUNT), Errno::EPERM),
    making_sandboxes(call("pivot_root", 155, 41, MOUNT), Errno::EPERM),
    making_sandboxes(call("open_tree", 428, 428, MOUNT), Errno::EPERM),
    making_sandboxes(call("move_mount", 429, 429, MOUNT), Errno::EPERM),
    making_sandboxes(call("fsopen", 430, 430, MOUNT), Errno::EPERM),
    making_sandboxes(call("fsconfig", 431, 431, MOUNT), Errno::EPERM),
    making_sandboxes(call("fsmount", 432, 432, MOUNT), Errno::EPERM),
    making_sandboxes(call("fspick", 433, 433, MOUNT), Errno::EPERM),
    making_sandboxes(call("mount_setattr", 442, 442, MOUNT), Errno::EPERM),
    making_sandboxes(call("open_tree_attr", 467, 467, MOUNT), Errno::EPERM),
    making_sandboxes(call("setns", 308, 268, NAMESPACE), Errno::EPERM),
    new_user_namespace(call("unshare CLONE_NEWUSER", 272, 97, NAMESPACE)),
    new_user_namespace(call("clone CLONE_NEWUSER", 56, 220, NAMESPACE)),
    making_sandboxes(
        call("clone3", 435, 435, "its flags lie in memory, where no filter looks; C libraries then use clone"),
        Errno::ENOSYS,
    ),
];

/// The calls that a sandbox is refused, those of one answer together.
pub fn refusals(content: &Content) -> impl Iterator<Item = &'static Refusal> + Clone {
    let (guarded, nested) = (content.terminal != Terminal::Inherit, content.nested_sandboxes == NestedSandboxes::Allow);
    REFUSALS.iter().filter(move |refusal| match refusal.when {
        When::Always => true,
        When::Guarded => guarded,
        When::NotNested => !nested,
    })
}

/// The program of a sandbox's filter, as bubblewrap takes it: `struct sock_filter[]`.
pub fn program(architecture: Architecture, content: &Content) -> Vec<u8> {
    let refusals: Vec<&Refusal> = refusals(content).collect();
    // The table makes a valid program. An empty one would be refused by the kernel, and nothing runs.
    let program = assemble(architecture, &refusals).unwrap_or_default();
    let bytes = |instruction: &sock_filter| {
        let [code, more] = instruction.code.to_le_bytes();
        let [a, b, c, d] = instruction.k.to_le_bytes();
        [code, more, instruction.jt, instruction.jf, a, b, c, d]
    };
    program.iter().flat_map(bytes).collect()
}

/// SHA-256 over the programs of all architectures for everything that can be refused, in
/// hexadecimal: the revision that an artefact was built with.
pub fn revision() -> String {
    let all: Vec<&Refusal> = REFUSALS.iter().collect();
    let programs = Architecture::ALL.map(|architecture| format!("{:?}", assemble(architecture, &all)));
    sha256(programs.concat().as_bytes())
}

// Instructions of classic BPF, as <linux/bpf_common.h> has them.
const LOAD: u16 = 0x20;
const JUMP_IF_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;

/// One program for each answer, one after the other: what the first does not refuse, the next one
/// judges. Each checks the architecture, and ends whoever came in by another one's door, such as the
/// 32-bit entry of x86_64: those calls have other numbers, and a program for 32 bits that is told "not
/// permitted" by every call runs wild.
fn assemble(architecture: Architecture, refusals: &[&Refusal]) -> Result<BpfProgram, BackendError> {
    let mut out = if architecture == Architecture::X86_64 { without_x32() } else { BpfProgram::new() };
    for errno in Errno::ALL {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
        for refusal in refusals.iter().filter(|refusal| refusal.errno == errno) {
            let Some(number) = refusal.number(architecture) else { continue };
            rules.entry(number.into()).or_default().extend(rule(refusal)?);
        }
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, errno.action(), architecture.target())?;
        let mut program = BpfProgram::try_from(filter)?;
        // The last instruction allows what was not refused.
        program.pop();
        out.extend(program);
    }
    out.push(sock_filter { code: RETURN, jt: 0, jf: 0, k: SeccompAction::Allow.into() });
    Ok(out)
}

fn rule(refusal: &Refusal) -> Result<Option<SeccompRule>, BackendError> {
    let Some(Argument { index, mask, value }) = refusal.argument else { return Ok(None) };
    let comparison = SeccompCmpOp::MaskedEq(mask.into());
    let condition = SeccompCondition::new(index, SeccompCmpArgLen::Dword, comparison, value.into())?;
    Ok(Some(SeccompRule::new(vec![condition])?))
}

/// x32 is another way into x86_64, with the same architecture and numbers above this one. Kernels
/// mostly come without it, and the answer is what they say.
fn without_x32() -> BpfProgram {
    const NUMBER: u32 = 0;
    const X32: u32 = 0x4000_0000;
    vec![
        sock_filter { code: LOAD, jt: 0, jf: 0, k: NUMBER },
        sock_filter { code: JUMP_IF_AT_LEAST, jt: 0, jf: 1, k: X32 },
        sock_filter { code: RETURN, jt: 0, jf: 0, k: Errno::ENOSYS.action().into() },
    ]
}
