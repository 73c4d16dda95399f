//! What hints promised, and whether looks found it. A change is committed before it is hinted at, so a look that begins
//! after a true hint finds what it promised. When one does not, somebody made a hint up: for a pause, hints cause no look,
//! and those that come meanwhile share the one that follows. So a flood of made-up hints costs one look for each pause,
//! and delays true ones by one pause at most.

use keyleash_protocol::Seq;

#[derive(Debug, Default)]
pub(super) struct Hints {
    /// By hints that came since the last look began.
    promised: Option<Seq>,
    /// By those before: the present look has to find it.
    expected: Option<Seq>,
    doubted: bool,
}

impl Hints {
    pub(super) fn hear(&mut self, seq: Seq) {
        self.promised = self.promised.max(Some(seq));
    }

    pub(super) fn call_for_a_look(&self) -> bool {
        self.promised.is_some() && !self.doubted
    }

    pub(super) fn look_begins(&mut self) {
        self.expected = self.promised.take();
    }

    /// Whether hints are doubted from now on, until [`Self::trust`].
    pub(super) fn look_found(&mut self, seq: Seq) -> bool {
        self.promised = self.promised.filter(|promised| *promised > seq);
        let was_untrue = self.expected.take().is_some_and(|expected| expected > seq);
        let doubts_now = was_untrue && !self.doubted;
        self.doubted |= was_untrue;
        doubts_now
    }

    pub(super) fn trust(&mut self) {
        self.doubted = false;
    }
}
