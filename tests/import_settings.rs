//! What `sbc import` makes of the settings of other tools, in their documented forms.

use crate::support::{Output, Project};

/// Imports a text under a name, and gives the policy and what is said about it.
#[track_caller]
fn import(name: &str, text: &str) -> Output {
    let project = Project::empty();
    project.write(name, text);
    let output = project.sbc(&["import", name]).code(0);
    project.write(".agent-sandbox.kdl", &output.stdout);
    let check = project.sbc(&["check", "--no-host"]);
    assert_eq!(check.code, 0, "{}\n{}", output.stdout, check.stderr);
    output
}

#[track_caller]
fn holds(output: &Output, rules: &[&str]) {
    for rule in rules {
        assert!(output.stdout.contains(rule), "the policy lacks {rule:?}:\n{}", output.stdout);
    }
}

/// srt: writable and hidden paths, domains that cannot be said, fields without a rule.
#[test]
fn srt() {
    let output = import(
        "srt-settings.json",
        r#"{
  "network": { "allowedDomains": ["github.com", "*.npmjs.org"], "deniedDomains": [], "allowLocalBinding": true },
  "filesystem": {
    "denyRead": ["./.env", "~/.ssh"],
    "allowWrite": [".", "~/.cache/tool", "src/**"],
    "denyWrite": ["./config", "**/*.pem"]
  },
  "ignoreViolations": { "*": ["/usr/bin"] },
  "mandatoryDenySearchDepth": 3
}"#,
    )
    .says(&[
        "settings of srt",
        "line 2: only github.com, *.npmjs.org: a policy cannot name domains",
        "line 2: network.allowLocalBinding: sbc has no rule",
        "line 6: **/*.pem: a policy names paths",
        "line 8: ignoreViolations: sbc has no rule",
        "mandatoryDenySearchDepth",
    ]);
    holds(
        &output,
        &["inherit \"base-dev\"", "rw \"~/.cache/tool\"", "ro \"./config\"", "deny \"./.env\"", "network \"host\""],
    );
    // The profile hides it already.
    assert!(!output.stdout.contains(".ssh"), "{}", output.stdout);
}

/// A list of domains that is empty, or missing, allows nothing (CVE-2025-66479).
#[test]
fn no_domains_are_no_network() {
    for network in [r#""network": { "allowedDomains": [] },"#, r#""network": {},"#, ""] {
        let output =
            import("srt-settings.json", &format!("{{ {network} \"filesystem\": {{ \"allowWrite\": [\".\"] }} }}"));
        assert!(!output.stdout.contains("network"), "base-dev has none: {}", output.stdout);
        let output = import("fence.json", &format!("{{ {network} \"filesystem\": {{ \"allowWrite\": [\".\"] }} }}"));
        assert!(!output.stdout.contains("network"), "base-dev has none: {}", output.stdout);
    }
}

/// Claude Code: rules about files, directories, variables; what is about tools is listed.
#[test]
fn claude_code() {
    let output = import(
        ".claude/settings.json",
        r#"{
  "permissions": {
    "allow": ["Bash(npm run test:*)", "Read(~/.zshrc)", "Edit(//srv/shared/**)"],
    "ask": ["Bash(git push:*)"],
    "deny": ["Read(./.env)", "Read(/secrets/**)", "Edit(./migrations/**)", "WebFetch"],
    "additionalDirectories": ["../docs/"],
    "defaultMode": "acceptEdits"
  },
  "env": { "FOO": "bar $HOME", "MY_API_KEY": "sk-1234" },
  "sandbox": { "enabled": true, "network": { "allowUnixSockets": ["~/.agent.sock"] }, "excludedCommands": ["docker"] },
  "model": "opus"
}"#,
    )
    .says(&[
        "line 3: allow Bash(npm run test:*): a policy is about files and network",
        "line 4: ask Bash(git push:*)",
        "line 5: deny WebFetch",
        "line 9: MY_API_KEY: the value is not written into a policy",
        "line 10: sandbox.excludedCommands",
        "line 11: model: sbc has no rule",
    ]);
    holds(&output, &["inherit \"claude\"", "deny \"./.env\" \"./secrets\"", "ro \"~/.zshrc\" \"./migrations\""]);
    holds(
        &output,
        &["rw \"/srv/shared\" \"~/.agent.sock\" \"./../docs\"", "set FOO=\"bar $$HOME\"", "secret \"MY_API_KEY\""],
    );
    assert!(!output.stdout.contains("sk-1234") && !output.stderr.contains("sk-1234"), "{}", output.stderr);
}

/// Codex: the mode, writable roots, network, variables, and profiles of permissions.
#[test]
fn codex() {
    let output = import(
        "config.toml",
        r#"model = "gpt-5"
sandbox_mode = "workspace-write"

[sandbox_workspace_write]
writable_roots = ["~/.cargo/registry"]
network_access = true
exclude_slash_tmp = false

[shell_environment_policy]
include_only = ["PATH", "HOME", "GITHUB_TOKEN"]
set = { CI = "1" }
"#,
    )
    .says(&["settings of Codex", "line 1: model: sbc has no rule"]);
    holds(
        &output,
        &[
            "rw \"~/.cargo/registry\"",
            "network \"host\"",
            "set CI=\"1\"",
            "secret \"GITHUB_TOKEN\"",
            "command \"codex\"",
        ],
    );
    let read_only = import("config.toml", "sandbox_mode = \"read-only\"\n");
    holds(&read_only, &["ro \".\""]);
    assert!(!read_only.stdout.contains("network"), "{}", read_only.stdout);
    let profiles = import(
        "config.toml",
        "default_permissions = \"dev\"\n[permissions.dev.filesystem]\n\"~/data\" = \"read\"\n\":root\" = \"read\"\n\
         [permissions.dev.filesystem.\":workspace_roots\"]\n\".\" = \"write\"\n\"secrets\" = \"none\"\n\
         [permissions.dev.network]\nenabled = true\n",
    )
    .says(&["line 4: :root"]);
    holds(&profiles, &["ro \"~/data\"", "deny \"./secrets\"", "network \"host\""]);
}

