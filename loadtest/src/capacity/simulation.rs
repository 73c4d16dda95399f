//! A queueing network played through, event by event: to see whether the formulas say the same.
//!
//! Jobs visit stations one after the other; a station has so many servers, a line in front of them, and takes an exponential
//! time for each job. The random numbers are seeded: the same question has the same answer.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, VecDeque},
};

/// Something with a line in front of it, such as the cores of the nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    pub servers: usize,
    /// Mean time of one job, seconds.
    pub seconds: f64,
}

/// How jobs come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// One after the other at random, so many a second, whether or not earlier ones are done.
    Open { per_second: f64, jobs: usize },
    /// All are there; so many are under way at once.
    Closed { in_flight: usize, jobs: usize },
}

/// How it went.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// From the first job's beginning to the last one's end.
    pub seconds: f64,
    /// Mean time of a job, its waits included, seconds.
    pub mean_seconds: f64,
    /// Share of each station's servers that was busy.
    pub busy: Vec<f64>,
}

/// What is expected of a network without playing it through.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    pub per_second: f64,
    pub mean_seconds: f64,
}

/// A job leaves a station, or comes to the first one.
#[derive(Debug, PartialEq)]
struct Event {
    at: f64,
    job: usize,
    /// The station that it leaves; `None`: it comes.
    left: Option<usize>,
}

impl Eq for Event {}

