//! Refuses text that would hurt the KDL parser, and runs the compiler where it cannot hurt.
//!
//! kdl's parser recurses once per opener and per stray token, and needs quadratic time for a few
//! token patterns. Sizes were measured with kdl 6.7.1 over 24,544 brute-force inputs.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Location, SourceId, Span};
use crate::sys;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// The largest source, in bytes: about 1,900 lines of policy.
pub const MAX_BYTES: usize = 64 * 1024;

/// The most openers, `{`, `/*` and `/-` together. They are never counted down: `n "}" {` would
/// lower a depth inside a string.
pub const MAX_OPENERS: usize = 1_000;

/// Longer than any honest policy needs on a slow machine.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// A debug build needs about five times the stack of a release build.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 256 << 20 } else { 64 << 20 };

/// Whether `text` may be parsed; says why not.
pub fn admit(text: &str, source: SourceId, out: &mut Diagnostics) -> bool {
    if text.len() > MAX_BYTES {
        let title = format!("this file has more than the {MAX_BYTES} bytes that sbc reads");
        let span = Span { start: MAX_BYTES, end: MAX_BYTES };
        out.push(
            Diagnostic::error(Code::SBC0001, title)
                .at(Location { source, span }, "too far")
                .help("move rules into profiles: `.agent-sandbox/profiles/NAME.kdl`"),
        );
        return false;
    }
    let Some(opener) = openers(text).nth(MAX_OPENERS) else { return true };
    let span = Span { start: opener, end: opener + 1 };
    out.push(
        Diagnostic::error(Code::SBC0002, format!("this file opens more than {MAX_OPENERS} blocks and comments"))
            .at(Location { source, span }, "one too many")
            .help("move rules into profiles: `.agent-sandbox/profiles/NAME.kdl`"),
    );
    false
}

/// Whether a text that sbc has repaired may be parsed.
pub fn is_harmless(text: &str) -> bool {
    text.len() <= 2 * MAX_BYTES && openers(text).nth(MAX_OPENERS).is_none()
}

/// The byte offsets of everything that may open a block or a comment.
fn openers(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let pair = move |at: usize| matches!(bytes.get(at..at + 2), Some(b"/*" | b"/-"));
    (0..bytes.len()).filter(move |at| bytes.get(*at) == Some(&b'{') || pair(*at))
}

/// Why [`run`] and [`compute`] have no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The deadline passed; the work goes on in a thread that nothing can stop.
    TooLong,
    /// The work panicked or its thread could not start.
    Crashed,
}

/// Runs `work` with a big stack and a deadline, by the clock: it may wait for others.
pub fn run<T: Send + 'static>(deadline: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stopped> {
    start(work)?.recv_timeout(deadline).map_err(|error| match error {
        RecvTimeoutError::Timeout => Stopped::TooLong,
        RecvTimeoutError::Disconnected => Stopped::Crashed,
    })
}

/// Runs `work` that waits for nobody with a big stack, and [`DEADLINE`] in time of the processors: a policy is not
/// wrong because the machine is busy with something else.
pub fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stopped> {
    let began = processor_time();
    let result = start(work)?;
    loop {
        let left = DEADLINE.saturating_sub(processor_time().saturating_sub(began));
        match result.recv_timeout(left.max(Duration::from_millis(10))) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Disconnected) => return Err(Stopped::Crashed),
            Err(RecvTimeoutError::Timeout) if left.is_zero() => return Err(Stopped::TooLong),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<Receiver<T>, Stopped> {
    let (done, result) = channel();
    let worker = move || {
        // The receiver is gone only after the deadline, when nobody wants the result.
        let _ = done.send(work());
    };
    let named = std::thread::Builder::new().name("compile".into()).stack_size(STACK_BYTES);
    named.spawn(worker).map(|_| result).map_err(|_| Stopped::Crashed)
}

/// How long processors have worked for this process.
fn processor_time() -> Duration {
    let (seconds, nanoseconds) = sys::clock(libc::CLOCK_PROCESS_CPUTIME_ID);
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default()) + Duration::from_nanos(nanoseconds)
}

/// Runs `work` on all items side by side, each with a big stack, and gives the results in order.
/// Parsing is what compiling takes longest for, and files do not depend on each other.
pub fn each<I: Send, T: Send>(mut items: Vec<I>, work: impl Fn(I) -> T + Sync) -> Vec<T> {
    let last = items.pop();
    std::thread::scope(|scope| {
        let work = &work;
        let start =
            |item: I| std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, move || work(item));
        let started: Vec<_> = items.into_iter().map(start).collect();
        // This thread has a big stack, too.
        let last = last.map(work);
        let finished = started.into_iter().map(|thread| {
            // A thread that could not start or that panicked ends the compilation.
            let thread = thread.unwrap_or_else(|error| std::panic::resume_unwind(Box::new(error)));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        finished.collect::<Vec<T>>().into_iter().chain(last).collect()
    })
}
