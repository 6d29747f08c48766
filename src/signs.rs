//! What tells which agents and toolchains are used: the one table that `sbc init` goes by.
//!
//! Data. Each row names the profile that it stands for. A row whose profile does not exist is still
//! recognized, so that a person is told what was seen.

/// An agent: a program that the sandbox is for. Two in one sandbox would see each other's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent {
    pub profile: &'static str,
    /// As its makers call it.
    pub title: &'static str,
    /// What it is started by.
    pub program: &'static str,
    /// What npm installs it as.
    pub package: Option<&'static str>,
    /// What a project has for it, at its root.
    pub files: &'static [&'static str],
    /// A file of the home that its first start makes, where the agent does not work without.
    pub first_run: Option<&'static str>,
}

/// What programs of one language are built and run by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Toolchain {
    pub profile: &'static str,
    pub title: &'static str,
    /// What a project has for it, at its root. The first that is there is named.
    pub files: &'static [File],
    /// What version managers call it.
    pub names: &'static [&'static str],
    /// What is needed in any case.
    pub programs: &'static [&'static str],
    /// What the programs need and no table of theirs names.
    pub needs: &'static [&'static str],
}

/// A file of a project. `*` at the start stands for any text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    pub name: &'static str,
    /// The program that it implies besides.
    pub program: Option<&'static str>,
}

const fn file(name: &'static str) -> File {
    File { name, program: None }
}

const fn of(name: &'static str, program: &'static str) -> File {
    File { name, program: Some(program) }
}

/// Files in which version managers are told what a project uses.
pub const VERSION_FILES: [&str; 3] = [".tool-versions", "mise.toml", ".mise.toml"];

/// All agents; of several that are installed, the first is taken.
#[rustfmt::skip]
pub const AGENTS: &[Agent] = &[
    Agent {
        profile: "claude", title: "Claude Code", program: "claude", package: Some("@anthropic-ai/claude-code"),
        files: &["CLAUDE.md", ".claude"], first_run: Some(".claude.json"),
    },
    Agent {
        profile: "codex", title: "Codex CLI", program: "codex", package: Some("@openai/codex"),
        files: &[".codex"], first_run: None,
    },
    Agent {
        profile: "gemini", title: "Gemini CLI", program: "gemini", package: Some("@google/gemini-cli"),
        files: &["GEMINI.md", ".gemini"], first_run: None,
    },
    Agent {
        profile: "opencode", title: "opencode", program: "opencode", package: Some("opencode-ai"),
        files: &["opencode.json", "opencode.jsonc", ".opencode"], first_run: None,
    },
    Agent {
        profile: "copilot", title: "GitHub Copilot CLI", program: "copilot", package: Some("@github/copilot"),
        files: &[], first_run: None,
    },
    Agent {
        profile: "cursor", title: "Cursor CLI", program: "cursor-agent", package: None,
        files: &[".cursor", ".cursorrules"], first_run: None,
    },
    Agent {
        profile: "aider", title: "Aider", program: "aider", package: None,
        files: &[".aider.conf.yml"], first_run: None,
    },
    Agent {
        profile: "amp", title: "Amp", program: "amp", package: Some("@sourcegraph/amp"),
        files: &[], first_run: None,
    },
    Agent {
        profile: "goose", title: "goose", program: "goose", package: None,
        files: &[".goosehints"], first_run: None,
    },
    Agent {
        profile: "crush", title: "Crush", program: "crush", package: Some("@charmland/crush"),
        files: &["CRUSH.md", ".crush"], first_run: None,
    },
    Agent {
        profile: "qwen", title: "Qwen Code", program: "qwen", package: Some("@qwen-code/qwen-code"),
        files: &["QWEN.md", ".qwen"], first_run: None,
    },
    Agent {
        profile: "cline", title: "Cline", program: "cline", package: Some("cline"),
        files: &[".clinerules", ".cline"], first_run: None,
    },
    Agent {
        profile: "droid", title: "Droid", program: "droid", package: Some("droid"),
        files: &[".factory"], first_run: None,
    },
    Agent {
        profile: "kilo", title: "Kilo Code CLI", program: "kilo", package: Some("@kilocode/cli"),
        files: &[".kilocode", ".kilo"], first_run: None,
    },
    Agent {
        profile: "auggie", title: "Auggie", program: "auggie", package: Some("@augmentcode/auggie"),
        files: &[".augment"], first_run: None,
    },
    Agent {
        profile: "pi", title: "pi", program: "pi", package: Some("@mariozechner/pi-coding-agent"),
        files: &[".pi"], first_run: None,
    },
    Agent {
        profile: "kiro", title: "Kiro CLI", program: "kiro-cli", package: None,
        files: &[".kiro"], first_run: None,
    },
    Agent {
        profile: "kimi", title: "Kimi Code CLI", program: "kimi", package: Some("@moonshot-ai/kimi-code"),
        files: &[], first_run: None,
    },
    Agent {
        profile: "grok", title: "Grok", program: "grok", package: Some("@xai-official/grok"),
        files: &[".grok"], first_run: None,
    },
];

