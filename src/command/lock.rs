//! The project's lock, as it lies there. Never an input of `exec`: a repository could forge it.

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::emit::lock;
use crate::project::DIRECTORY;
use crate::small::small;
use crate::vendor::{LOCK, Set};
use std::path::Path;

/// A larger one is none.
const LARGEST: u64 = 8 << 20;

/// Its text; nothing where there is none.
pub fn text(root: &Path) -> Result<Option<String>, Diagnostic> {
    let path = root.join(DIRECTORY).join(LOCK);
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let text = small(&path, LARGEST).and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Some).ok_or_else(|| {
        let title = format!("`{DIRECTORY}/{LOCK}` cannot be read: it is no regular text file");
        Diagnostic::error(Code::SBC0006, title)
            .help(format!("remove it, and get it back: `git checkout {DIRECTORY}/{LOCK}`"))
    })
}

/// What it says of vendored profiles.
pub fn vendored(root: &Path) -> Result<Vec<Set>, Diagnostic> {
    Ok(text(root)?.map(|text| lock::read(&text).vendored).unwrap_or_default())
}
