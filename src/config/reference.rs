//! `docs/configuration.md`, written from the configuration's types.

use std::fmt::Write as _;

use schemars::schema_for;
use serde_json::{Map, Value};

use super::Config;

/// The reference as Markdown.
pub fn markdown() -> String {
    let schema = schema_for!(Config).to_value();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut out = String::from(
        "# Configuration\n\n\
         Generated from `src/config.rs`; the test `the_reference_is_fresh` keeps it so.\n\n\
         Defaults, then a TOML file (`--config FILE`, or `keyleash.toml` if it is there), then the environment: \
         `KEYLEASH_SECTION__KEY`, for example `KEYLEASH_HTTP__LISTEN=127.0.0.1:9000`. Unknown keys are errors. \
         `keyleash config` shows what is in effect.\n\n\
         Listening beyond this machine with an embedded part (`kms.provider = \"file\"`, `mail.url = \"file:...\"`, \
         `bus.url = \"local:\"`, a public URL with `http://`) is refused unless that part is named in the configuration.\n",
    );
    for (section, reference) in properties(&schema) {
        let Some(definition) = resolve(&schema, reference) else { continue };
        let _ = write!(out, "\n## {section}\n\n");
        if let Some(about) = definition.get("description").and_then(Value::as_str) {
            let _ = write!(out, "{}\n\n", one_line(about));
        }
        out.push_str("| key | default | meaning |\n| --- | --- | --- |\n");
        for (key, property) in properties(definition) {
            let meaning = one_line(property.get("description").and_then(Value::as_str).unwrap_or_default());
            let default = shown(&defaults[section][key]);
            let _ = writeln!(out, "| `{section}.{key}` | {default} | {meaning} |");
        }
    }
    out
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn resolve<'s>(root: &'s Value, property: &'s Value) -> Option<&'s Value> {
    let name = property.get("$ref").and_then(Value::as_str)?.rsplit('/').next()?;
    root.get("$defs")?.get(name)
}

fn shown(default: &Value) -> String {
    match default {
        Value::Null => String::new(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    #[test]
    fn the_reference_is_fresh() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
        let fresh = super::markdown();
        if env::var_os("KEYLEASH_UPDATE").is_some() {
            fs::write(&path, &fresh).unwrap();
        }
        assert!(fs::read_to_string(&path).unwrap_or_default() == fresh, "stale: run with KEYLEASH_UPDATE=1");
    }
}
