//! Any text is read without a crash, and each of its problems has a place in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sbc::compile::read;
use sbc::diagnostic::Diagnostics;
use sbc::guard;
use sbc::source::{SourceId, SourceKind};

fuzz_target!(|text: &str| {
    let own = text.to_owned();
    // The parser needs the big stack that the guard gives it; a text may take as long as it likes here.
    let problems = guard::run(std::time::Duration::from_secs(600), move || {
        let mut out = Diagnostics::default();
        read(SourceId(0), &own, SourceKind::Policy, &mut out);
        out
    })
    .expect("no panic");
    for problem in problems.sorted() {
        let label = problem.labels.first().expect("a place");
        assert!(label.location.span.start <= label.location.span.end, "{problem:?}");
        assert!(label.location.span.end <= text.len(), "{problem:?}");
        let edits = problem.fix.iter().flat_map(|fix| &fix.edits);
        edits.for_each(|edit| assert!(text.get(edit.location.span.start..edit.location.span.end).is_some(), "{problem:?}"));
    }
});
