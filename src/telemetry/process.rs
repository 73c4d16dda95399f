//! What this process takes of the machine, under the names that every Prometheus client gives it, read when somebody asks.
//! Linux tells it in `/proc`; where that is not there, a figure is left out.

use std::{fmt, fs};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};
use rustix::{
    param::{clock_ticks_per_second, page_size},
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

#[derive(Debug)]
pub(super) struct Process {
    /// Unix seconds; never changes.
    started: Option<f64>,
}

impl Process {
    pub(super) fn this() -> Self {
        Self { started: started() }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut tell = |name, help, unit: Option<&Unit>, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, unit, metric.metric_type())?)
        };
        let cpu = ConstCounter::new(cpu_seconds());
        tell("process_cpu", "Processor time of all threads", Some(&Unit::Seconds), &cpu)?;
        if let Some(bytes) = resident_bytes() {
            tell("process_resident_memory", "Memory in use", Some(&Unit::Bytes), &ConstGauge::new(bytes))?;
        }
        if let Some(open) = open_files() {
            tell("process_open_fds", "Open files and sockets", None, &ConstGauge::new(open))?;
        }
        if let Some(max) = getrlimit(Resource::Nofile).current {
            tell("process_max_fds", "Files and sockets that may be open", None, &ConstGauge::new(max))?;
        }
        if let Some(started) = self.started {
            tell("process_start_time", "When it began, Unix time", Some(&Unit::Seconds), &ConstGauge::new(started))?;
        }
        Ok(())
    }
}

/// To the nanosecond, where `/proc` counts in hundredths of a second.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "285 years of processor time are exact to the microsecond")]
    let seconds = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
    seconds
}

fn resident_bytes() -> Option<u64> {
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * page_size() as u64)
}

/// From Linux 6.2 on the directory's size is their number; before, it is 0 and they are counted, which takes a while for
/// thousands.
fn open_files() -> Option<u64> {
    let folder = "/proc/self/fd";
    match fs::metadata(folder).ok()?.len() {
        0 => Some(fs::read_dir(folder).ok()?.count() as u64),
        open => Some(open),
    }
}

/// The machine's start, and this process's after it (proc(5), field 22 of `stat`; the second may hold spaces).
fn started() -> Option<f64> {
    let machine = fs::read_to_string("/proc/stat").ok()?;
    let booted: f64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.parse().ok()?;
    let process = fs::read_to_string("/proc/self/stat").ok()?;
    let ticks: f64 = process.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "it is 100")]
    let ticks_per_second = clock_ticks_per_second() as f64;
    Some(booted + ticks / ticks_per_second)
}
