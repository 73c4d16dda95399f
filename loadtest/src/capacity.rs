//! `loadtest capacity`: what a population of devices needs, from the measured costs of single events.
//!
//! Owns: the arithmetic, and its check against a simulation and against measured points. Never: measures anything; what it
//! reckons with was printed by `cargo bench --bench unit_costs`. docs/capacity.md says what comes out and why.

pub mod check;
pub mod costs;
pub mod model;
pub mod picture;
pub mod population;
pub mod show;
pub mod simulation;

use std::{fs, io, path::PathBuf};

use serde::de::DeserializeOwned;

use self::{
    check::Points,
    costs::UnitCosts,
    model::Needs,
    population::{Machines, Population},
    show::Answer,
};

/// As measured on the machine that they name.
const COSTS: &str = include_str!("capacity/costs.json");
const POINTS: &str = include_str!("capacity/points.json");

#[derive(Debug, thiserror::Error)]
pub enum CapacityError {
    #[error("cannot read {path}")]
    Read { path: String, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: String, source: io::Error },
    #[error("{path} is not what `cargo bench --bench unit_costs` prints")]
    Form { path: String, source: serde_json::Error },
    #[error("{0}: more than 0 is needed")]
    NotPositive(&'static str),
}

/// How many nodes, how large a database, how many calls: for so many devices.
#[derive(Clone, Debug, clap::Args)]
pub struct CapacityOptions {
    /// Devices that are enrolled; several sizes are set side by side.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000.0, 1e6, 1e8])]
    pub devices: Vec<f64>,
    #[command(flatten)]
    pub population: Population,
    #[command(flatten)]
    pub machines: Machines,
    /// Costs measured elsewhere: what `cargo bench --bench unit_costs` printed there.
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub costs: Option<PathBuf>,
    /// Points measured elsewhere: what `cargo bench --bench unit_costs -- points` printed there.
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub points: Option<PathBuf>,
    /// Draw how much of each limit is used, by the number of devices, into this SVG file.
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub picture: Option<PathBuf>,
}

/// The tables to print.
pub fn answer(options: &CapacityOptions) -> Result<String, CapacityError> {
    options.check()?;
    let costs: UnitCosts = given(options.costs.as_ref(), COSTS)?;
    let points: Points = given(options.points.as_ref(), POINTS)?;
    let (population, machines) = (&options.population, &options.machines);
    if let Some(file) = &options.picture {
        let unwritable = |source| CapacityError::Write { path: file.display().to_string(), source };
        fs::write(file, picture::draw(population, machines, &costs)).map_err(unwritable)?;
    }
    let answers: Vec<Answer> = options
        .devices
        .iter()
        .map(|&devices| {
            let (sites, site) = Needs::sites(devices, population, machines, &costs);
            Answer { devices, sites, site, alone: Needs::of(devices, population, machines, &costs) }
        })
        .collect();
    Ok(format!(
        "Costs measured on {}\n\nIn the busiest minute, with {:.0} % of each machine used; figures are of one site\n\n{}\n\
         How near the limits are that more nodes do not lift\n\n{}\n\
         The same costs against what was measured on {}\n\n{}",
        costs.machine,
        machines.used * 100.0,
        show::needs(&answers),
        show::ceilings(&answers),
        points.machine,
        show::comparisons(&points.compare(&costs)),
    ))
}

impl CapacityOptions {
    /// Nothing is divided by what may be 0.
    fn check(&self) -> Result<(), CapacityError> {
        let Machines { node_cores, node_memory_gib, node_devices, store_cores, store_commits, .. } = self.machines;
        let Machines { store_connections, store_gib, kms_calls, speed, used, .. } = self.machines;
        let devices = self.devices.iter().copied().fold(f64::INFINITY, f64::min);
        let needed = [
            ("--devices", devices),
            ("--devices-per-user", self.population.devices_per_user),
            ("--node-cores", node_cores),
            ("--node-memory-gib", node_memory_gib),
            ("--node-devices", node_devices),
            ("--store-cores", store_cores),
            ("--store-commits", store_commits),
            ("--store-connections", store_connections),
            ("--store-gib", store_gib),
            ("--kms-calls", kms_calls),
            ("--speed", speed),
            ("--used", used),
        ];
        match needed.into_iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            Some((name, _)) => Err(CapacityError::NotPositive(name)),
            None => Ok(()),
        }
    }
}

/// What is in the file, or what came with the program.
fn given<T: DeserializeOwned>(file: Option<&PathBuf>, own: &str) -> Result<T, CapacityError> {
    let (path, text) = match file {
        None => ("the program's own".to_owned(), own.to_owned()),
        Some(file) => {
            let path = file.display().to_string();
            let text = fs::read_to_string(file);
            let text = text.map_err(|source| CapacityError::Read { path: path.clone(), source })?;
            (path, text)
        }
    };
    serde_json::from_str(&text).map_err(|source| CapacityError::Form { path, source })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        options: CapacityOptions,
    }

    fn asked(arguments: &[&str]) -> Result<String, CapacityError> {
        let arguments = ["capacity"].iter().chain(arguments);
        answer(&Command::try_parse_from(arguments).unwrap().options)
    }

    #[test]
    fn the_defaults_of_the_command_line_are_the_models() {
        let Command { options } = Command::try_parse_from(["capacity"]).unwrap();
        assert_eq!((options.population, options.machines), (Population::default(), Machines::default()));
    }

    #[test]
    fn three_sizes_are_answered_with_the_costs_that_come_with_the_program() {
        let text = asked(&[]).unwrap();
        for part in ["10,000", "1,000,000", "100,000,000", "commits", "1,000 devices: memory of the nodes"] {
            assert!(text.contains(part), "{part} is missing:\n{text}");
        }
        assert!(!text.contains("NaN") && !text.contains("inf") && !text.contains("unknown"), "{text}");
    }

    #[test]
    fn what_cannot_be_divided_by_is_refused_by_its_name() {
        assert!(matches!(asked(&["--speed", "0"]), Err(CapacityError::NotPositive("--speed"))));
        assert!(matches!(asked(&["--devices", "10,0"]), Err(CapacityError::NotPositive("--devices"))));
        assert!(matches!(asked(&["--costs", "/nowhere"]), Err(CapacityError::Read { .. })));
        assert!(matches!(asked(&["--costs", "/dev/null"]), Err(CapacityError::Form { .. })));
    }
}
