//! The command line.

use std::{
    error::Error,
    io::{self, IsTerminal},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use keyleash::{
    causes,
    config::{Config, LogFormat},
    startup::{self, Patience},
};
use mimalloc::MiMalloc;
use tracing_subscriber::EnvFilter;

/// What a moment needs lies apart from what stays, and is given back afterwards (docs/adr/0019).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Keeps a trader's exchange API keys in step across browsers, and takes them back from a removed device at once.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// A TOML file with the configuration; `keyleash.toml` is read if it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (the default).
    Serve {
        /// Stop if a part cannot be reached, instead of waiting for it.
        #[arg(long)]
        fail_fast: bool,
    },
    /// Bring the database's tables up to date, and stop.
    Migrate,
    /// Check each part, and say what is wrong and how to mend it.
    Doctor,
    /// Show the configuration in effect, secrets redacted.
    Config,
    /// Operator's tasks.
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Debug, Subcommand)]
enum Admin {
    /// Add a master key to the key file; new data keys are wrapped under it, the others stay readable.
    RotateMasterKey,
    /// Move every data key to the key that wraps at present; running it again goes on where it stopped.
    Rewrap,
    /// Say that a backup of the database was put back, while no node runs: everybody has to log in again, and every device
    /// has to be verified by mail and authenticator code.
    Restored,
    /// For load tests: make users whom nobody signed up, with verified devices, beside running nodes.
    ///
    /// Reads a JSON object a line, `{"devices":[{"receive_key":"..","signing_key":".."}]}` (public keys, as in an
    /// enrolment), and writes one for each: the user's id, TOTP secret and recovery codes, and each device's id and session
    /// token. Whoever has these acts as that user; nobody can log in as one. `loadtest prepare .. -- keyleash admin crowd` runs this.
    Crowd {
        /// The database that `store.url` names is for load tests and nothing else. Needed wherever mails leave the machine
        /// or the database is PostgreSQL.
        #[arg(long)]
        for_load_tests: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return failed(&error),
    };
    let outcome: Result<(), Box<dyn Error>> = match arguments.command.unwrap_or(Command::Serve { fail_fast: false }) {
        Command::Serve { fail_fast } => {
            log(config.log.format);
            let patience = if fail_fast { Patience::FailFast } else { Patience::Wait };
            startup::serve(config, patience).map_err(Into::into)
        }
        Command::Migrate => startup::migrate(&config).map_err(Into::into),
        Command::Doctor => return startup::doctor(&config),
        Command::Config => config.to_toml().map(|toml| print!("{toml}")).map_err(Into::into),
        Command::Admin(Admin::RotateMasterKey) => startup::rotate_master_key(&config).map_err(Into::into),
        Command::Admin(Admin::Rewrap) => startup::rewrap(&config).map_err(Into::into),
        Command::Admin(Admin::Restored) => startup::restored(&config).map_err(Into::into),
        Command::Admin(Admin::Crowd { for_load_tests }) => startup::crowd(&config, for_load_tests).map_err(Into::into),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

fn failed(error: &dyn Error) -> ExitCode {
    eprintln!("keyleash: {}", causes::in_one_line(error));
    ExitCode::FAILURE
}

/// Logs go to standard error; `RUST_LOG` chooses how much.
fn log(format: LogFormat) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn,sqlx=warn"));
    let colours = io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    match format {
        LogFormat::Text => log.with_ansi(colours).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
