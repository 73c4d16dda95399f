//! What processes use: the server's, the floor's and this one's processor time and memory; the kernel's memory for sockets.

use std::{fs, io, time::Duration};

use crate::times::Moment;

/// The kernel's unit of processor time in /proc, `sysconf(_SC_CLK_TCK)`: 100 a second on every Linux that we run on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Of the same memory pages, `sysconf(_SC_PAGESIZE)`, on x86-64 and on aarch64 as distributions build it.
const PAGE_BYTES: u64 = 4_096;
/// A node that does not tell its figures within this time does not tell them.
const ADMIN_MAX: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("cannot read {path}; is the process still there?")]
    Proc { path: String, source: io::Error },
    #[error("{0} does not have the form that the kernel gives it")]
    Form(String),
    #[error(
        "the admin listener {url} cannot be asked for the server's memory and processor time; give its address with \
         --admin, one for each node"
    )]
    Admin { url: String, source: reqwest::Error },
    #[error("the admin listener {url} does not tell {metric}; is it Keyleash's?")]
    Metric { url: String, metric: String },
}

/// What a process has used until now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time of all its threads, user and system.
    pub cpu_seconds: f64,
    pub resident_bytes: f64,
}

/// What a node says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeFigures {
    pub usage: Usage,
    pub kms_calls: f64,
    pub pushes: f64,
    /// Open, those that have not said hello too.
    pub sockets: f64,
}

impl std::ops::AddAssign for NodeFigures {
    fn add_assign(&mut self, other: Self) {
        self.usage.cpu_seconds += other.usage.cpu_seconds;
        self.usage.resident_bytes += other.usage.resident_bytes;
        self.kms_calls += other.kms_calls;
        self.pushes += other.pushes;
        self.sockets += other.sockets;
    }
}

/// A node's figures, from its admin listener.
pub async fn node(http: &reqwest::Client, admin: &str) -> Result<NodeFigures, ProbeError> {
    let url = format!("{}/metrics", admin.trim_end_matches('/'));
    let unreachable = |source| ProbeError::Admin { url: admin.to_owned(), source };
    let answer = http.get(&url).timeout(ADMIN_MAX).send().await.map_err(unreachable)?;
    let text = answer.error_for_status().map_err(unreachable)?.text().await.map_err(unreachable)?;
    let metric = |name: &str| {
        sum(&text, name).ok_or_else(|| ProbeError::Metric { url: admin.to_owned(), metric: name.to_owned() })
    };
    Ok(NodeFigures {
        usage: Usage {
            cpu_seconds: metric("process_cpu_seconds_total")?,
            resident_bytes: metric("process_resident_memory_bytes")?,
        },
        // Calls are counted by operation, and there is none before the first call.
        kms_calls: sum(&text, "keyleash_kms_calls_total").unwrap_or(0.0),
        pushes: metric("keyleash_pushes_total")?,
        sockets: metric("keyleash_sockets")?,
    })
}

/// The sum over all labels of a metric in the text format of Prometheus.
fn sum(text: &str, name: &str) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let value = match rest.as_bytes().first()? {
            b' ' => rest,
            b'{' => rest.rsplit_once('}')?.1,
            _ => return None,
        };
        value.split_whitespace().next()?.parse::<f64>().ok()
    });
    values.reduce(|sum, value| sum + value)
}

/// A process of this machine; `pid` may be `self`.
pub fn process(pid: &str) -> Result<Usage, ProbeError> {
    let stat = read(&format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold anything; what follows is numbers (proc(5)).
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let field = |index: usize| -> Option<f64> { fields.get(index)?.parse().ok() };
    let (user, system) = field(11).zip(field(12)).ok_or_else(|| ProbeError::Form(format!("/proc/{pid}/stat")))?;
    let resident = read(&format!("/proc/{pid}/statm"))?;
    let pages: Option<f64> = resident.split_whitespace().nth(1).and_then(|pages| pages.parse().ok());
    let pages = pages.ok_or_else(|| ProbeError::Form(format!("/proc/{pid}/statm")))?;
    #[expect(clippy::cast_precision_loss, reason = "a page's size")]
    let resident_bytes = pages * PAGE_BYTES as f64;
    Ok(Usage { cpu_seconds: (user + system) / TICKS_PER_SECOND, resident_bytes })
}

/// What the kernel keeps for sockets and their files: its slabs and TCP's buffers, of the whole machine. It is the growth
/// that says something, and half of it where both ends of each socket are on this machine.
pub fn kernel_bytes() -> Result<f64, ProbeError> {
    let (slab, tcp) = (read("/proc/meminfo")?, read("/proc/net/sockstat")?);
    let kib = word_after(&slab, "Slab:").ok_or_else(|| ProbeError::Form("/proc/meminfo".to_owned()))?;
    let line = tcp.lines().find(|line| line.starts_with("TCP:")).unwrap_or_default();
    let pages = word_after(line, "mem").ok_or_else(|| ProbeError::Form("/proc/net/sockstat".to_owned()))?;
    #[expect(clippy::cast_precision_loss, reason = "a machine's memory is far below 2^53")]
    Ok((kib * 1_024 + pages * PAGE_BYTES) as f64)
}

fn word_after(text: &str, word: &str) -> Option<u64> {
    let mut words = text.split_whitespace().skip_while(|found| *found != word);
    words.nth(1)?.parse().ok()
}

fn read(path: &str) -> Result<String, ProbeError> {
    fs::read_to_string(path).map_err(|source| ProbeError::Proc { path: path.to_owned(), source })
}

/// Processor time over wall time between two looks: how many cores were busy.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    began: Moment,
    cpu_seconds: f64,
}

impl Stretch {
    pub fn begin(cpu_seconds: f64) -> Self {
        Self { began: Moment::now(), cpu_seconds }
    }

    /// Cores in use since the last look, and the next stretch begins.
    pub fn cores(&mut self, cpu_seconds: f64) -> f64 {
        let seconds = Moment::now().since(self.began).as_secs_f64();
        let cores = (cpu_seconds - self.cpu_seconds).max(0.0) / seconds.max(1e-3);
        *self = Self::begin(cpu_seconds);
        cores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_summed_over_their_labels() {
        let text = "# TYPE calls counter\ncalls_total{operation=\"a b\",outcome=\"ok\"} 3\ncalls_total{operation=\"c\"} 2 17\n\
                    calls_total_other 9\nmemory 1.5e3\n";
        assert_eq!(sum(text, "calls_total"), Some(5.0));
        assert_eq!(sum(text, "memory"), Some(1_500.0));
        assert_eq!(sum(text, "nothing"), None);
    }

    #[test]
    fn this_process_uses_something() {
        let usage = process("self").unwrap();
        assert!(usage.resident_bytes > 1e6, "{usage:?}");
        assert!(kernel_bytes().unwrap() > 1e6);
        assert!(matches!(process("0"), Err(ProbeError::Proc { .. })));
    }
}
