//! A letter as plain text, for whoever reads mails so.

use super::draft::{Draft, Foot};

/// RFC 5322, 2.1.1: lines should have no more than 78 characters. Links stay whole.
const LINE_CHARS_MAX: usize = 76;

pub(super) fn write(draft: &Draft, foot: &Foot) -> String {
    let mut parts: Vec<String> = draft.words.iter().map(|words| wrapped(words)).collect();
    parts.extend(draft.code.as_ref().map(|code| format!("    {code}")));
    if !draft.facts.is_empty() {
        let facts = draft.facts.iter().map(|fact| wrapped(&format!("{}: {}", fact.label, fact.value)));
        parts.push(facts.collect::<Vec<_>>().join("\n"));
    }
    parts.extend(draft.button.as_ref().map(|(label, link)| format!("{label}:\n{link}")));
    parts.extend(draft.notes.iter().map(|words| wrapped(words)));
    let alarm = foot.alarm.as_ref().map(|alarm| format!("{}\n{}:\n{}", wrapped(alarm.words), alarm.label, alarm.link));
    parts.extend(alarm);
    // RFC 3676, 4.3: what comes after this line is a signature, and mail programs show it so.
    parts.push(format!("-- \nKeyleash, {}\n{}", foot.site, wrapped(foot.why)));
    parts.join("\n\n") + "\n"
}

/// Broken between words, and nowhere else.
fn wrapped(words: &str) -> String {
    let (mut text, mut line_chars) = (String::with_capacity(words.len()), 0);
    for word in words.split(' ') {
        let chars = word.chars().count();
        if line_chars > 0 && line_chars + 1 + chars > LINE_CHARS_MAX {
            text.push('\n');
            line_chars = 0;
        } else if line_chars > 0 {
            text.push(' ');
            line_chars += 1;
        }
        text.push_str(word);
        line_chars += chars;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let words = format!("{} {} {}", "a".repeat(40), "b".repeat(35), "c".repeat(100));
        let lines: Vec<usize> = wrapped(&words).lines().map(str::len).collect();
        assert_eq!(lines, [76, 100]);
    }
}
