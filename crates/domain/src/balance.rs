//! When a node sends some of its devices to emptier ones. A node that was restarted gets new sockets only, and devices stay
//! where they are for days.
//!
//! A node only ever sends away, when it renews its lease; where its devices go is up to the load balancer. One that sends
//! them back is noticed, and sent to less and less.

/// The emptiest node is at least this many devices below the mean: for fewer it is not worth anybody's reconnect.
pub const GAP_MIN: usize = 4;
/// And below it by this part of the mean, so that what comes and goes by itself moves nobody.
const GAP_PART: usize = 4;
/// At most this part of a node's devices is sent away at once, so that the other nodes see less of them than when one leaves.
pub const SHARE: usize = 4;
/// Of what was sent away, at least this part stayed away if it did any good: round robin over four nodes brings one in
/// four back.
const STAYED_PART: usize = 4;
/// Beats that a node lets pass after it sent some away: until then not every node has counted them.
const REST: u32 = 1;
/// The most, where devices come back every time, because the load balancer wants it so: three quarters of an hour at a
/// beat each five seconds.
pub const REST_MAX: u32 = 512;

/// What a node remembers from one beat to the next.
#[derive(Clone, Debug, Default)]
pub struct Balance {
    others: usize,
    resting: u32,
    last: Option<Sending>,
}

#[derive(Clone, Copy, Debug)]
struct Sending {
    of: usize,
    sent: usize,
    rest: u32,
}

impl Balance {
    /// How many of this node's devices are to go now, given the devices of each other node that takes some.
    pub fn beat(&mut self, mine: usize, others: &[usize]) -> usize {
        if self.others != others.len() {
            // A node came or went: whatever was learned was about other nodes.
            *self = Self { others: others.len(), ..Self::default() };
        }
        if self.resting > 0 {
            self.resting -= 1;
            return 0;
        }
        let sent = to_send_away(mine, others);
        let in_vain = self.last.take().filter(|last| mine + last.sent.div_ceil(STAYED_PART) > last.of);
        if sent > 0 {
            let rest = in_vain.map_or(REST, |last| last.rest.saturating_mul(2).min(REST_MAX));
            self.resting = rest;
            self.last = Some(Sending { of: mine, sent, rest });
        }
        sent
    }
}

/// Never so many that this node falls below the mean.
fn to_send_away(mine: usize, others: &[usize]) -> usize {
    let Some(emptiest) = others.iter().copied().min() else { return 0 };
    let mean = (mine + others.iter().sum::<usize>()).div_ceil(others.len() + 1);
    let gap = mean.saturating_sub(emptiest);
    if gap < GAP_MIN || gap * GAP_PART < mean {
        return 0;
    }
    mine.saturating_sub(mean).min((mine / SHARE).max(1))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn an_empty_node_is_filled_in_a_few_beats() {
        let mut node = Balance::default();
        assert_eq!(node.beat(100, &[0]), 25);
        assert_eq!(node.beat(75, &[13]), 0, "not all have arrived");
        assert_eq!(node.beat(75, &[25]), 18);
        assert_eq!(node.beat(57, &[43]), 0);
        assert_eq!(node.beat(57, &[43]), 0, "near enough");
        let mut many = Balance::default();
        assert_eq!(many.beat(100, &[100, 100, 100, 100, 100, 100, 100, 100, 0]), 10, "each gives its part");
    }

    #[test]
    fn nobody_is_sent_for_little_or_to_nowhere() {
        for (mine, others) in
            [(1_000, &[][..]), (0, &[0]), (6, &[0]), (100, &[100]), (100, &[70]), (10, &[100]), (50, &[100, 0])]
        {
            assert_eq!(Balance::default().beat(mine, others), 0, "{mine} here, {others:?} elsewhere");
        }
    }

    #[test]
    fn devices_that_come_back_every_time_are_sent_ever_more_rarely_until_another_node_comes() {
        let mut node = Balance::default();
        let day = 24 * 60 * 60 / 5;
        let sendings = (0..day).filter(|_| node.beat(100, &[0]) > 0).count();
        assert!((30..50).contains(&sendings), "{sendings} times in a day");
        assert!(node.beat(100, &[0, 0]) > 0, "a new node is no part of what was learned");
    }

    #[test]
    fn a_sending_that_did_good_is_soon_followed_by_the_next() {
        let mut node = Balance::default();
        assert!(node.beat(1_000, &[0]) > 0);
        node.beat(1_000, &[0]);
        assert!(node.beat(1_000, &[0]) > 0, "all came back");
        assert_eq!([node.beat(750, &[250]), node.beat(750, &[250])], [0, 0], "it rests for longer");
        assert!(node.beat(750, &[250]) > 0);
        assert_eq!(node.beat(600, &[300]), 0);
        assert!(node.beat(600, &[300]) > 0, "and as before once it helped");
    }

    /// Nodes that beat in turns and know each other's count from each one's last beat, behind a balancer that sends
    /// whoever comes to the emptiest.
    struct Site {
        nodes: Vec<(Balance, usize)>,
        written: Vec<usize>,
        moved: usize,
    }

    impl Site {
        fn of(counts: &[usize]) -> Self {
            let nodes = counts.iter().map(|count| (Balance::default(), *count)).collect();
            Self { nodes, written: counts.to_vec(), moved: 0 }
        }

        fn beat(&mut self, index: usize) -> usize {
            self.written[index] = self.nodes[index].1;
            let others: Vec<usize> =
                self.written.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, count)| *count).collect();
            let (balance, mine) = &mut self.nodes[index];
            let sent = balance.beat(*mine, &others);
            *mine -= sent;
            for _ in 0..sent {
                let emptiest = self.nodes.iter_mut().min_by_key(|(_, count)| *count).unwrap();
                emptiest.1 += 1;
            }
            self.moved += sent;
            sent
        }

        fn round(&mut self, order: &[usize]) -> usize {
            order.iter().map(|index| self.beat(*index)).sum()
        }
    }

    fn site() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
        vec(0_usize..3_000, 1..8).prop_flat_map(|counts| {
            let order: Vec<usize> = (0..counts.len()).collect();
            (Just(counts), Just(order).prop_shuffle())
        })
    }

    proptest! {
        #[test]
        fn a_node_stays_at_the_mean_or_above(mine in 0_usize..100_000, others in vec(0_usize..100_000, 0..10)) {
            let sent = to_send_away(mine, &others);
            let total = mine + others.iter().sum::<usize>();
            prop_assert!(sent == 0 || (mine - sent) * (others.len() + 1) >= total);
            prop_assert!(sent <= (mine / SHARE).max(1));
        }

        /// However the beats interleave: the load gets even, then nobody moves, and hardly anybody moved twice.
        #[test]
        fn the_load_gets_even_and_stays_so((counts, order) in site()) {
            let mut site = Site::of(&counts);
            let mean = counts.iter().sum::<usize>().div_ceil(counts.len());
            let needed: usize = counts.iter().map(|count| count.saturating_sub(mean)).sum();
            for _ in 0..40 {
                site.round(&order);
            }
            let now: Vec<usize> = site.nodes.iter().map(|(_, count)| *count).collect();
            for count in &now {
                prop_assert!(count + GAP_MIN.max(mean.div_ceil(GAP_PART)) >= mean, "{now:?}");
            }
            prop_assert!(site.moved <= needed + needed / 4, "{} moved where {needed} are enough: {now:?}", site.moved);
            prop_assert_eq!((0..40).map(|_| site.round(&order)).sum::<usize>(), 0, "they do not rest: {:?}", now);
        }
    }
}
