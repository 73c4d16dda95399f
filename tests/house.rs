//! The house is as drawn: who may import whom (`src/lib.rs`, docs/architecture.md), where plaintext may be, and how long a
//! file may get. Reads the sources as text: a path counts wherever it stands, in a `use` or in the middle of a line.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Modules of `src` and the ones that they may name, apart from themselves. `x` is the file `x.rs` and what is below it,
/// unless `x/*` says otherwise about that: a port's adapters may name more. `config::limits` is the operator's numbers, and
/// no more of the configuration than that.
const MAY_NAME: &[(&str, &[&str])] = &[
    // What everything stands on.
    ("causes", &[]),
    ("telemetry", &[]),
    ("clock", &[]),
    ("entropy", &[]),
    ("aead", &["entropy"]),
    ("device_keys", &[]),
    // Ports: the domain's words, and each other's types.
    ("bus", &[]),
    ("mail", &[]),
    ("jwks", &[]),
    ("kms", &[]),
    ("store", &["kms"]),
    ("vault", &["kms", "store"]),
    // Adapters: their own port.
    ("bus/*", &["clock", "entropy"]),
    ("mail/*", &["clock", "entropy"]),
    ("kms/*", &["aead", "clock", "entropy"]),
    ("store/*", &["kms", "clock", "entropy"]),
    ("vault/*", &["kms", "store", "aead", "clock", "entropy"]),
    // Who decides nothing and carries out what the domain decides.
    (
        "identity",
        &["store", "vault", "kms", "mail", "bus", "jwks", "config::limits", "device_keys", "clock", "entropy"],
    ),
    ("actors", &["store", "vault", "kms", "bus", "config::limits", "device_keys", "clock", "entropy"]),
    // The two doors; neither knows the other.
    ("http", &["actors", "identity", "store", "vault", "kms", "bus", "mail", "device_keys", "clock", "entropy"]),
    ("socket", &["actors", "identity", "store", "vault", "kms", "bus", "device_keys", "clock", "entropy"]),
    ("config", &[]),
];

/// Anybody may name them: how an error is told, and what is counted.
const FOR_ALL: [&str; 2] = ["causes", "telemetry"];

/// Names everything: puts the house together.
const COMPOSITION: [&str; 2] = ["startup", "main"];

const PORTS: [&str; 6] = ["bus", "jwks", "mail", "kms", "store", "vault"];

/// The calls that read and write what only the vault may see.
const FOR_THE_VAULT: [&str; 9] = [
    "data_key",
    "insert_data_key",
    "data_keys_not_under",
    "replace_data_key",
    "device_keys",
    "change_credential",
    "shareable_since",
    "credentials_by_id",
    "record_given",
];

/// Lines of a file without its tests. At 200 it is time to ask what it is about, at 400 it is about two things.
const LINES_MAX: usize = 400;

