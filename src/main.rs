//! Starts the program and turns the result into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let code = if arguments.next_if(|first| first == sbc::enter::MARK).is_some() {
        sbc::enter::enter(arguments)
    } else if arguments.next_if(|first| first == sbc::janitor::MARK).is_some() {
        sbc::command::janitor(arguments)
    } else {
        sbc::command::run()
    };
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
