//! Every code is documented, and its page is true.

use crate::book::{Block, blocks};
use crate::support::Project;
use sbc::code::Code;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Codes that no policy and no command of a page brings about. Their tests are in `cases.rs`.
const OF_HOSTS: [Code; 10] = [
    Code::SBC0004,
    Code::SBC0605,
    Code::SBC0702,
    Code::SBC0703,
    Code::SBC0704,
    Code::SBC0705,
    Code::SBC0710,
    Code::SBC0713,
    Code::SBC0715,
    Code::SBC0721,
];

fn page(code: Code) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("book/src/codes/{}.md", code.name()))
}

/// Every code has a page with its title, a wrong text with its message, and a right policy.
#[test]
fn every_code_has_a_page() {
    let mut names = BTreeSet::new();
    for code in Code::ALL {
        assert!(names.insert(code.name()), "{} is there twice", code.name());
        let heading = format!("# {}: {}\n", code.name(), code.title());
        assert!(code.page().starts_with(&heading), "the page does not start with {heading}");
        assert!(code.meaning().ends_with('.'), "{} has no meaning", code.name());
        let blocks = blocks(&page(*code));
        let is_wrong = |block: &&Block| block.must_fail() == Some(code.name());
        let wrong = blocks.iter().position(|block| is_wrong(&block));
        let message = wrong.and_then(|wrong| blocks.get(wrong + 1)).is_some_and(|block| block.words == ["text"]);
        assert!(message || OF_HOSTS.contains(code), "{} shows no message", code.name());
        let right = blocks.last().is_some_and(|block| block.words == ["kdl"]);
        assert!(right && code.page().contains("\n## Right\n"), "{} shows no right policy", code.name());
    }
}

/// `sbc explain` prints the page of a code, in whatever case it is written.
#[test]
fn explain_prints_the_page() {
    let project = Project::empty();
    for code in Code::ALL {
        assert_eq!(project.sbc(&["explain", code.name()]).code(0).stdout, code.page());
    }
    assert_eq!(project.sbc(&["explain", "sbc0301"]).code(0).stdout, Code::SBC0301.page());
    project.sbc(&["explain", "SBC0399"]).code(1).says(&["there are `SBC0301`"]);
}
