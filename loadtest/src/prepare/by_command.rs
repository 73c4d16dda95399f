//! Preparation by the server's `admin crowd`: keys are made here, their public halves go to the command's standard input,
//! and what comes out says whose they are.

use std::{
    io,
    process::Stdio,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use keyleash_protocol::{
    UserId,
    crowd::{CrowdKeys, CrowdOrder, CrowdUser},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter},
    process::{ChildStdin, Command},
    sync::mpsc::{Receiver, Sender, channel},
    task::spawn_blocking,
};

use crate::{
    device::{Device, DeviceError},
    fleet::PreparedUser,
};

/// Users whose keys were made and who are not there yet.
const AHEAD: usize = 256;

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("the command {program} cannot be run")]
    Run { program: String, source: io::Error },
    #[error("keys cannot be made")]
    Keys(#[from] DeviceError),
    #[error("the command does not take or give lines")]
    Pipe(#[source] io::Error),
    #[error("the command gave a line that is no user; is it `keyleash .. admin crowd`?")]
    Form(#[source] serde_json::Error),
    #[error("the command gave a user with {given} devices instead of {asked}")]
    Devices { asked: usize, given: usize },
    #[error("the command ended ({status}) after {made} of {asked} users: {said}")]
    Ended { status: String, made: usize, asked: usize, said: String },
}

/// Makes a user for each of `counts`, with so many devices. `made` counts them.
pub async fn by_command(
    mut command: Command,
    counts: &[usize],
    made: &AtomicU64,
) -> Result<Vec<PreparedUser>, CommandError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn().map_err(|source| CommandError::Run { program, source })?;
    let (Some(input), Some(output), Some(mut errors)) =
        (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return Err(CommandError::Pipe(io::ErrorKind::BrokenPipe.into()));
    };
    let saying = tokio::spawn(async move {
        let mut said = String::new();
        errors.read_to_string(&mut said).await.map(|_| said)
    });
    let (keys, made_keys) = channel(AHEAD);
    let (ordered, mut waiting) = channel(AHEAD);
    let making = spawn_blocking({
        let counts = counts.to_vec();
        move || make_keys(&counts, &keys)
    });
    let ordering = tokio::spawn(order(made_keys, input, ordered));

    let mut users = Vec::with_capacity(counts.len());
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.map_err(CommandError::Pipe)? {
        let given: CrowdUser = serde_json::from_str(&line).map_err(CommandError::Form)?;
        let devices = waiting.recv().await.ok_or(CommandError::Devices { asked: 0, given: 1 })?;
        users.push(joined(&given, devices)?);
        made.fetch_add(1, Relaxed);
    }
    let status = process.wait().await.map_err(CommandError::Pipe)?;
    if !status.success() || users.len() < counts.len() {
        let said = saying.await.ok().and_then(Result::ok).unwrap_or_default();
        let (status, said) = (status.to_string(), said.trim().to_owned());
        return Err(CommandError::Ended { status, made: users.len(), asked: counts.len(), said });
    }
    making.await.map_err(|_| DeviceError::Keys)??;
    ordering.await.map_err(|_| DeviceError::Keys)?.map_err(CommandError::Pipe)?;
    Ok(users)
}

fn make_keys(counts: &[usize], keys: &Sender<Vec<Device>>) -> Result<(), DeviceError> {
    for &count in counts {
        // Whose they are is known when the server has made the user.
        let nobody = UserId::from_uuid(uuid::Uuid::nil());
        let devices = (0..count).map(|_| Device::new(nobody)).collect::<Result<_, _>>()?;
        if keys.blocking_send(devices).is_err() {
            break;
        }
    }
    Ok(())
}

/// Writes the orders, and hands on who waits for what was ordered, in the order of the lines.
async fn order(mut keys: Receiver<Vec<Device>>, input: ChildStdin, ordered: Sender<Vec<Device>>) -> io::Result<()> {
    let mut input = BufWriter::new(input);
    while let Some(devices) = keys.recv().await {
        let order = CrowdOrder { devices: devices.iter().map(public_keys).collect() };
        if ordered.send(devices).await.is_err() {
            break;
        }
        input.write_all(serde_json::to_string(&order)?.as_bytes()).await?;
        input.write_all(b"\n").await?;
        if keys.is_empty() {
            input.flush().await?;
        }
    }
    input.shutdown().await
}

fn public_keys(device: &Device) -> CrowdKeys {
    let (receive_key, signing_key) = device.public_keys();
    CrowdKeys { receive_key, signing_key }
}

fn joined(given: &CrowdUser, devices: Vec<Device>) -> Result<PreparedUser, CommandError> {
    if given.devices.len() != devices.len() {
        return Err(CommandError::Devices { asked: devices.len(), given: given.devices.len() });
    }
    let each = devices.into_iter().zip(&given.devices).map(|(mut device, made)| {
        device.id = made.id;
        device.save(made.token.expose())
    });
    Ok(PreparedUser {
        id: given.user,
        account: None,
        totp_secret: given.totp_secret.expose().to_owned(),
        recovery_codes: given.recovery_codes.iter().map(|code| code.expose().to_owned()).collect(),
        devices: each.collect(),
    })
}