/// ai-jail: maps with another place, masks, lockdown.
#[test]
fn ai_jail() {
    let output = import(
        ".ai-jail",
        "command = [\"claude\", \"--continue\"]\nrw_maps = [\"~/.config/tool\"]\nro_maps = [\"~/reference:/reference\"]\n\
         mask = [\".env\", \"*.key\"]\nno_docker = true\nno_gpu = false\nallow_hosts = [\"api.anthropic.com\"]\n",
    )
    .says(&["settings of ai-jail", "line 4: *.key", "line 6: no_gpu", "line 7: only api.anthropic.com"]);
    holds(
        &output,
        &["inherit \"claude\"", "rw \"~/.config/tool\"", "ro \"~/reference\" at=\"/reference\"", "deny \"./.env\""],
    );
    holds(&output, &["command \"claude\" \"--continue\""]);
    let locked = import(".ai-jail", "lockdown = true\nrw_maps = [\"~/x\"]\n").says(&["line 2: rw_maps"]);
    holds(&locked, &["ro \".\""]);
}

/// nono: groups of paths, an agent's profile, the network.
#[test]
fn nono() {
    let output = import(
        "my-agent.json",
        r#"{
  "meta": { "name": "my-agent", "version": "1.0.0" },
  "extends": "claude-code",
  "security": { "groups": ["node_runtime"] },
  "filesystem": { "allow": ["$HOME/.my-agent"], "read": ["$XDG_CONFIG_HOME/my-agent"], "write": ["/var/log/my-agent"] },
  "network": { "block": false, "network_profile": "claude-code" },
  "workdir": { "access": "readwrite" }
}"#,
    )
    .says(&["a profile of nono", "line 4: security: sbc has no rule", "line 6: network.network_profile"]);
    holds(&output, &["inherit \"claude\"", "rw \"/var/log/my-agent\" \"~/.my-agent\""]);
    holds(&output, &["ro \"${XDG_CONFIG_HOME}/my-agent\""]);
    let blocked = import("p.json", r#"{ "meta": {}, "network": { "block": true }, "workdir": { "access": "read" } }"#);
    holds(&blocked, &["ro \".\""]);
    assert!(!blocked.stdout.contains("network"), "{}", blocked.stdout);
}

/// fence: comments in JSON, a template, commands.
#[test]
fn fence() {
    let output = import(
        "fence.json",
        "{\n  // what the team wants\n  \"extends\": \"code\",\n  \"network\": { \"allowedDomains\": [\"*\"] },\n  \
         \"filesystem\": { \"allowWrite\": [\".\", \"/opt/out\"], \"defaultDenyRead\": true },\n  \
         \"command\": { \"deny\": [\"git push\"] },\n}\n",
    )
    .says(&["settings of fence", "line 3: extends code", "filesystem.defaultDenyRead", "line 6: command"]);
    holds(&output, &["rw \"/opt/out\"", "network \"host\""]);
    // All domains are the whole network.
    assert!(!output.stderr.contains("only *"), "{}", output.stderr);
}

/// What a profile asserts against is left out, loudly, and the rest stays.
#[test]
fn what_a_profile_forbids() {
    let output = import(
        "srt-settings.json",
        r#"{ "filesystem": { "allowRead": ["~/.ssh", "~/notes"], "allowWrite": ["~/.aws"] } }"#,
    )
    .says(&["NOT IMPORTED: line 1: ro \"~/.ssh\" missing=\"skip\": SBC0501", "NOT IMPORTED: line 1: rw \"~/.aws\""]);
    holds(&output, &["ro \"~/notes\"", "// NOT IMPORTED: SBC0501", "//     ro \"~/.ssh\" missing=\"skip\""]);
}

/// Settings that are wrong are answered with their place; `--exact` is for mounts.
#[test]
fn wrong_settings() {
    let project = Project::empty();
    project.write("fence.json", "{\n  \"network\": {\n");
    project.sbc(&["import", "fence.json"]).code(1).says(&["SBC0008", "not valid JSON"]);
    project.write("config.toml", "sandbox_mode = \n");
    project.sbc(&["import", "--from", "codex", "config.toml"]).code(1).says(&["not valid TOML", "config.toml:1"]);
    project.write("srt-settings.json", "[]");
    project.sbc(&["import", "srt-settings.json"]).code(1).says(&["holds no settings"]);
    project.write("srt-settings.json", "{}");
    project.sbc(&["import", "--exact", "srt-settings.json"]).code(2).says(&["--exact"]);
    project.sbc(&["import", "missing.json"]).code(1).says(&["SBC0006"]);
    project.sbc(&["import"]).code(2);
}