/// All toolchains.
#[rustfmt::skip]
pub const TOOLCHAINS: &[Toolchain] = &[
    Toolchain {
        profile: "node", title: "Node.js", names: &["node", "nodejs"], programs: &["node"], needs: &[],
        files: &[
            of("package-lock.json", "npm"), of("npm-shrinkwrap.json", "npm"), of("pnpm-lock.yaml", "pnpm"),
            of("yarn.lock", "yarn"), file("package.json"), file(".nvmrc"), file(".node-version"),
        ],
    },
    Toolchain {
        profile: "bun", title: "Bun", names: &["bun"], programs: &["bun"], needs: &[],
        files: &[file("bun.lock"), file("bun.lockb"), file("bunfig.toml")],
    },
    Toolchain {
        profile: "deno", title: "Deno", names: &["deno"], programs: &["deno"], needs: &[],
        files: &[file("deno.json"), file("deno.jsonc"), file("deno.lock")],
    },
    Toolchain {
        profile: "rust", title: "Rust", names: &["rust"], programs: &["cargo", "rustc"], needs: &["~/.rustup"],
        files: &[file("Cargo.toml"), file("rust-toolchain.toml"), file("rust-toolchain")],
    },
    Toolchain {
        profile: "go", title: "Go", names: &["go", "golang"], programs: &["go"], needs: &[],
        files: &[file("go.mod"), file("go.work")],
    },
    Toolchain {
        profile: "python", title: "Python", names: &["python"], programs: &["python3"], needs: &[],
        files: &[
            of("uv.lock", "uv"), of("poetry.lock", "poetry"), of("pdm.lock", "pdm"), of("Pipfile", "pipenv"),
            file("pyproject.toml"), file("requirements.txt"), file("setup.py"), file(".python-version"),
        ],
    },
    Toolchain {
        profile: "ruby", title: "Ruby", names: &["ruby"], programs: &["ruby"], needs: &[],
        files: &[of("Gemfile", "bundle"), of("Gemfile.lock", "bundle"), file("*.gemspec"), file(".ruby-version")],
    },
    Toolchain {
        profile: "java", title: "Java", names: &["java"], programs: &["java"], needs: &[],
        files: &[of("pom.xml", "mvn"), file("gradlew"), of("build.gradle", "gradle"), of("build.gradle.kts", "gradle")],
    },
    Toolchain {
        profile: "php", title: "PHP", names: &["php"], programs: &["php"], needs: &[],
        files: &[of("composer.json", "composer"), of("composer.lock", "composer")],
    },
    Toolchain {
        profile: "dotnet", title: ".NET", names: &["dotnet", "dotnet-core"], programs: &["dotnet"], needs: &[],
        files: &[file("*.sln"), file("*.csproj"), file("*.fsproj"), file("global.json")],
    },
    Toolchain {
        profile: "elixir", title: "Elixir", names: &["elixir"], programs: &["elixir"], needs: &[],
        files: &[of("mix.exs", "mix")],
    },
    Toolchain {
        profile: "c-cpp", title: "C and C++", names: &["cmake"], programs: &["cc"], needs: &[],
        files: &[
            of("CMakeLists.txt", "cmake"), of("meson.build", "meson"), file("configure.ac"), of("conanfile.txt", "conan"),
            of("conanfile.py", "conan"),
        ],
    },
    Toolchain {
        profile: "zig", title: "Zig", names: &["zig"], programs: &["zig"], needs: &[],
        files: &[file("build.zig"), file("build.zig.zon")],
    },
    Toolchain {
        profile: "haskell", title: "Haskell", names: &["ghc", "haskell"], programs: &["ghc"], needs: &[],
        files: &[of("*.cabal", "cabal"), of("cabal.project", "cabal"), of("stack.yaml", "stack")],
    },
    Toolchain {
        profile: "conda", title: "conda", names: &["miniconda", "miniforge"], programs: &["conda"], needs: &[],
        files: &[file("environment.yml"), file("environment.yaml")],
    },
];

/// Whether a name is one that a pattern stands for: `*` is any text.
pub fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    match rest.contains('*') {
        false => name.ends_with(rest),
        true => (0..=name.len()).filter_map(|at| name.get(at..)).any(|tail| fits(rest, tail)),
    }
}

impl Agent {
    /// The command that installs it for one user, where npm has it.
    pub fn installation(&self) -> Option<String> {
        self.package.map(|package| format!("npm install --global --prefix ~/.local {package}"))
    }
}

/// The agent whose profile has this name.
pub fn agent(profile: &str) -> Option<&'static Agent> {
    AGENTS.iter().find(|agent| agent.profile == profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A star is any text, also none, and there may be several.
    #[test]
    fn patterns() {
        for (pattern, name) in [("a", "a"), ("*.pem", ".pem"), ("id_rsa*", "id_rsa"), ("*a*.json", "ba.c.json")] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("*.pem", "pem"), ("a*a", "a"), ("*a*.json", "a.jsonc")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
