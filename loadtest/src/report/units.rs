//! Numbers as people read them: three digits that count, thousands apart, in the unit that fits.

use crate::run::Unit;

/// More would be read as exact, and no two runs agree in more.
const DIGITS: usize = 3;
/// Until two numbers that are not the same look different.
const DIGITS_MAX: usize = 9;

impl Unit {
    /// `1,234`, `8,300/s`, `2.54 KiB`, `126 µs`, `0.356`, `0.8 cores`.
    pub fn show(self, value: f64) -> String {
        self.show_with(value, DIGITS)
    }

    /// A value beside the one that it is measured against, with as many digits as it takes to tell them apart: what
    /// missed 0.35 by a hair is not shown as 0.35.
    pub fn show_apart(self, value: f64, from: f64) -> String {
        let told_apart = |digits: &usize| self.show_with(value, *digits) != self.show_with(from, *digits);
        let digits = if value.to_bits() == from.to_bits() { None } else { (DIGITS..=DIGITS_MAX).find(told_apart) };
        self.show_with(value, digits.unwrap_or(DIGITS))
    }

    fn show_with(self, value: f64, digits: usize) -> String {
        if !value.is_finite() {
            return "unknown".to_owned();
        }
        match self {
            Self::Count | Self::Ratio => number(value, digits),
            Self::PerSecond => format!("{}/s", number(value, digits)),
            Self::Bytes => bytes(value, digits),
            Self::Seconds => seconds(value, digits),
            Self::Cores => {
                let shown = number(value, digits);
                let word = if shown == "1" { "core" } else { "cores" };
                format!("{shown} {word}")
            }
        }
    }
}

/// A whole number with its thousands apart.
pub fn whole(value: u64) -> String {
    let digits = value.to_string();
    let mut shown = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

fn bytes(value: f64, digits: usize) -> String {
    const NAMES: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut scaled = value;
    let mut names = NAMES.iter();
    let mut name = names.next();
    while rounded(scaled, digits).abs() >= 1024.0 {
        let Some(next) = names.next() else { break };
        name = Some(next);
        scaled /= 1024.0;
    }
    format!("{} {}", number(scaled, digits), name.copied().unwrap_or_default())
}

fn seconds(value: f64, digits: usize) -> String {
    let least = |scale: f64| rounded(value.abs() * scale, digits);
    if value == 0.0 {
        "0 s".to_owned()
    } else if least(1e6) < 1000.0 {
        format!("{} µs", number(value * 1e6, digits))
    } else if least(1e3) < 1000.0 {
        format!("{} ms", number(value * 1e3, digits))
    } else if value.abs() < 120.0 {
        format!("{} s", number(value, digits))
    } else if value.abs() < 7200.0 {
        format!("{} min", number(value / 60.0, digits))
    } else {
        format!("{} h", number(value / 3600.0, digits))
    }
}

/// The number with at least this many digits that count; digits before the point are never rounded away.
fn number(value: f64, digits: usize) -> String {
    let value = rounded(value, digits);
    let shown = format!("{:.*}", decimals(value, digits), value.abs());
    let (before, after) = shown.split_once('.').unwrap_or((&shown, ""));
    let after = after.trim_end_matches('0');
    let before = before.parse().map_or_else(|_| before.to_owned(), whole);
    let sign = if value < 0.0 { "-" } else { "" };
    if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") }
}

fn rounded(value: f64, digits: usize) -> f64 {
    let decimals = decimals(value, digits);
    format!("{value:.decimals$}").parse().unwrap_or(value)
}

/// Places after the point that leave `digits` that count.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a logarithm of an f64 is below 310")]
fn decimals(value: f64, digits: usize) -> usize {
    if value == 0.0 {
        return 0;
    }
    let before = value.abs().log10().floor();
    if before < 0.0 { digits - 1 + before.abs() as usize } else { (digits - 1).saturating_sub(before as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_the_unit_that_fits() {
        for (unit, value, shown) in [
            (Unit::Count, 0.0, "0"),
            (Unit::Count, 12_410.0, "12,410"),
            (Unit::Count, 1_234_567.0, "1,234,567"),
            (Unit::Count, 3.218, "3.22"),
            (Unit::PerSecond, 22_812.7, "22,813/s"),
            (Unit::PerSecond, 0.25, "0.25/s"),
            (Unit::Bytes, 25.0, "25 B"),
            (Unit::Bytes, 2_600.0, "2.54 KiB"),
            (Unit::Bytes, 6_144.0, "6 KiB"),
            (Unit::Bytes, 1_048_575.0, "1 MiB"),
            (Unit::Bytes, 64e6, "61 MiB"),
            (Unit::Bytes, 24.0 * 1024.0 * 1024.0 * 1024.0, "24 GiB"),
            (Unit::Bytes, 3e18, "2,728,484 TiB"),
            (Unit::Seconds, 0.0, "0 s"),
            (Unit::Seconds, 0.000_000_4, "0.4 µs"),
            (Unit::Seconds, 0.000_126, "126 µs"),
            (Unit::Seconds, 0.000_999_7, "1 ms"),
            (Unit::Seconds, 0.012_34, "12.3 ms"),
            (Unit::Seconds, 0.999_9, "1 s"),
            (Unit::Seconds, 1.236, "1.24 s"),
            (Unit::Seconds, 60.0, "60 s"),
            (Unit::Seconds, 119.97, "120 s"),
            (Unit::Seconds, 125.2, "2.09 min"),
            (Unit::Seconds, 7_260.0, "2.02 h"),
            (Unit::Seconds, -0.001_5, "-1.5 ms"),
            (Unit::Ratio, 0.356_2, "0.356"),
            (Unit::Ratio, 0.009_999, "0.01"),
            (Unit::Cores, 0.013_4, "0.0134 cores"),
            (Unit::Cores, 1.0, "1 core"),
            (Unit::Cores, f64::NAN, "unknown"),
        ] {
            assert_eq!(unit.show(value), shown, "{value} {unit:?}");
        }
    }

    #[test]
    fn a_near_miss_looks_like_one() {
        assert_eq!(Unit::Ratio.show_apart(0.349_6, 0.35), "0.3496");
        assert_eq!(Unit::Seconds.show_apart(0.001_500_2, 0.001_5), "1.5002 ms");
        assert_eq!(Unit::Ratio.show_apart(0.35, 0.35), "0.35");
        assert_eq!(Unit::Ratio.show_apart(0.5, 0.35), "0.5");
    }
}