impl Ord for Event {
    /// The earliest is the greatest: a heap gives that first. Of two at one time, the job that came first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.total_cmp(&self.at).then_with(|| other.job.cmp(&self.job))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Plays it through.
pub fn simulate(stations: &[Station], arrivals: Arrivals, seed: u64) -> Outcome {
    let mut random = Random(seed);
    let (jobs, mut waiting_outside, mut events) = match arrivals {
        Arrivals::Open { per_second, jobs } => {
            let mut at = 0.0;
            let come = (0..jobs).map(|job| {
                at += random.exponential(1.0 / per_second);
                Event { at, job, left: None }
            });
            (jobs, 0..0, come.collect::<BinaryHeap<Event>>())
        }
        Arrivals::Closed { in_flight, jobs } => {
            let begin = (0..in_flight.min(jobs)).map(|job| Event { at: 0.0, job, left: None });
            (jobs, in_flight.min(jobs)..jobs, begin.collect())
        }
    };
    let mut lines: Vec<VecDeque<usize>> = stations.iter().map(|_| VecDeque::new()).collect();
    let mut idle: Vec<usize> = stations.iter().map(|station| station.servers).collect();
    let (mut busy_seconds, mut came) = (vec![0.0; stations.len()], vec![0.0; jobs]);
    let (mut now, mut spent) = (0.0, 0.0);

    while let Some(Event { at, job, left }) = events.pop() {
        now = at;
        let mut serve = |station: usize, job: usize, events: &mut BinaryHeap<Event>| {
            let takes = random.exponential(stations[station].seconds);
            busy_seconds[station] += takes;
            events.push(Event { at: now + takes, job, left: Some(station) });
        };
        let next = match left {
            None => {
                came[job] = now;
                0
            }
            Some(station) => {
                match lines[station].pop_front() {
                    Some(first) => serve(station, first, &mut events),
                    None => idle[station] += 1,
                }
                station + 1
            }
        };
        if next == stations.len() {
            spent += now - came[job];
            events.extend(waiting_outside.next().map(|job| Event { at: now, job, left: None }));
        } else if idle[next] > 0 {
            idle[next] -= 1;
            serve(next, job, &mut events);
        } else {
            lines[next].push_back(job);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let busy = stations.iter().zip(busy_seconds).map(|(station, busy)| busy / (now * station.servers as f64));
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    Outcome { seconds: now, mean_seconds: spent / jobs as f64, busy: busy.collect() }
}

/// By formula. Closed: the asymptotic bounds of operational analysis (Denning and Buzen 1978): the slowest station's rate, or
/// as many as are under way over the time of one that never waits. Open: a Jackson network, each station by itself with the
/// waiting time of Erlang's C.
pub fn expect(stations: &[Station], arrivals: Arrivals) -> Expected {
    let alone: f64 = stations.iter().map(|station| station.seconds).sum();
    let rate = |station: &Station| count(station.servers) / station.seconds;
    let slowest = stations.iter().map(rate).fold(f64::INFINITY, f64::min);
    match arrivals {
        Arrivals::Closed { in_flight, .. } => {
            let per_second = slowest.min(count(in_flight) / alone);
            Expected { per_second, mean_seconds: count(in_flight) / per_second }
        }
        Arrivals::Open { per_second, .. } => {
            let waits = stations.iter().map(|station| mean_wait(station, per_second));
            Expected { per_second: per_second.min(slowest), mean_seconds: alone + waits.sum::<f64>() }
        }
    }
}

/// In the line of a station to which so many jobs come a second. Without end if they are more than it can do.
fn mean_wait(station: &Station, per_second: f64) -> f64 {
    let offered = per_second * station.seconds;
    let servers = count(station.servers);
    if offered >= servers {
        return f64::INFINITY;
    }
    // Erlang's B by its recurrence, and C from it.
    let blocked = (1..=station.servers).map(count).fold(1.0, |blocked, n| offered * blocked / (n + offered * blocked));
    let waits = blocked / (1.0 - offered / servers * (1.0 - blocked));
    waits * station.seconds / (servers - offered)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn count(n: usize) -> f64 {
    n as f64
}

/// `SplitMix64` (Steele, Lea and Flood 2014): small, and good enough to draw times with.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// With this mean.
    fn exponential(&mut self, mean: f64) -> f64 {
        /// As many as an `f64` tells apart.
        const STEPS: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let uniform = ((self.next() >> 11) as f64 + 0.5) / STEPS;
        -uniform.ln() * mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 7;

    fn apart(one: f64, other: f64) -> f64 {
        (one - other).abs() / other
    }

    #[test]
    fn one_server_waits_as_the_textbook_says() {
        // M/M/1 at 80 %: a job takes 1 / (rate - arrivals).
        let stations = [Station { servers: 1, seconds: 0.001 }];
        let arrivals = Arrivals::Open { per_second: 800.0, jobs: 200_000 };
        let (played, expected) = (simulate(&stations, arrivals, SEED), expect(&stations, arrivals));
        assert!(apart(expected.mean_seconds, 0.005) < 1e-9);
        assert!(apart(played.mean_seconds, expected.mean_seconds) < 0.05, "{played:?} {expected:?}");
        assert!(apart(played.busy[0], 0.8) < 0.02);
    }

    #[test]
    fn several_stations_with_several_servers_wait_one_by_one() {
        let stations = [Station { servers: 2, seconds: 0.001 }, Station { servers: 4, seconds: 0.0025 }];
        let arrivals = Arrivals::Open { per_second: 1_200.0, jobs: 200_000 };
        let (played, expected) = (simulate(&stations, arrivals, SEED), expect(&stations, arrivals));
        assert!(apart(played.mean_seconds, expected.mean_seconds) < 0.05, "{played:?} {expected:?}");
    }

    #[test]
    fn a_rush_is_over_when_the_slowest_station_is_done() {
        let stations = [Station { servers: 2, seconds: 0.0001 }, Station { servers: 1, seconds: 0.0002 }];
        let jobs = 50_000;
        let arrivals = Arrivals::Closed { in_flight: 96, jobs };
        let (played, expected) = (simulate(&stations, arrivals, SEED), expect(&stations, arrivals));
        assert!(apart(count(jobs) / played.seconds, 5_000.0) < 0.02, "{played:?}");
        assert!(apart(expected.per_second, 5_000.0) < 1e-9);
        assert!(played.busy[1] > 0.98 && played.busy[0] < 0.3);
    }

    #[test]
    fn few_under_way_leave_everybody_idle() {
        let stations = [Station { servers: 64, seconds: 0.01 }];
        let arrivals = Arrivals::Closed { in_flight: 4, jobs: 10_000 };
        let (played, expected) = (simulate(&stations, arrivals, SEED), expect(&stations, arrivals));
        assert!(apart(expected.per_second, 400.0) < 1e-9);
        assert!(apart(10_000.0 / played.seconds, 400.0) < 0.05, "{played:?}");
    }

    #[test]
    fn more_than_can_be_done_waits_for_ever() {
        let stations = [Station { servers: 1, seconds: 0.001 }];
        let expected = expect(&stations, Arrivals::Open { per_second: 1_001.0, jobs: 1 });
        assert_eq!((expected.per_second, expected.mean_seconds), (1_000.0, f64::INFINITY));
    }

    #[test]
    fn the_same_seed_plays_the_same() {
        let stations = [Station { servers: 2, seconds: 0.001 }];
        let arrivals = Arrivals::Closed { in_flight: 8, jobs: 1_000 };
        assert_eq!(simulate(&stations, arrivals, SEED), simulate(&stations, arrivals, SEED));
        assert_ne!(simulate(&stations, arrivals, SEED), simulate(&stations, arrivals, SEED + 1));
    }
}
