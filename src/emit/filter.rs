//! The part of a script that carries the filter of system calls, for every architecture that has one.

use super::script::{FILTER, Script};
use super::shell;
use crate::seccomp::{self, Architecture, Errno, Refusal};
use crate::words::Terminal;
use std::fmt::Write as _;

/// The name of the machine, which the kernel tells without a program from version 6.1 on. It tells the caller
/// another one if `setarch` says so, and `uname` knows.
const MACHINE: &str = r#"machine='' rest=''
{ read -r rest </proc/self/personality && [ "$rest" = 00000000 ] && read -r machine </proc/sys/kernel/arch; } 2>/dev/null ||
    machine=$(uname -m)
"#;

/// As many instructions stand on a line as refuse one call.
const LINE: usize = 5 * 8;

impl Script<'_> {
    /// Finds out which filter to use; `machine` is empty where there is none.
    pub(super) fn machine() -> String {
        let names = Architecture::ALL.map(Architecture::name).join(" | ");
        format!("{MACHINE}case $machine in\n{names}) ;;\n*) machine= ;;\nesac\n")
    }

    /// Hands the filter to bubblewrap, and takes the terminal away where that needs no or another way.
    pub(super) fn guard(&self) -> String {
        let mut out = format!("    [ -z \"$machine\" ] || arg --seccomp {FILTER}\n");
        out.push_str(match self.content.terminal {
            Terminal::Guarded => {
                "    # Without a filter, and where the kernel lets a process type into its terminal, it gets none.\n\
                 \x20   tiocsti=1\n\
                 \x20   [ ! -r /proc/sys/dev/tty/legacy_tiocsti ] || read -r tiocsti </proc/sys/dev/tty/legacy_tiocsti\n\
                 \x20   [ -n \"$machine\" ] || [ \"$tiocsti\" = 0 ] || arg --new-session\n"
            }
            Terminal::NewSession => "    arg --new-session\n",
            Terminal::Inherit => "",
        });
        out
    }

    /// The function that prints the filter.
    pub(super) fn filter(&self) -> String {
        let mut out = String::from(
            "# Which system calls are refused, in the form that the kernel reads. sbc made it, and its book says how to\n\
             # check that. Calls of another kind, such as those of 32-bit programs, end the caller.\n",
        );
        for errno in Errno::ALL {
            let refused = seccomp::refusals(self.content).filter(|refusal| refusal.errno == errno);
            out.push_str(&paragraph(&format!("{}:", errno.name()), refused));
        }
        out.push_str("filter() {\n    case $machine in\n");
        for architecture in Architecture::ALL {
            let _ = writeln!(out, "    {})", architecture.name());
            let program = seccomp::program(architecture, self.content);
            let lines: Vec<String> = program.chunks(LINE).map(|line| format!("'{}'", shell::octal(line))).collect();
            let _ = writeln!(out, "        printf {}\n        ;;", lines.join("\\\n"));
        }
        out.push_str("    esac\n}\n\n");
        out
    }
}

/// Names as a comment in lines of usual length.
fn paragraph<'a>(start: &str, refused: impl Iterator<Item = &'a Refusal>) -> String {
    let (mut out, mut line) = (String::new(), format!("# {start}"));
    for refusal in refused {
        if line.len() + refusal.name.len() > 108 {
            let _ = writeln!(out, "{line}");
            line = "#  ".to_owned();
        }
        let _ = write!(line, " {},", refusal.name);
    }
    match line.strip_suffix(',') {
        Some(line) => format!("{out}{line}\n"),
        None => String::new(),
    }
}
