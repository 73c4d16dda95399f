//! A browser by what it says of itself, in words that its owner will recognise. A hint and no proof: anybody can say it.

/// Characters shown of what is no browser that is known here.
const UNKNOWN_CHARS_MAX: usize = 60;

/// What the name stands beside: nearly all say "Chrome" and "Safari" too, so who says more comes first.
const BROWSERS: &[(&[&str], &str)] = &[
    (&["Edg/", "EdgA/", "EdgiOS/"], "Edge"),
    (&["OPR/"], "Opera"),
    (&["SamsungBrowser/"], "Samsung Internet"),
    (&["Firefox/", "FxiOS/"], "Firefox"),
    (&["Chrome/", "CriOS/"], "Chrome"),
    (&["Safari/"], "Safari"),
];

/// iPads and Android devices say "Mac OS X" and "Linux" too.
const SYSTEMS: &[(&[&str], &str)] = &[
    (&["iPhone"], "iPhone"),
    (&["iPad"], "iPad"),
    (&["Android"], "Android"),
    (&["Windows"], "Windows"),
    (&["Mac OS X", "Macintosh"], "Mac"),
    (&["CrOS"], "ChromeOS"),
    (&["Linux"], "Linux"),
];

/// `Chrome on Linux`; of a program that is no browser, what it calls itself.
pub fn browser(user_agent: &str) -> String {
    match (first(BROWSERS, user_agent), first(SYSTEMS, user_agent)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) if user_agent.trim().is_empty() => "a program without a name".to_owned(),
        (None, _) => shortened(user_agent.trim()),
    }
}

fn first(table: &[(&[&str], &'static str)], user_agent: &str) -> Option<&'static str> {
    table.iter().find(|(marks, _)| marks.iter().any(|mark| user_agent.contains(mark))).map(|(_, name)| *name)
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= UNKNOWN_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(UNKNOWN_CHARS_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_what_they_say_and_others_do_not() {
        for (user_agent, words) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15",
                "Safari on Mac",
            ),
            ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox on Linux"),
            ("Firefox/144.0", "Firefox"),
            (" curl/8.14.1 ", "curl/8.14.1"),
            ("", "a program without a name"),
        ] {
            assert_eq!(browser(user_agent), words);
        }
        let long = browser(&"é".repeat(200));
        assert_eq!((long.chars().count(), long.chars().last()), (UNKNOWN_CHARS_MAX, Some('…')));
    }
}