#[test]
fn nobody_imports_whom_they_must_not() {
    let mut faults = String::new();
    for source in sources("src") {
        if COMPOSITION.contains(&source.module()) || source.is_crate_root() {
            continue;
        }
        let Some(may_name) = source.may_name() else {
            writeln!(faults, "{}: who may `{}` name? Say it in MAY_NAME.", source.path, source.module()).unwrap();
            continue;
        };
        for path in source.paths() {
            let named = path.join("::");
            let is_allowed = |allowed: &&str| named == **allowed || named.starts_with(&format!("{allowed}::"));
            if path[0] != source.module() && !FOR_ALL.contains(&path[0].as_str()) && !may_name.iter().any(is_allowed) {
                writeln!(faults, "{} names `{named}`", source.path).unwrap();
            }
        }
        if source.climbs() {
            writeln!(faults, "{} climbs with `super` out of its module; begin at `crate`", source.path).unwrap();
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn startup_alone_names_adapters() {
    let sources = sources("src");
    let adapters: BTreeSet<(String, String)> = sources.iter().filter_map(Source::as_adapter).collect();
    assert!(adapters.contains(&("store".to_owned(), "sql".to_owned())), "{adapters:?}");
    let mut faults = String::new();
    for source in sources.iter().filter(|source| !COMPOSITION.contains(&source.module())) {
        for path in source.paths() {
            let [port, adapter, ..] = path.as_slice() else { continue };
            if source.module() != port && adapters.contains(&(port.clone(), adapter.clone())) {
                writeln!(faults, "{} names the adapter {port}::{adapter}", source.path).unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn plaintext_and_keys_stay_behind_the_wall() {
    let mut faults = String::new();
    for source in sources("src") {
        let behind = matches!(source.module(), "vault" | "store") || source.is_test();
        for call in FOR_THE_VAULT {
            if !behind && source.calls(call) {
                writeln!(faults, "{} calls `{call}`, which is for the vault alone", source.path).unwrap();
            }
        }
        let carries = matches!(source.module(), "http" | "socket" | "actors");
        for name in ["Zeroizing", "DataKey", "Purpose", "CredentialStore", "DataKeyStore"] {
            if carries && source.mentions(name) {
                writeln!(faults, "{} mentions `{name}`; it carries ciphertext only", source.path).unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn decisions_depend_on_nothing_that_happens() {
    let dependencies = |manifest: &str| -> Vec<String> {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        manifest["dependencies"].as_table().unwrap().keys().cloned().collect()
    };
    assert_eq!(dependencies("crates/domain/Cargo.toml"), ["bytestring", "keyleash-protocol", "thiserror"]);
    let protocol = dependencies("crates/protocol/Cargo.toml");
    assert!(!protocol.iter().any(|name| name.starts_with("keyleash")), "{protocol:?}");

    let mut faults = String::new();
    for source in sources("crates/domain/src") {
        for name in ["fs", "io", "thread", "env", "process", "SystemTime", "TcpStream", "UdpSocket"] {
            if source.mentions(name) {
                writeln!(faults, "{} mentions `{name}`", source.path).unwrap();
            }
        }
        if source.code.contains("::now(") {
            writeln!(faults, "{} asks a clock", source.path).unwrap();
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn files_stay_readable() {
    let mut faults = String::new();
    for directory in ["src", "crates/protocol/src", "crates/domain/src", "loadtest/src"] {
        for source in sources(directory).into_iter().filter(|source| !source.is_test()) {
            let lines = source.without_tests.lines().count();
            if lines > LINES_MAX {
                writeln!(faults, "{}: {lines} lines", source.path).unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md"), root().join("CHANGELOG.md")];
    collect(&root().join("docs"), "md", &mut pages);
    let mut faults = String::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let target = link.split('#').next().unwrap();
            let elsewhere = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !elsewhere && !page.parent().unwrap().join(target).exists() {
                writeln!(faults, "{}: {link}", page.display()).unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn the_reader_of_sources_reads_paths() {
    let source = Source::of(
        "src/http/session.rs",
        r#"
        //! crate::comment
        use crate::{self_named, store::{self, Session as S, sql::Deep}, vault::*};
        fn f<'a>(c: char) -> &'a str { let _ = crate::kms::Kms::unwrap; if c == '"' { "crate::text" } else { "" } }
        #[cfg(test)]
        mod tests { use crate::in_tests; }
        "#,
    );
    let paths: Vec<String> = source.paths().iter().map(|path| path.join("::")).collect();
    assert_eq!(
        paths,
        ["self_named", "store::self", "store::Session", "store::sql::Deep", "vault::*", "kms::Kms::unwrap"]
    );
    assert_eq!((source.module(), source.may_name().is_some()), ("http", true));
}

struct Source {
    /// From the root of the repository.
    path: String,
    without_tests: String,
    /// Without comments and strings.
    code: String,
}

impl Source {
    fn of(path: &str, text: &str) -> Self {
        let end =
            text.find("#[cfg(test)]\nmod ").or_else(|| text.find("#[cfg(test)]\n        mod ")).unwrap_or(text.len());
        let without_tests = text[..end].to_owned();
        let code = without_comments_and_strings(&without_tests);
        Self { path: path.to_owned(), without_tests, code }
    }

    /// The first part of its path below `src`.
    fn module(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        below.split(['/', '.']).next().unwrap()
    }

    fn is_crate_root(&self) -> bool {
        self.path == "src/lib.rs"
    }

    /// A suite that adapters are held to.
    fn is_test(&self) -> bool {
        self.path.ends_with("/conformance.rs")
    }

    fn is_below_its_module(&self) -> bool {
        self.path.matches('/').count() > 1
    }

    fn may_name(&self) -> Option<&'static [&'static str]> {
        let find = |key: &str| MAY_NAME.iter().find(|(name, _)| *name == key).map(|(_, may_name)| *may_name);
        let below = self.is_below_its_module().then(|| find(&format!("{}/*", self.module()))).flatten();
        below.or_else(|| find(self.module()))
    }

    /// Port and adapter, if this is one.
    fn as_adapter(&self) -> Option<(String, String)> {
        let name = self.path.strip_prefix("src/")?.strip_prefix(self.module())?.strip_prefix('/')?;
        let name = name.split(['/', '.']).next()?;
        PORTS.contains(&self.module()).then(|| (self.module().to_owned(), name.to_owned()))
    }

    /// Every path that begins at `crate`, without that word; groups are taken apart.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        let mut rest = self.code.as_str();
        while let Some((before, after)) = rest.split_once("crate") {
            let starts_a_word = !before.ends_with(is_word);
            rest = after;
            if let Some(tree) = after.trim_start().strip_prefix("::")
                && starts_a_word
            {
                read_tree(tree, &mut Vec::new(), &mut paths);
            }
        }
        paths
    }

    /// Whether it reaches beyond its own module by `super`, where [`Self::paths`] does not see it.
    fn climbs(&self) -> bool {
        let too_far = if self.is_below_its_module() { "super::super::super" } else { "super::" };
        self.code.contains(too_far) || (self.path.matches('/').count() == 2 && self.code.contains("super::super"))
    }

    fn mentions(&self, name: &str) -> bool {
        self.code
            .match_indices(name)
            .any(|(at, _)| !self.code[..at].ends_with(is_word) && !self.code[at + name.len()..].starts_with(is_word))
    }

    fn calls(&self, method: &str) -> bool {
        self.code.contains(&format!(".{method}("))
    }
}

/// Reads one tree of a path and returns what comes after it.
fn read_tree<'a>(text: &'a str, path: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches([',', ' ', '\n', '\t']);
            if rest.is_empty() {
                return rest;
            }
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            let depth = path.len();
            rest = read_tree(rest, path, paths);
            path.truncate(depth);
        }
    }
    let word_end = text.find(|c| !is_word(c)).unwrap_or(text.len()).max(usize::from(text.starts_with('*')));
    if word_end == 0 {
        // Not a path after all; step over it.
        let mut chars = text.chars();
        chars.next();
        return chars.as_str();
    }
    let (word, rest) = text.split_at(word_end);
    path.push(word.to_owned());
    if let Some(tree) = rest.trim_start().strip_prefix("::") {
        return read_tree(tree, path, paths);
    }
    paths.push(path.clone());
    match rest.trim_start().strip_prefix("as ") {
        Some(renamed) => renamed.trim_start().trim_start_matches(is_word),
        None => rest,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if c == '"' {
            1 + end_of_string(&rest[1..])
        } else if c == '\'' && is_char_literal(rest) {
            1 + end_of_quoted(&rest[1..], '\'')
        } else {
            code.push(c);
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

fn end_of_string(text: &str) -> usize {
    end_of_quoted(text, '"')
}

/// A lifetime has no closing quote two characters on.
fn is_char_literal(text: &str) -> bool {
    text[1..].starts_with('\\') || text.chars().nth(2) == Some('\'')
}

/// Behind the closing quote; an escaped one does not close.
fn end_of_quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn sources(directory: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join(directory), "rs", &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let below_root = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        Source::of(&below_root, &fs::read_to_string(&path).unwrap())
    };
    files.into_iter().map(read).collect()
}

fn collect(directory: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
