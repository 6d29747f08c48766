//! Questions at a terminal, with one line for an answer.

use std::io::{self, IsTerminal, Write as _};

/// Whether there is somebody at a terminal.
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and reads one line; an empty one is the default. What was typed before the question is no
/// answer to it.
pub fn agrees(question: &str, default: bool) -> bool {
    use rustix::termios::{QueueSelector, tcflush};
    let stdin = rustix::stdio::stdin();
    if tcflush(stdin, QueueSelector::IFlush).is_err() {
        return false;
    }
    eprint!("{question} {} ", if default { "[Y/n]" } else { "[y/N]" });
    let _ = io::stderr().flush();
    let mut line = Vec::new();
    let mut byte = [0];
    // A byte at a time: what comes after the line is for the command.
    while line.len() < 64 && matches!(rustix::io::read(stdin, &mut byte), Ok(1)) && byte != *b"\n" {
        line.extend_from_slice(&byte);
    }
    if byte != *b"\n" {
        eprintln!();
    }
    let word = String::from_utf8_lossy(&line).trim().to_lowercase();
    byte == *b"\n" && (matches!(word.as_str(), "y" | "yes") || default && word.is_empty())
}
