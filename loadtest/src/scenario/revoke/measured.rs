//! The times of removals, by whether owner and device are on one node.

use std::sync::Arc;

use super::stage::Case;
use crate::times::{Moment, Times};

/// 99 of 100 removals are answered, and the device is wiped, within this; on one node, and over several. Seconds.
const ONE_NODE_P99: f64 = 0.0015;
const SEVERAL_NODES_P99: f64 = 0.004;

/// What is measured of each removal. The request's start is when it was meant to begin.
pub(super) struct Measured {
    pub answer: Arc<Times>,
    wiped: [Times; 2],
    wiped_after_answer: [Times; 2],
    receipt: [Times; 2],
}

impl Measured {
    pub fn new(nodes: usize) -> Self {
        let several = if nodes > 1 { SEVERAL_NODES_P99 } else { ONE_NODE_P99 };
        let closed = Times::closed;
        let near_and_far = |names: [&'static str; 2], titles: [&'static str; 2]| {
            let near = closed(names[0], titles[0]).with_target_p99(ONE_NODE_P99);
            [near, closed(names[1], titles[1]).with_target_p99(SEVERAL_NODES_P99)]
        };
        Self {
            answer: Arc::new(closed("answer", "from a removal's start to its answer").with_target_p99(several)),
            wiped: near_and_far(
                ["wiped.same_node", "wiped.other_node"],
                [
                    "from a removal's start to the wiped device, same node",
                    "from a removal's start to the wiped device, another node",
                ],
            ),
            wiped_after_answer: near_and_far(
                ["wiped_after_answer.same_node", "wiped_after_answer.other_node"],
                [
                    "from a removal's answer to the wiped device, same node",
                    "from a removal's answer to the wiped device, another node",
                ],
            ),
            receipt: [
                closed("receipt.same_node", "from a removal's start to the receipt at the owner, same node"),
                closed("receipt.other_node", "from a removal's start to the receipt at the owner, another node"),
            ],
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Times> {
        let each = [&self.wiped, &self.wiped_after_answer, &self.receipt].into_iter().flatten();
        std::iter::once(&*self.answer).chain(each)
    }

    pub fn measure_from(&self, since: Moment) {
        self.all().for_each(|times| times.measure(since, Moment(u64::MAX)));
    }

    pub fn take_from(&self, cases: &[Case]) {
        for case in cases {
            let Some(intended) = case.intended.get().copied() else { continue };
            let place = usize::from(!case.is_near);
            if let Some(wiped) = case.wiped.get() {
                self.wiped[place].took(intended, wiped.since(intended));
                if let Some(answered) = case.answered.get() {
                    // Zero if the device knew first.
                    self.wiped_after_answer[place].took(intended, wiped.since(*answered));
                }
            }
            if let Some(receipt) = case.receipt.get() {
                self.receipt[place].took(intended, receipt.since(intended));
            }
        }
    }
}
