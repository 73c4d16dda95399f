//! Whether what is reckoned was seen: measured points beside the formula and beside the simulation.

use serde::{Deserialize, Serialize};

use super::{
    costs::UnitCosts,
    simulation::{Arrivals, Station, expect, simulate},
};

/// Any number: with it, the same table each time.
const SEED: u64 = 20_261_123;
/// A rush of few is played so often that chance is out of its mean.
const JOBS_PLAYED: usize = 50_000;
const HEARTBEAT_SECONDS: f64 = 30.0;

/// What was seen with so many devices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    pub devices: usize,
    /// They connected one behind the other, so many under way at once.
    pub in_flight: usize,
    pub seconds: f64,
    /// Processor time of each hello: of the devices' own program, of the nodes, of PostgreSQL and Redis; microseconds.
    pub client_us: f64,
    pub node_us: f64,
    pub parts_us: f64,
    /// Memory of all nodes, bytes.
    pub resident: f64,
    /// Cores that the nodes used while nothing happened but heartbeats.
    pub idle_cores: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    pub machine: String,
    pub cores: usize,
    pub nodes: usize,
    pub points: Vec<Point>,
}

/// One thing as it was measured, reckoned, and played through where that can be.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub devices: usize,
    pub what: Compared,
    pub measured: f64,
    pub formula: f64,
    pub simulated: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    NodeMemory,
    NodeTimeOfHello,
    /// PostgreSQL's and Redis's.
    PartsTimeOfHello,
    HellosPerSecond,
    IdleCores,
}

impl Comparison {
    /// How far the formula is above what was measured, as a share of that.
    pub fn deviation(&self) -> f64 {
        self.formula / self.measured - 1.0
    }
}

impl Points {
    pub fn compare(&self, costs: &UnitCosts) -> Vec<Comparison> {
        self.points.iter().flat_map(|point| self.compare_point(point, costs)).collect()
    }

    /// What every core of the machine does for one hello, devices included, is one station: they share them.
    fn compare_point(&self, point: &Point, costs: &UnitCosts) -> [Comparison; 5] {
        let (devices, what) = (point.devices, Compared::NodeMemory);
        let count = count(devices);
        let node_memory = Comparison {
            devices,
            what,
            measured: point.resident,
            formula: costs.memory.node * self::count(self.nodes) + costs.memory.device * count,
            simulated: None,
        };
        let hello = costs.events.hello;
        let time = Comparison {
            what: Compared::NodeTimeOfHello,
            measured: point.node_us / 1e6,
            formula: hello.node_us / 1e6,
            ..node_memory
        };
        let parts = Comparison {
            what: Compared::PartsTimeOfHello,
            measured: point.parts_us / 1e6,
            formula: (hello.store_us + hello.bus_us) / 1e6,
            ..node_memory
        };
        let seconds = (point.client_us + hello.node_us + hello.store_us + hello.bus_us) / 1e6;
        let stations = [Station { servers: self.cores, seconds }];
        let arrivals = Arrivals::Closed { in_flight: point.in_flight, jobs: devices };
        let hellos = Comparison {
            what: Compared::HellosPerSecond,
            measured: count / point.seconds,
            formula: expect(&stations, arrivals).per_second,
            simulated: Some(count / mean_seconds(&stations, arrivals, devices)),
            ..node_memory
        };
        let own = costs.node.second.node_us * self::count(self.nodes);
        let idle = Comparison {
            what: Compared::IdleCores,
            measured: point.idle_cores,
            formula: (own + costs.events.heartbeat.node_us * count / HEARTBEAT_SECONDS) / 1e6,
            ..node_memory
        };
        [node_memory, time, parts, hellos, idle]
    }
}

fn mean_seconds(stations: &[Station], arrivals: Arrivals, jobs: usize) -> f64 {
    let rounds = JOBS_PLAYED.div_ceil(jobs.max(1));
    let seconds = (SEED..).take(rounds).map(|seed| simulate(stations, arrivals, seed).seconds);
    seconds.sum::<f64>() / count(rounds)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::costs::{Cost, Events, Memory};

    #[test]
    fn a_point_that_is_as_reckoned_deviates_by_nothing() {
        let costs = UnitCosts {
            events: Events {
                hello: Cost { node_us: 100.0, store_us: 50.0, ..Cost::default() },
                heartbeat: Cost { node_us: 30.0, ..Cost::default() },
                ..Events::default()
            },
            memory: Memory { node: 1e6, device: 5_000.0, ..Memory::default() },
            ..UnitCosts::default()
        };
        let point = Point {
            devices: 10_000,
            in_flight: 96,
            seconds: 1.0,
            client_us: 50.0,
            node_us: 100.0,
            parts_us: 50.0,
            resident: 52e6,
            idle_cores: 0.01,
        };
        let points = Points { machine: String::new(), cores: 2, nodes: 2, points: vec![point] };
        for comparison in points.compare(&costs) {
            assert!(comparison.deviation().abs() < 1e-9, "{comparison:?}");
            if let Some(simulated) = comparison.simulated {
                assert!((simulated / comparison.formula - 1.0).abs() < 0.05, "{comparison:?}");
            }
        }
        let twice = Points { cores: 4, ..points };
        let hellos = &twice.compare(&costs)[3];
        assert!((hellos.deviation() - 1.0).abs() < 1e-9, "four cores would be twice as fast: {hellos:?}");
    }
}
