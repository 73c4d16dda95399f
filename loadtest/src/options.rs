//! What every scenario takes on the command line.

use std::{path::PathBuf, time::Duration};

use crate::site::StartOptions;

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The server, such as `http://127.0.0.1:8080`; several nodes with commas between them.
    #[arg(long, value_name = "URL", value_delimiter = ',', value_parser = address, required_unless_present = "start")]
    pub target: Vec<String>,
    /// The nodes' admin listeners, in the same order: memory and processor time of the server come from there.
    #[arg(long, value_name = "URL", value_delimiter = ',', value_parser = address)]
    pub admin: Vec<String>,
    /// The server's PostgreSQL database, for what is measured beside it or checked in it.
    #[arg(long, value_name = "URL", conflicts_with = "start")]
    pub database: Option<String>,
    /// Prepared users with their devices, as `loadtest prepare` writes them. With --start they are made for the run.
    #[arg(long, value_name = "FILE", required_unless_present = "start")]
    pub fleet: Option<PathBuf>,
    /// Devices that take part.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub devices: usize,
    /// Users that they belong to; by default half as many.
    #[arg(long, value_name = "M")]
    pub users: Option<usize>,
    /// How long is measured, such as `60s` or `5m`.
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    pub measured: Duration,
    /// What goes before and is left out of every figure.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = humantime::parse_duration)]
    pub warm_up: Duration,
    /// Where the JSON file and the page go.
    #[arg(long, value_name = "DIRECTORY", default_value = "loadtest-runs")]
    pub out: PathBuf,
    #[command(flatten)]
    pub own: StartOptions,
}

impl Options {
    /// One to three devices to a user are what people have.
    pub fn users(&self) -> usize {
        self.users.unwrap_or(self.devices.div_ceil(2)).max(1)
    }

    /// What was asked for, for the report. No address, no file name: a report is shown around.
    pub fn shown(&self) -> Vec<(String, String)> {
        let nodes = self.own.start.map_or_else(|| self.target.len().to_string(), |layout| layout.to_string());
        let shown = [
            ("nodes", nodes),
            ("devices", self.devices.to_string()),
            ("users", self.users().to_string()),
            ("for", humantime::format_duration(self.measured).to_string()),
            ("warm-up", humantime::format_duration(self.warm_up).to_string()),
        ];
        shown.map(|(name, value)| (name.to_owned(), value)).into()
    }
}

/// A server's address as it is used: the scheme and the port belong to it.
pub fn address(text: &str) -> Result<String, &'static str> {
    let is_address = text.strip_prefix("http://").is_some_and(|rest| rest.trim_end_matches('/').contains(':'));
    if is_address { Ok(text.trim_end_matches('/').to_owned()) } else { Err("http://host:port is an address") }
}

/// What sockets and frames cost on this machine without a server of ours: the denominator of every ratio.
#[derive(Clone, Debug, clap::Args)]
pub struct FloorOptions {
    /// Sockets.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub devices: usize,
    /// Frames a second, each to three others.
    #[arg(long, value_name = "PER-SECOND", default_value_t = 500.0)]
    pub rate: f64,
    /// How long frames are sent.
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    pub measured: Duration,
    /// Where the JSON file and the page go.
    #[arg(long, value_name = "DIRECTORY", default_value = "loadtest-runs")]
    pub out: PathBuf,
}

impl FloorOptions {
    pub fn shown(&self) -> Vec<(String, String)> {
        let shown = [
            ("devices", self.devices.to_string()),
            ("frames a second", self.rate.to_string()),
            ("for", humantime::format_duration(self.measured).to_string()),
        ];
        shown.map(|(name, value)| (name.to_owned(), value)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_a_port() {
        assert_eq!(address("http://127.0.0.1:8080").as_deref(), Ok("http://127.0.0.1:8080"));
        assert_eq!(address("http://localhost:8080/").as_deref(), Ok("http://localhost:8080"));
        for bad in ["127.0.0.1:8080", "http://localhost", "https://localhost:8080", "localhost", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
