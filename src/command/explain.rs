//! `sbc explain`: prints the page of a code.

use super::{print, report_one};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, list};

/// Prints to standard output; 1 when something is no code.
pub fn run(codes: &[String]) -> i32 {
    let mut worst = 0;
    for name in codes {
        let code = match Code::from_name(name) {
            Some(code) => print(code.page()),
            None => {
                // The first two digits are the stage.
                let stage = name.to_uppercase().chars().take(5).collect::<String>();
                let near: Vec<&str> =
                    Code::ALL.iter().map(|code| code.name()).filter(|code| code.starts_with(&stage)).collect();
                let help = match near.as_slice() {
                    [] => "write a code as it heads a message, such as `sbc explain SBC0301`".to_owned(),
                    _ if stage.len() < 5 => "a code has four digits, such as `sbc explain SBC0301`".to_owned(),
                    near => format!("there are {}", list(near.iter().copied(), "and")),
                };
                report_one(Diagnostic::error(Code::SBC0112, format!("there is no code `{name}`")).help(help));
                1
            }
        };
        worst = worst.max(code);
    }
    worst
}
