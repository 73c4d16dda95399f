//! The command line: see README.md beside this package.

use std::{error::Error, path::Path, process::ExitCode};

use clap::{Parser, Subcommand};
use loadtest::{
    capacity::{self, CapacityOptions},
    crews::{self, CrewOptions},
    files, floor,
    options::FloorOptions,
    prepare::{self, PrepareOptions},
    report::{self, CompareArgs},
    run::Run,
    scenario::{
        idle::Idle,
        mixed::{self, Mixed},
        reconnect::Reconnect,
        revoke::Revoke,
        slow::Slow,
        storm::Storm,
        update::Update,
    },
};

/// Puts the load of many real devices on Keyleash, and says what it found.
///
/// Every scenario ends with a table, a JSON file and a page with plots; `compare` lays two of them side by side.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Prepare(PrepareOptions),
    Storm(Storm),
    Idle(Idle),
    Update(Update),
    Revoke(Revoke),
    Reconnect(Reconnect),
    Slow(Slow),
    Mixed(Mixed),
    Floor(FloorOptions),
    Compare(CompareArgs),
    Capacity(CapacityOptions),
    /// The floor's server, which this program starts by itself.
    #[command(hide = true, name = floor::COMMAND)]
    FloorServer,
    /// A part of the devices, which this program starts by itself.
    #[command(hide = true, name = crews::COMMAND)]
    Crew(CrewOptions),
}

fn main() -> ExitCode {
    files::raise_limit();
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loadtest: {}", in_one_line(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match &command {
        Command::FloorServer => return Ok(floor::serve(|port| println!("{port}"))?),
        Command::Compare(runs) => return Ok(report::compare(runs)?),
        Command::Capacity(options) => {
            print!("{}", capacity::answer(options)?);
            return Ok(());
        }
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Prepare(options) => Ok(prepare::prepare(&options).await?),
            Command::Storm(storm) => tell(&storm.run().await?, &storm.options.out),
            Command::Idle(idle) => tell(&idle.run().await?, &idle.options.out),
            Command::Update(update) => tell(&update.run().await?, &update.options.out),
            Command::Revoke(revoke) => tell(&revoke.run().await?, &revoke.options.out),
            Command::Reconnect(reconnect) => tell(&reconnect.run().await?, &reconnect.options.out),
            Command::Slow(slow) => tell(&slow.run().await?, &slow.options.out),
            Command::Mixed(day) => {
                let (run, differences) = day.run().await?;
                tell(&run, &day.options.out)?;
                Ok(mixed::require_none(&differences)?)
            }
            Command::Floor(floor) => tell(&floor.run().await?, &floor.out),
            Command::Crew(options) => Ok(crews::serve(options).await?),
            Command::Compare(_) | Command::Capacity(_) | Command::FloorServer => Ok(()),
        }
    })
}

fn tell(run: &Run, out: &Path) -> Result<(), Box<dyn Error>> {
    report::print(run);
    let written = report::write(run, out)?;
    println!("{}\n{}", written.json.display(), written.html.display());
    Ok(())
}

/// An error and what caused it.
fn in_one_line(error: &dyn Error) -> String {
    let (mut line, mut source) = (error.to_string(), error.source());
    while let Some(cause) = source {
        let said = cause.to_string();
        if !line.ends_with(&said) {
            line = format!("{line}: {said}");
        }
        source = cause.source();
    }
    line
}
