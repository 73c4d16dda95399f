//! Owners and the devices that they remove, and what each of them saw when.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use keyleash_protocol::{
    DeviceId, ProblemCode, Sensitive, Version,
    http::SecondFactor,
    socket::{ClientMessage, RevokeReason, ServerMessage},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    api::Api,
    board::Board,
    credential,
    crew::{AT_ONCE, HELLO_MAX, Post},
    fleet::PreparedUser,
    line::{Heard, Line, LineError, Upgrade},
    live::{Live, LiveError, News},
    scenario::ScenarioError,
    sources::Sources,
    times::{Moment, Times},
};

const POLL: Duration = Duration::from_millis(10);
/// Bytes of the credential that each device holds when it is removed.
const BYTES: usize = 200;
/// What a server answers to who is not let in comes within this, or the server is gone.
const REFUSAL_MAX: Duration = Duration::from_secs(10);

/// One removal.
#[derive(Debug)]
pub(super) struct Case {
    pub owner: Arc<Post>,
    /// The device that is removed.
    pub post: Arc<Post>,
    /// Which of the owner's recovery codes is used.
    pub code: usize,
    /// Whether owner and device are on one node.
    pub is_near: bool,
    /// When it was meant to begin.
    pub intended: OnceLock<Moment>,
    pub answered: OnceLock<Moment>,
    pub wiped: OnceLock<Moment>,
    /// When the owner's own device heard of the receipt.
    pub receipt: OnceLock<Moment>,
}

#[derive(Debug)]
pub(super) struct Stage {
    /// In the order in which they are due: every owner once before one is asked again.
    pub cases: Vec<Case>,
    by_device: HashMap<DeviceId, usize>,
    board: Arc<Board>,
}

impl Case {
    fn new(owner: &Arc<Post>, post: &Arc<Post>, code: usize) -> Self {
        let is_near = owner.target() == post.target();
        let (owner, post, new) = (owner.clone(), post.clone(), OnceLock::new);
        Self { owner, post, code, is_near, intended: new(), answered: new(), wiped: new(), receipt: new() }
    }

    /// Whether nothing is left on the device that could be used.
    pub fn has_wiped(&self) -> bool {
        let device = self.post.seat.device();
        self.wiped.get().is_some()
            && device.revoked == Some(RevokeReason::Removed)
            && device.is_locked()
            && device.held.is_empty()
    }
}

impl Stage {
    /// Each user's first device is its owner's; the others are there to be removed, as long as there are codes.
    pub fn new(posts: &[Arc<Post>], fleet: &[PreparedUser], board: Arc<Board>) -> Self {
        let users: Vec<&[Arc<Post>]> = posts.chunk_by(|one, other| one.user == other.user).collect();
        let most = users.iter().map(|devices| devices.len()).max().unwrap_or(0);
        let mut cases = Vec::new();
        for number in 1..most {
            let with_code = |devices: &&&[Arc<Post>]| number <= fleet[devices[0].user].recovery_codes.len();
            for devices in users.iter().filter(with_code) {
                cases.extend(devices.get(number).map(|post| Case::new(&devices[0], post, number - 1)));
            }
        }
        let by_device = cases.iter().enumerate().map(|(place, case)| (case.post.seat.device().id, place)).collect();
        Self { cases, by_device, board }
    }

    /// Connects every device; they are followed until the end.
    pub async fn connect(self: &Arc<Self>, posts: &[Arc<Post>], targets: &[String], sources: &Sources) -> JoinSet<()> {
        let connecting = stream::iter(posts).map(async |post| {
            let hello = Live::connect(sources.next(), &targets[post.target()], &post.seat);
            let outcome = timeout(HELLO_MAX, hello).await;
            (post, outcome.unwrap_or_else(|_| Err(LiveError::Silence(HELLO_MAX.as_secs()))))
        });
        let mut connecting = Box::pin(connecting.buffer_unordered(AT_ONCE));
        let mut devices = JoinSet::new();
        while let Some((post, outcome)) = connecting.next().await {
            match outcome {
                Ok((live, _)) => {
                    self.board.came();
                    devices.spawn(self.clone().follow(live, post.clone()));
                }
                Err(error) => self.board.failed(&error),
            }
        }
        devices
    }

