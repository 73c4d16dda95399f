//! What docs/security.md says is tried, is.

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut named = BTreeSet::new();
    for link in page.split("[`").skip(1) {
        let (test, rest) = link.split_once("`](../").expect("a link to a test");
        let (path, _) = rest.split_once(')').unwrap();
        if test == path {
            continue;
        }
        let source = fs::read_to_string(root.join(path)).unwrap_or_else(|_| panic!("{path} is not there"));
        let is_there = source.contains(&format!("fn {test}(")) || source.contains(&format!("\"{test}\""));
        assert!(is_there, "{path} has no {test}");
        named.insert((path, test));
    }
    assert!(named.len() > 50, "{}", named.len());
    let missing: Vec<u32> = CASES.filter(|case| !mentions(&page, *case)).filter(|case| !LATER.contains(case)).collect();
    assert!(missing.is_empty(), "no word about cases {missing:?}");
}

/// The numbered cases of abuse.
const CASES: std::ops::RangeInclusive<u32> = 1..=48;
/// Without a row of their own: an owner who is locked out by a guesser goes on with verified devices (3 shows it), a
/// receipt is a claim (22 does not depend on it), and the switches of development are the configuration's tests.
const LATER: [u32; 3] = [8, 26, 36];

fn mentions(page: &str, case: u32) -> bool {
    let case = case.to_string();
    page.split('(')
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .any(|(inside, _)| inside.split(", ").any(|number| number == case))
}
