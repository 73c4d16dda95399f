//! Many live devices, each a task that reads its socket and answers as a browser does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use keyleash_protocol::{
    CredentialId, Version,
    socket::{ClientMessage, ServerMessage},
};
use loadtest::{
    device::Device,
    line::{Heard, Line, Upgrade},
};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
    time::sleep,
};

use crate::{browser, support::Server};

/// Below the server's limit on sockets of one address before hello.
pub const GREETINGS_AT_ONCE: usize = 100;
/// Devices that write at the same time: as many as the two nodes have connections to the database. More would only wait for
/// one, and be told to come back.
const WRITERS_AT_ONCE: usize = 32;
/// How long all of them may take together; many times what a busy machine needs.
const PATIENCE: Duration = Duration::from_mins(10);
/// Messages from a device to the bench; each waits for room.
const ORDERS: usize = 1;

/// What the tasks have in common.
struct Shared {
    live: AtomicUsize,
    /// Changes that came to a device, their writer's too.
    arrived: AtomicUsize,
    puts: AtomicUsize,
    greetings: Semaphore,
}

/// A put under way: it is over when it was answered and came back, so that changes hardly ever come together.
struct Writing {
    /// This one too.
    left: u32,
    base: Version,
    answered: bool,
    came_back: bool,
}

enum Member {
    Away(Box<Device>),
    Live { orders: mpsc::Sender<u32>, task: JoinHandle<Device> },
}

pub struct Crowd<'n> {
    nodes: &'n [Server; 2],
    devices_per_user: usize,
    tokens: Vec<String>,
    members: Vec<Member>,
    shared: Arc<Shared>,
}

