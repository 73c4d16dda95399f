//! The tables in docs/protocol.md are written from the code; these tests prove that they are fresh.
//! `KEYLEASH_UPDATE=1 cargo test -p keyleash-protocol --test documented` writes them anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use keyleash_protocol::{CloseCode, ProblemCode};

#[test]
fn the_table_of_close_codes_is_fresh() {
    let mut table = String::from("| code | reason | come back? | meaning |\n| --- | --- | --- | --- |\n");
    for code in CloseCode::ALL {
        let come_back = if code.is_final() { "no" } else { "yes" };
        writeln!(table, "| {} | `{}` | {come_back} | {} |", code.code(), code.slug(), code.meaning().trim()).unwrap();
    }
    assert_documented("close codes", &table);
}

#[test]
fn the_table_of_problem_codes_is_fresh() {
    let mut table = String::from("| code | status | meaning |\n| --- | --- | --- |\n");
    for code in ProblemCode::ALL {
        let name = serde_json::to_value(code).unwrap();
        writeln!(table, "| `{}` | {} | {} |", name.as_str().unwrap(), code.status(), code.title()).unwrap();
    }
    assert_documented("problem codes", &table);
}

/// One test at a time reads and writes the page.
static PAGE: Mutex<()> = Mutex::new(());

fn assert_documented(name: &str, table: &str) {
    let _turn: MutexGuard<'_, ()> = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = page();
    let text = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- generated: {name} -->\n"), "<!-- end of generated -->");
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{} has no {begin}", path.display()));
    let (stored, after) = rest.split_once(end).unwrap();
    if env::var_os("KEYLEASH_UPDATE").is_some() {
        fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert!(stored == table, "the table of {name} in {} is stale: run with KEYLEASH_UPDATE=1", path.display());
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md")
}
