//! How many files may be open: each device's socket is one, in the process of the device and in the server's.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that a process needs beside its devices' sockets.
const BESIDE: usize = 200;
const ALLOWED_BY: &str = "that is the hard limit of this shell (`ulimit -Hn`); raise it in /etc/security/limits.conf, in the \
                          unit (LimitNOFILE=) or for the container (--ulimit nofile=), or ask for fewer devices";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    #[error("{devices} devices need {} open files in this process, and it may open {limit}: {ALLOWED_BY}", needed(*.devices))]
    Here { devices: usize, limit: usize },
    #[error(
        "{devices} devices need {} open files in each node, and a node that is started from here may open {limit}: {ALLOWED_BY}",
        needed(*.devices_each)
    )]
    Node { devices: usize, devices_each: usize, limit: usize },
}

/// Lets this process, and what it starts, open as many files as it is allowed to. Shells give every program a low limit for
/// the sake of those that use `select`, and leave it to the others to raise it.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Where that is not granted, the checks below go by what there is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Devices that one process has room for.
pub fn devices_max() -> usize {
    limit().saturating_sub(BESIDE).max(1)
}

/// A run with so many devices in this process would end in the middle where the limit is lower.
pub fn check(devices: usize) -> Result<(), FilesError> {
    let limit = limit();
    if needed(devices) > limit { Err(FilesError::Here { devices, limit }) } else { Ok(()) }
}

/// The same of so many devices on as many nodes, which are yet to be started from here.
pub fn check_nodes(devices: usize, nodes: usize) -> Result<(), FilesError> {
    let (devices_each, limit) = (devices.div_ceil(nodes), limit());
    if needed(devices_each) > limit { Err(FilesError::Node { devices, devices_each, limit }) } else { Ok(()) }
}

const fn needed(devices: usize) -> usize {
    devices.saturating_add(BESIDE)
}

fn limit() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_room_is_let_through_and_the_next_device_is_not() {
        raise_limit();
        let most = devices_max();
        assert_eq!((check(most), check_nodes(2 * most, 2)), (Ok(()), Ok(())));
        let limit = limit();
        assert_eq!(check(most + 1), Err(FilesError::Here { devices: most + 1, limit }));
        let (devices, devices_each) = (2 * most + 1, most + 1);
        assert_eq!(check_nodes(devices, 2), Err(FilesError::Node { devices, devices_each, limit }));
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_be() {
        raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