impl<'n> Crowd<'n> {
    /// `seeded` has the devices of one user one behind the other.
    pub fn new(nodes: &'n [Server; 2], seeded: Vec<(Device, String)>, devices_per_user: usize) -> Self {
        let (members, tokens) =
            seeded.into_iter().map(|(device, token)| (Member::Away(Box::new(device)), token)).unzip();
        let shared = Shared {
            live: AtomicUsize::new(0),
            arrived: AtomicUsize::new(0),
            puts: AtomicUsize::new(0),
            greetings: Semaphore::new(GREETINGS_AT_ONCE),
        };
        Self { nodes, devices_per_user, tokens, members, shared: Arc::new(shared) }
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Those whose number passes come; until all of them have caught up. Both nodes get as many, or they would send each
    /// other some: of one user the first node has more, of the next one the second.
    pub async fn connect(&mut self, who: impl Fn(usize) -> bool) {
        let mut expected = self.shared.live.load(Relaxed);
        let members = std::mem::take(&mut self.members);
        for (number, member) in members.into_iter().enumerate() {
            let member = match member {
                Member::Away(device) if who(number) => {
                    expected += 1;
                    let (user, place) = (number / self.devices_per_user, number % self.devices_per_user);
                    let node = &self.nodes[(user + place) % 2];
                    let (orders, waiting) = mpsc::channel(ORDERS);
                    let (url, token, shared) = (node.url.clone(), self.tokens[number].clone(), self.shared.clone());
                    let task = tokio::spawn(async move { be_live(&url, &token, *device, waiting, &shared).await });
                    Member::Live { orders, task }
                }
                member => member,
            };
            self.members.push(member);
        }
        until(|| self.shared.live.load(Relaxed) == expected).await;
    }

    pub async fn disconnect(&mut self) {
        let members = stream::iter(std::mem::take(&mut self.members)).then(async |member| match member {
            Member::Away(device) => Member::Away(device),
            Member::Live { orders, task } => {
                drop(orders);
                Member::Away(Box::new(task.await.unwrap()))
            }
        });
        self.members = members.collect().await;
        assert_eq!(self.shared.live.load(Relaxed), 0);
    }

    /// As after every browser was closed and opened again.
    pub fn lock(&mut self) {
        for member in &mut self.members {
            if let Member::Away(device) = member {
                device.lock();
            }
        }
    }

    /// The first device of each user puts so many versions of one credential, one after the other.
    pub async fn put(&mut self, each: u32) {
        let writers: Vec<&Member> = self.members.iter().step_by(self.devices_per_user).collect();
        for some in writers.chunks(WRITERS_AT_ONCE) {
            let expected = self.shared.puts.load(Relaxed) + some.len() * usize::try_from(each).unwrap();
            for writer in some {
                let Member::Live { orders, .. } = writer else { panic!("a writer is away") };
                orders.send(each).await.unwrap();
            }
            until(|| self.shared.puts.load(Relaxed) == expected).await;
        }
    }

    /// Changes that came to devices which had not made them. Some come together.
    pub fn deliveries(&self) -> usize {
        self.shared.arrived.load(Relaxed) - self.shared.puts.load(Relaxed)
    }
}

/// Lives until its orders end. One that is sent to another node, because that is emptier, comes back at once.
async fn be_live(
    url: &str,
    token: &str,
    mut device: Device,
    mut orders: mpsc::Receiver<u32>,
    shared: &Shared,
) -> Device {
    let mut line = greet(url, token, &mut device, shared).await;
    shared.live.fetch_add(1, Relaxed);
    let id = own_credential(&device);
    let mut writing: Option<Writing> = None;
    loop {
        let heard = tokio::select! {
            order = orders.recv() => {
                let Some(left) = order else { break };
                writing = Some(put(&device, id, left, &mut line).await);
                continue;
            }
            heard = line.next() => heard.unwrap(),
        };
        match heard {
            Heard::Message(message) => {
                if let Some(answer) = device.take(&message, browser::now()).unwrap() {
                    // The server may have hung up meanwhile; the next read says so.
                    let _ = line.send(&answer).await;
                }
                let is_own = is_about(&message, id);
                shared.arrived.fetch_add(usize::from(is_own), Relaxed);
                if let Some(put) = &mut writing {
                    put.came_back |= is_own;
                    put.answered |= matches!(message, ServerMessage::Done { .. });
                }
                if let ServerMessage::Error(error) = message {
                    panic!("{error:?}");
                }
            }
            Heard::Closed(_) => {
                line = greet(url, token, &mut device, shared).await;
                if let Some(put) = &mut writing {
                    // What it did not hear of it sees by what there is now.
                    let is_there = device.held.get(&id).is_some_and(|held| held.version > put.base);
                    if is_there {
                        (put.answered, put.came_back) = (true, true);
                    } else {
                        writing = Some(self::put(&device, id, put.left, &mut line).await);
                    }
                }
            }
        }
        if let Some(done) = writing.take_if(|put| put.answered && put.came_back) {
            shared.puts.fetch_add(1, Relaxed);
            if done.left > 1 {
                writing = Some(put(&device, id, done.left - 1, &mut line).await);
            }
        }
    }
    shared.live.fetch_sub(1, Relaxed);
    device
}

/// Opens a socket, says hello and catches up.
async fn greet(url: &str, token: &str, device: &mut Device, shared: &Shared) -> Line {
    let _greeting = shared.greetings.acquire().await.unwrap();
    let mut line = Line::open(url, Upgrade::of(token, url)).await.unwrap();
    while !is_caught_up(device, &mut line).await {}
    line
}

async fn is_caught_up(device: &mut Device, line: &mut Line) -> bool {
    let Heard::Message(message) = line.next().await.unwrap() else { panic!("closed") };
    if let Some(answer) = device.take(&message, browser::now()).unwrap() {
        line.send(&answer).await.unwrap();
    }
    matches!(message, ServerMessage::Sync(page) if page.done)
}

/// The same for each device of a user.
fn own_credential(device: &Device) -> CredentialId {
    CredentialId::from_uuid(*device.user.as_uuid())
}

fn is_about(message: &ServerMessage, id: CredentialId) -> bool {
    matches!(message, ServerMessage::Sync(page) if page.upserts.iter().any(|upsert| upsert.id == id))
}

async fn put(device: &Device, id: CredentialId, left: u32, line: &mut Line) -> Writing {
    let base = device.held.get(&id).map_or(Version(0), |held| held.version);
    let r#box = device.seal(id, base, &browser::form("a desk's account")).unwrap();
    // If the server has hung up, the next read says so.
    let _ = line.send(&ClientMessage::Put { r#ref: 1, id, base_version: base, r#box }).await;
    Writing { left, base, answered: false, came_back: false }
}

async fn until(is_so: impl Fn() -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < patience, "it did not come to an end within {PATIENCE:?}");
        sleep(Duration::from_millis(5)).await;
    }
}
