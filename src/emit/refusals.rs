//! The functions that scripts carry to refuse a host on which the plan does not hold, and to set limits.
//!
//! Data, as in `functions.rs`.

use super::functions::Function;

pub const REFUSALS: &[Function] = &[
    Function {
        name: "hides",
        text: r#"# hides PATH: refuses a host on which PATH is, or contains, what is placed before it.
hides() {
    fail "on this host '$1' is placed after what lies in it, and would hide that"
}
"#,
    },
    Function {
        name: "nested",
        text: r#"# nested PATH TREE...: refuses a host on which PATH lies deeper in a writable tree than directly in it.
nested() {
    path=$1
    shift
    for tree; do
        case ${path%/*} in
        "$tree"/*) fail "on this host '$path' lies inside '$tree', which is writable, and cannot be protected there" ;;
        esac
    done
}
"#,
    },
    Function {
        name: "protected",
        text: r#"# protected PATH TREE...: refuses a host on which PATH lies in a writable tree.
protected() {
    path=$1
    shift
    for tree; do
        case $path/ in
        "${tree%/}"/*) fail "on this host '$path' lies inside '$tree', which is writable" ;;
        esac
    done
}
"#,
    },
    Function {
        name: "limit",
        text: r#"# limit OPTION NUMBER: sets a limit, never above what the caller may use.
limit() {
    # shellcheck disable=SC3045 # dash, bash and busybox know it
    if ! ulimit -S "$1" "$2" 2>/dev/null; then
        most=$(ulimit -H "$1") || fail "there is no limit $1 here"
        [ "$most" -lt "$2" ] 2>/dev/null || fail "the limit $1 cannot be set"
        set -- "$1" "$most"
    fi
    # shellcheck disable=SC3045
    ulimit "$1" "$2" || fail "the limit $1 cannot be set"
}
"#,
    },
    Function {
        name: "needs",
        text: r#"# needs PATH: refuses a mount point that is not there and cannot be made.
needs() {
    unlinked "$1"
    [ -e "$1" ] || fail "'$1' must exist to be mounted on, and it does not"
}
"#,
    },
];
