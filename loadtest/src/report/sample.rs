//! Runs for the tests of what shows them.

use std::collections::BTreeMap;

use keyleash_protocol::UnixMillis;

use crate::run::{Better, FORMAT, Figure, Latency, Machine, Run, Series, Unit};

/// A run with some of everything: targets reached and missed, errors, a remark.
pub fn storm() -> Run {
    let figure = |name: &str, title: &str, value, unit, better, target| Figure {
        name: name.to_owned(),
        title: title.to_owned(),
        value,
        unit,
        better,
        target,
    };
    Run {
        format: FORMAT,
        scenario: "storm".to_owned(),
        began: UnixMillis(1_795_446_161_000),
        measured_seconds: 60.0,
        options: vec![
            ("target".to_owned(), "http://127.0.0.1:8080".to_owned()),
            ("devices".to_owned(), "19000".to_owned()),
        ],
        machine: Machine {
            processor: "Generic x86-64".to_owned(),
            cores: 2,
            memory_bytes: 24 << 30,
            kernel: "6.1.0".to_owned(),
            version: "loadtest 0.1.0".to_owned(),
        },
        figures: vec![
            figure("hellos", "hellos", 8_300.4, Unit::PerSecond, Better::Higher, None),
            figure("floor.share", "hellos to the floor's handshakes", 0.364, Unit::Ratio, Better::Higher, Some(0.35)),
            figure("server.cpu", "server CPU for each hello", 141e-6, Unit::Seconds, Better::Lower, Some(130e-6)),
            figure("devices", "devices", 19_000.0, Unit::Count, Better::Neutral, None),
        ],
        latencies: vec![Latency {
            name: "hello".to_owned(),
            title: "connect to welcome".to_owned(),
            buckets: vec![(900, 9_000), (2_400, 8_000), (9_000, 1_900), (21_000, 90), (40_000, 10)],
            target_p99: Some(0.015),
        }],
        series: vec![Series {
            name: "sockets".to_owned(),
            title: "sockets".to_owned(),
            unit: Unit::Count,
            points: vec![(0.0, 0.0), (1.0, 8_000.0), (2.0, 16_000.0), (3.0, 19_000.0)],
        }],
        errors: BTreeMap::from([("the upgrade was refused with status 503".to_owned(), 12)]),
        remarks: vec!["the client used 0.97 cores of 1: its figures are a lower bound".to_owned()],
    }
}

/// A run that found nothing.
pub fn nothing() -> Run {
    Run {
        figures: Vec::new(),
        latencies: vec![Latency { buckets: Vec::new(), ..storm().latencies.remove(0) }],
        series: vec![Series { points: Vec::new(), ..storm().series.remove(0) }],
        errors: BTreeMap::new(),
        remarks: Vec::new(),
        options: Vec::new(),
        ..storm()
    }
}

/// Fails on a page whose elements are not closed in the order in which they were opened, whose attributes are not quoted, or
/// that has a bare `<` or `&`: what an XML parser would refuse in an SVG, and a browser would guess at in a page.
pub fn assert_well_formed(page: &str) {
    const VOID: [&str; 2] = ["meta", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        // Nothing but the style has braces; its text is not markup.
        let text = &rest[..at];
        if open.last() != Some(&"style") {
            for entity in text.split('&').skip(1) {
                let name = entity.split_once(';').map(|(name, _)| name);
                assert!(matches!(name, Some("lt" | "gt" | "amp" | "quot" | "apos")), "a bare & before {entity}");
            }
            assert!(!text.contains('>'), "a bare > in {text}");
        }
        let (tag, after) = rest[at + 1..].split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed in another order");
            continue;
        }
        let name = tag.split_ascii_whitespace().next().expect("a tag has a name");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '!'), "<{tag}>");
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        if !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}
