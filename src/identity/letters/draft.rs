//! A letter before it has its two forms.

/// Everything that it says. The order of its parts is the forms' matter.
#[derive(Debug)]
pub(super) struct Draft {
    pub to: String,
    pub subject: String,
    /// What stands above it all; the subject, unless that says more.
    pub headline: String,
    /// What lists of mails show beside the subject.
    pub preview: String,
    /// Paragraphs at the top.
    pub words: Vec<String>,
    /// To be compared with one on a screen.
    pub code: Option<String>,
    pub facts: Vec<Fact>,
    /// Label and address of the one thing to do.
    pub button: Option<(&'static str, String)>,
    /// Paragraphs for who reads on.
    pub notes: Vec<String>,
    /// Whether "this wasn't me" stands in it.
    pub is_alarming: bool,
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) struct Fact {
    pub label: &'static str,
    pub value: String,
}

/// Why it is sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// It is about the security of an account; its owner cannot do without it.
    Security,
    /// The owner may do without it.
    Courtesy,
    /// Somebody gave this address, who may be nobody's owner.
    Asked,
}

/// What stands below every letter.
#[derive(Debug)]
pub(super) struct Foot {
    /// Where the reader's account is.
    pub site: String,
    pub alarm: Option<Alarm>,
    pub why: &'static str,
}

/// The way from "this wasn't me" to every device locked.
#[derive(Debug)]
pub(super) struct Alarm {
    pub words: &'static str,
    pub label: &'static str,
    pub link: String,
}

impl Fact {
    pub(super) fn new(label: &'static str, value: &str) -> Self {
        Self { label, value: value.to_owned() }
    }
}

impl Draft {
    pub(super) fn new(to: &str, subject: &str, preview: &str) -> Self {
        Self {
            to: to.to_owned(),
            subject: subject.to_owned(),
            headline: subject.to_owned(),
            preview: preview.to_owned(),
            words: Vec::new(),
            code: None,
            facts: Vec::new(),
            button: None,
            notes: Vec::new(),
            is_alarming: false,
            kind: Kind::Security,
        }
    }

    pub(super) fn headed(mut self, headline: &str) -> Self {
        headline.clone_into(&mut self.headline);
        self
    }

    pub(super) fn says(mut self, words: &str) -> Self {
        self.words.push(words.to_owned());
        self
    }

    pub(super) fn code(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    pub(super) fn facts(mut self, facts: impl IntoIterator<Item = Fact>) -> Self {
        self.facts.extend(facts);
        self
    }

    pub(super) fn button(mut self, label: &'static str, link: String) -> Self {
        self.button = Some((label, link));
        self
    }

    pub(super) fn adds(mut self, words: &str) -> Self {
        self.notes.push(words.to_owned());
        self
    }

    pub(super) fn alarming(mut self) -> Self {
        self.is_alarming = true;
        self
    }

    pub(super) fn sent_because(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }
}
