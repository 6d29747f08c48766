//! A policy with pieces of other policies in it goes through all pure stages, to scripts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sbc::compile::{Wanted, compile};
use sbc::source::{Source, SourceKind};
use sbc::{builtin, emit, guard};

/// Lines that random ones are chosen from.
const LINES: &str = include_str!("../lines.kdl");

fuzz_target!(|choices: &[u8]| {
    let lines: Vec<&str> = LINES.lines().collect();
    let mut text = String::new();
    for pair in choices.chunks(2) {
        let (line, change) = (pair[0], pair.get(1).copied().unwrap_or(0));
        let line = lines[usize::from(line) % lines.len()];
        match change {
            // Most lines stay as they are; of some a part is lost, or stands twice.
            0..200 => text.push_str(line),
            200..228 => text.extend(line.chars().take(usize::from(change - 200))),
            _ => text.extend(line.chars().chain(line.chars().skip(usize::from(change - 228)))),
        }
        text.push('\n');
    }
    let shown = text.clone();
    let result = guard::run(std::time::Duration::from_secs(600), move || {
        let mut sources = builtin::sources();
        sources.add(Source { kind: SourceKind::Policy, name: ".agent-sandbox.kdl".into(), text: text.into() });
        let compilation = compile(&sources, &Wanted::All);
        if !compilation.diagnostics.has_errors() {
            for sandbox in &compilation.sandboxes {
                let _ = emit::script::emit(&sandbox.plan);
            }
        }
    });
    assert!(result.is_ok(), "{shown}");
});