    /// Waits until there is something to wipe on each device.
    pub async fn until_everybody_holds_something(&self, patience: Duration) -> Result<(), ScenarioError> {
        let holds = |case: &&Case| !case.post.seat.device().held.is_empty();
        let holding = || self.cases.iter().filter(holds).count();
        let until = Instant::now() + patience;
        while holding() < self.cases.len() {
            if Instant::now() > until {
                let (wanted, written) = (self.cases.len() as u64, holding() as u64);
                return Err(ScenarioError::NotWritten { wanted, written });
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Removes a device, as its owner.
    pub async fn remove(
        self: Arc<Self>,
        place: usize,
        api: Api,
        code: Sensitive,
        intended: Moment,
        answer: Arc<Times>,
    ) {
        let case = &self.cases[place];
        let _ = case.intended.set(intended);
        let device = case.post.seat.device().id;
        match api.remove(device, SecondFactor { totp: None, recovery_code: Some(code) }).await {
            Ok(removal) => {
                let _ = case.answered.set(Moment::now());
                answer.ended(intended);
                if !removal.online {
                    self.board.failed_with("live device that its owner was told is offline");
                }
            }
            Err(error) => self.board.failed_with(&error.kind()),
        }
    }

    /// Waits until the owner knows of each of so many removals that the device wiped.
    pub async fn until_receipts(&self, wanted: usize, patience: Duration) {
        let until = Instant::now() + patience;
        while self.cases[..wanted].iter().any(|case| case.receipt.get().is_none()) && Instant::now() < until {
            sleep(POLL).await;
        }
    }

    /// Tries to come back as each removed device: with its own session, and with its keys and the owner's session. How many
    /// were let in.
    pub async fn let_in_again(&self, wanted: usize, targets: &[String], sources: &Sources) -> usize {
        let trying = stream::iter(&self.cases[..wanted]).map(async |case| {
            let target = &targets[case.post.target()];
            let own = self.is_let_in(case, &case.post.seat.token, target, sources).await;
            own || self.is_let_in(case, &case.owner.seat.token, target, sources).await
        });
        trying.buffer_unordered(AT_ONCE).filter(|let_in| std::future::ready(*let_in)).count().await
    }

    async fn is_let_in(&self, case: &Case, token: &str, target: &str, sources: &Sources) -> bool {
        match timeout(REFUSAL_MAX, says_hello(case, token, target, sources)).await {
            Ok(Ok(let_in)) => let_in,
            Ok(Err(LineError::Refused(status))) if status.as_u16() == 401 => false,
            Ok(Err(error)) => {
                self.board.failed(&error.into());
                false
            }
            Err(_) => {
                self.board.failed_with("no answer to a removed device");
                false
            }
        }
    }

    /// Takes in what comes, and notes when.
    async fn follow(self: Arc<Self>, mut live: Live, post: Arc<Post>) {
        let is_owner = post.number == 0;
        if is_owner && let Err(error) = write(&mut live, &post, None).await {
            self.board.failed(&error);
        }
        let error = loop {
            match live.next(&post.seat).await {
                Ok(News::Devices(devices)) if is_owner => {
                    let now = Moment::now();
                    let receipts = devices.iter().filter(|view| view.receipt.as_ref().is_some_and(|it| it.wiped));
                    for case in receipts.filter_map(|view| self.case_of(view.id)) {
                        let _ = case.receipt.set(now);
                    }
                }
                Ok(News::Revoked(_)) => {
                    if let Some(case) = self.case_of(post.seat.device().id) {
                        let _ = case.wiped.set(Moment::now());
                    }
                    self.board.went();
                    return;
                }
                // An earlier run wrote it.
                Ok(News::Refused { code: ProblemCode::Conflict, present, .. }) => {
                    if let Err(error) = write(&mut live, &post, present).await {
                        break error;
                    }
                }
                Ok(News::Refused { code, .. }) => self.board.failed_with(&format!("refused with {code:?}")),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        self.board.went();
        self.board.failed(&error);
    }

    fn case_of(&self, device: DeviceId) -> Option<&Case> {
        self.by_device.get(&device).map(|place| &self.cases[*place])
    }
}

/// Something for the others to hold.
async fn write(live: &mut Live, post: &Post, present: Option<Version>) -> Result<(), LiveError> {
    let id = {
        let device = post.seat.device();
        credential::id(device.id, 0)
    };
    let plaintext = credential::plaintext(Moment::now(), BYTES);
    live.put(&post.seat, 1, id, present.unwrap_or(Version(0)), &plaintext).await
}

/// Whether the server welcomes a device that was removed.
async fn says_hello(case: &Case, token: &str, target: &str, sources: &Sources) -> Result<bool, LineError> {
    let mut line = Line::open_from(sources.next(), target, Upgrade::of(token, target)).await?;
    loop {
        match line.next().await? {
            Heard::Message(ServerMessage::Challenge { nonce }) => {
                let hello = case.post.seat.device().hello(nonce.as_slice());
                // Its keys are those that it was made with.
                let Ok(hello) = hello else { return Ok(false) };
                line.send(&ClientMessage::Hello(hello)).await?;
            }
            Heard::Message(ServerMessage::Welcome(_)) => return Ok(true),
            Heard::Message(_) => {}
            Heard::Closed(_) => return Ok(false),
        }
    }
}
