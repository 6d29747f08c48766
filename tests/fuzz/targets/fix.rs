//! Certain fixes never crash, never make things worse, and come to an end.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sbc::compile::{Wanted, compile};
use sbc::source::{Source, SourceKind};
use sbc::{builtin, fix, guard};

fuzz_target!(|text: &str| {
    let text = text.to_owned();
    let result = guard::run(std::time::Duration::from_secs(600), move || {
        let mut sources = builtin::sources();
        sources.add(Source { kind: SourceKind::Policy, name: ".agent-sandbox.kdl".into(), text: text.into() });
        let count = |sources| compile(sources, &Wanted::All).diagnostics.sorted().len();
        let once = fix::fix(&sources);
        assert!(count(&once.sources) <= count(&sources));
        assert!(once.changes.is_empty() || count(&once.sources) < count(&sources));
    });
    assert!(result.is_ok());
});
