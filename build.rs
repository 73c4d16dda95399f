//! Bundles the web pages into the build's output directory, from where they are embedded; nothing is written to the
//! sources but `web/node_modules`.
//!
//! `KEYLEASH_WEB_DIST=/directory` takes pages that were built before (`node web/build.mjs DIRECTORY`) and needs no Node.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a build script can only fail, and says where")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the pages are made from; a change elsewhere under `web/` (tests, installed packages) does not build them anew.
const SOURCES: &[&str] = &[
    "build",
    "build.mjs",
    "client/src",
    "client/package.json",
    "package-lock.json",
    "package.json",
    "settings/src",
    "settings/package.json",
    "terminal",
    "tsconfig.json",
    "verify",
];

fn main() {
    println!("cargo::rerun-if-env-changed=KEYLEASH_WEB_DIST");
    let web = Path::new(&env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("web");
    let pages = env::var_os("KEYLEASH_WEB_DIST").map_or_else(|| bundled(&web), prebuilt);
    println!("cargo::rustc-env=KEYLEASH_WEB_DIR={}", pages.display());
}

fn prebuilt(directory: std::ffi::OsString) -> PathBuf {
    let pages = fs::canonicalize(directory).expect("KEYLEASH_WEB_DIST must name a directory");
    assert!(pages.join("index.html").is_file(), "KEYLEASH_WEB_DIST: there is no index.html in {}", pages.display());
    println!("cargo::rerun-if-changed={}", pages.display());
    pages
}

fn bundled(web: &Path) -> PathBuf {
    for source in SOURCES {
        println!("cargo::rerun-if-changed=web/{source}");
    }
    let pages = Path::new(&env::var_os("OUT_DIR").unwrap()).join("web");
    install(web);
    run(web, "node", &["build.mjs", pages.to_str().expect("OUT_DIR must be UTF-8")]);
    pages
}

/// Installs the locked packages, unless this very lock file was installed last.
fn install(web: &Path) {
    let lock = fs::read(web.join("package-lock.json")).expect("web/package-lock.json");
    let installed = web.join("node_modules/.keyleash-installed-lock.json");
    if fs::read(&installed).is_ok_and(|known| known == lock) {
        return;
    }
    run(web, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    fs::write(installed, lock).expect("web/node_modules must be writable");
}

fn run(web: &Path, program: &str, arguments: &[&str]) {
    let command = format!("{program} {}", arguments.join(" "));
    let status = Command::new(program).args(arguments).current_dir(web).status().unwrap_or_else(|error| {
        panic!(
            "cannot start `{program}` ({error}). The web pages are bundled with Node 20 or newer: install it, or set \
             KEYLEASH_WEB_DIST to a directory with prebuilt pages."
        )
    });
    assert!(status.success(), "`{command}` in {} failed: {status}", web.display());
}
