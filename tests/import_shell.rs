//! What `sbc import` understands of the shell, and what it says that it does not.

use crate::import::{home, import};
use crate::support::Output;

/// Imports the options of one call of bwrap.
fn exact(script: &str) -> Output {
    import(&home(), script, &["--exact"])
}

fn holds(output: &Output, texts: &[&str]) {
    for text in texts {
        assert!(output.stdout.contains(text), "lacks {text}:\n{}\n{}", output.stdout, output.stderr);
    }
}

/// Backslashes mean what they mean to a shell, with and without quotes.
#[test]
fn backslashes() {
    let script = r#"v=a\ b
bwrap --tmpfs /t --setenv A "x \"$HOME\" y" --setenv B a\"b --setenv C a\ b --setenv D a\\b --setenv E "a\\\"b\\\$c" \
    --setenv F 'a\"b' --setenv G "a\nb" --setenv H "$v" --setenv I \"q\" --setenv J "a\
b" --setenv K a\{b,c} --tmpfs \~/x sh
"#;
    let output = exact(script);
    holds(
        &output,
        &[
            r#"set A="x \"${HOME}\" y""#,
            r#"set B="a\"b""#,
            r#"set C="a b""#,
            r#"set D="a\\b""#,
            r#"set E="a\\\"b\\$$c""#,
            r#"set F="a\\\"b""#,
            r#"set G="a\\nb""#,
            r#"set H="a b""#,
            r#"set I="\"q\"""#,
            r#"set J="ab""#,
            r#"set K="a{b,c}""#,
            r#"tmpfs "/~/x""#,
        ],
    );
}

/// What an outer script puts into an inner one is no syntax there, and what the inner one escapes is its own.
#[test]
fn scripts_in_scripts() {
    let script = "nix-shell --run \"bwrap --ro-bind /usr /usr --bind '$PWD' '$PWD' --tmpfs \\\"\\$HOME/.ssh\\\" sh\"\n";
    holds(&exact(script), &["rw \".\"", "tmpfs \"~/.ssh\""]);
}

/// A list that a function fills by a reference is filled.
#[test]
fn references() {
    let script = "add() { local -n out=$1; out+=(--ro-bind \"$2\" \"$2\"); }\nargs=()\nadd args /usr\nadd args /etc\n\
                  bwrap \"${args[@]}\" --tmpfs /tmp sh\n";
    holds(&exact(script), &["ro \"/usr\" \"/etc\""]);
}

/// What a program writes into a variable is not what stood there before.
#[test]
fn values_are_never_stale() {
    let script = "x=/opt/old; printf -v x %s /opt/new\ni=0; ((i++)); j=0; let j=j+1\nn=/n; while getopts n: n; do :; done\n\
                  bwrap --ro-bind /usr /usr --ro-bind-try \"$x\" \"$x\" --dir \"/i$i\" --dir \"/j$j\" --dir \"$n\" sh\n";
    let output = exact(script);
    for wrong in ["/opt/old", "/i0", "/j0", "\"/n\""] {
        assert!(!output.stdout.contains(wrong), "{wrong}:\n{}", output.stdout);
    }
    output.says(&["--ro-bind-try ", "--dir /i", "--dir /j"]);
}

/// `$(cat <<EOF …)` is its text, also as options.
#[test]
fn documents_as_values() {
    let script = "OPTIONS=$(cat <<EOF\n--ro-bind /usr /usr\n--bind $PWD $PWD\nEOF\n)\nbwrap $OPTIONS --tmpfs /tmp sh\n";
    holds(&exact(script).code(0), &["ro \"/usr\"", "rw \".\""]);
}

/// What the original hides at a place that is not known is said loudly, and is no exact import.
#[test]
fn lost_masks_are_loud() {
    for mask in ["--tmpfs \"/data/$1\"", "--ro-bind /dev/null \"$(find_it)\"", "--remount-ro \"$WHERE\""] {
        let script = format!("bwrap --ro-bind /usr /usr --ro-bind-try /data /data {mask} sh\n");
        import(&home(), &script, &["--exact"]).code(1).says(&["NOT HIDDEN: line 1: --"]);
        import(&home(), &script, &[]).code(0).says(&["NOT HIDDEN: line 1: --"]);
    }
}

/// A megabyte is refused, whatever is in it.
#[test]
fn too_much_is_refused() {
    let script = format!("bwrap --ro-bind /usr /usr sh\n{}", "# more\n".repeat(150_000));
    exact(&script).code(1).says(&["SBC0001"]);
}

/// Nothing of a script runs, however it asks for it.
#[test]
fn nothing_runs() {
    let project = home();
    let script = "a[$(touch ran)]=1\n: \"${FOO:=$(touch ran)}\"\ncat <<X\n$(touch ran) `touch ran`\nX\ntrap 'touch ran' EXIT\n\
                  echo $(( $(touch ran; echo 1) + 1 ))\n[[ -n $(touch ran) ]] && :\ncoproc touch ran\nPROMPT_COMMAND='touch ran'\n\
                  export BASH_ENV=./evil ENV=./evil\nOPTIONS=$(cat <<EOF\n$(touch ran)\nEOF\n)\nf() { touch ran; }; f\n. ./evil\n\
                  bwrap --args 3 $OPTIONS --ro-bind /usr /usr $(touch ran) sh -c 'touch ran' 3< <(touch ran)\n";
    project.write("evil", "touch ran\n");
    let output = import(&project, script, &[]).code(0);
    assert!(!project.root.join("ran").exists(), "{}", output.stderr);
}
