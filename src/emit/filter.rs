//! The part of a script that carries the filter of system calls, for every architecture that has one.

use super::calls::wrapped;
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
            out.push_str(&printed(&seccomp::program(architecture, self.content)));
            out.push_str("        ;;\n");
        }
        out.push_str("    esac\n}\n\n");
        out
    }
}

/// The commands that print a program. Many lines are the same but for the number of a call: a shell reads the text of
/// those once, and the numbers after it.
fn printed(program: &[u8]) -> String {
    let lines: Vec<&[u8]> = program.chunks(LINE).collect();
    let mut rest = lines.as_slice();
    let (mut out, mut plain) = (String::new(), Vec::new());
    while let Some((line, after)) = rest.split_first() {
        let at = number_at(line, after.first());
        let alike = after.iter().take_while(|other| at.is_some_and(|at| differ_in_number(line, other, at))).count();
        let (run, others) = rest.split_at(if alike < 2 { 1 } else { alike + 1 });
        rest = others;
        match at {
            Some(at) if run.len() > 1 => {
                out.push_str(&literally(&std::mem::take(&mut plain)));
                out.push_str(&repeatedly(run, at));
            }
            _ => plain.push(*line),
        }
    }
    out + &literally(&plain)
}

/// Where a line has another number than the next, in the last field of an instruction.
fn number_at(line: &[u8], next: Option<&&[u8]>) -> Option<usize> {
    let at = line.iter().zip(next?.iter()).position(|(one, other)| one != other)?;
    // A format would read a percent sign.
    (!line.contains(&b'%')).then_some(at & !3)
}

fn differ_in_number(line: &[u8], other: &[u8], at: usize) -> bool {
    let is_equal = |(index, (one, other)): (usize, (&u8, &u8))| one == other || index == at || index == at + 1;
    line.len() == other.len() && line.iter().zip(other).enumerate().all(is_equal)
}

fn literally(lines: &[&[u8]]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("'{}'", shell::octal(line))).collect();
    format!("        printf {}\n", lines.join("\\\n"))
}

/// One format for all lines, with the two bytes of each number as an argument.
fn repeatedly(lines: &[&[u8]], at: usize) -> String {
    let Some((before, after)) = lines.first().and_then(|line| Some((line.get(..at)?, line.get(at + 2..)?))) else {
        return String::new();
    };
    let number = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\0{byte:o}")).collect::<String>();
    let numbers = lines.iter().filter_map(|line| line.get(at..at + 2)).map(|bytes| format!("'{}'", number(bytes)));
    let start = format!("        printf '{}%b{}'", shell::octal(before), shell::octal(after));
    format!("{}\n", wrapped(&start, numbers))
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
