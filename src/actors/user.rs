//! One per user with a live device here: reads what changed, once, and tells each socket its part, as
//! `keyleash_domain::fan_out` decides.

use std::{sync::Arc, time::Duration};

use actix::{
    Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, MessageResult, WrapFuture,
    dev::SendError,
};
use bytestring::ByteString;
use keyleash_domain::{
    connection::News,
    fan_out::{Effect, Heads, Input, Joining, Removed, Sealed, SocketId, Watch},
    retrieval::Reader,
};
use keyleash_protocol::{CloseCode, DeviceId, Seq, UserId, socket::ServerMessage};

use super::{
    DeviceActor, LiveDevice,
    activity::Note,
    device::Tell,
    directory::{Everyone, Node},
    limits::{HINTS_PAUSE, LOOK_PAUSE, SHOW_PAUSE, USER_LINGERS, USER_MAILBOX},
    look::look,
    presence::device_views,
};
use crate::{
    bus::HintNews,
    clock::Clock as _,
    store::{Activity, Device, Step},
};

pub(super) struct UserActor {
    node: Arc<Node>,
    user: UserId,
    watch: Watch,
    sockets: Vec<(SocketId, Addr<DeviceActor>)>,
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Join {
    pub(super) joining: Joining,
    pub(super) actor: Addr<DeviceActor>,
}

#[derive(Clone, Copy, Message)]
#[rtype(result = "()")]
pub(super) struct Left(pub(super) SocketId);

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Acked(pub(super) SocketId, pub(super) Seq);

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Wake(pub(super) HintNews);

#[derive(Clone, Copy, Message)]
#[rtype(result = "()")]
pub(super) struct WasRemoved(pub(super) Removed);

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct LookAgain;

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Concerns(pub(super) Everyone);

/// Some come back, elsewhere, within `spread`. The answer: how many were told.
#[derive(Message)]
#[rtype(result = "usize")]
pub(super) struct Leave {
    pub(super) spread: Duration,
    pub(super) at_most: usize,
}

#[derive(Message)]
#[rtype(result = "Vec<LiveDevice>")]
pub(super) struct WhoIsLive;

impl UserActor {
    pub(super) fn new(node: Arc<Node>, user: UserId) -> Self {
        Self { node, user, watch: Watch::default(), sockets: Vec::new() }
    }

    fn input(&mut self, input: Input, ctx: &mut Context<Self>) {
        let effects = self.watch.handle(input);
        self.carry_out(effects, None, ctx);
    }

    fn carry_out(&mut self, effects: Vec<Effect>, rows: Option<&[Device]>, ctx: &mut Context<Self>) {
        for effect in effects {
            match effect {
                Effect::Look { known } => self.look(known, ctx),
                Effect::Came(device, at) => self.note(device, Step::Came(at)),
                Effect::Went(device) => self.note(device, Step::Went),
                Effect::Seal { since, readers } => self.seal(since, readers, ctx),
                Effect::Tell { socket, news } => self.tell(socket, news, ctx),
                Effect::Show(sockets) => match rows {
                    Some(rows) => self.show(rows, &sockets, ctx),
                    None => self.read_and_show(sockets, ctx),
                },
                Effect::ShowSoon => {
                    ctx.run_later(SHOW_PAUSE, |actor, ctx| actor.input(Input::ShowDue, ctx));
                }
                Effect::DoubtHints => {
                    ctx.run_later(HINTS_PAUSE, |actor, ctx| actor.input(Input::TrustHints, ctx));
                }
                Effect::RetryLater => {
                    ctx.run_later(LOOK_PAUSE, |actor, ctx| actor.input(Input::Retry, ctx));
                }
            }
        }
    }

    fn look(&mut self, known: Option<Heads>, ctx: &mut Context<Self>) {
        let (node, user) = (self.node.clone(), self.user);
        let looking = async move { look(&node, user, known).await };
        ctx.spawn(looking.into_actor(self).map(|found, actor, ctx| match found {
            Ok(found) => {
                let effects = actor.watch.handle(Input::Facts(Some(found.facts)));
                actor.carry_out(effects, found.rows.as_deref(), ctx);
            }
            Err(error) => {
                tracing::warn!(%error, "a user's changes could not be read");
                actor.input(Input::Facts(None), ctx);
            }
        }));
    }

    fn seal(&mut self, since: Seq, readers: Vec<Reader>, ctx: &mut Context<Self>) {
        let (node, user) = (self.node.clone(), self.user);
        let sealing = async move { node.ports.vault.fan_out(user, since, &readers).await };
        ctx.spawn(sealing.into_actor(self).map(|sealed, actor, ctx| {
            let sealed = match sealed {
                Ok(fan_out) => Some(Sealed { to: fan_out.seq, parts: fan_out.parts }),
                Err(error) => {
                    tracing::warn!(%error, "a user's changes could not be sealed");
                    None
                }
            };
            actor.input(Input::Sealed(sealed), ctx);
        }));
    }

    fn note(&self, device: DeviceId, step: Step) {
        let last_seen = self.node.ports.clock.now();
        let activity = Activity { device, acked: Seq(0), last_seen, step: Some(step) };
        self.node.activity.note(Note { user: self.user, activity, caught_up: false });
    }

    fn read_and_show(&mut self, sockets: Vec<SocketId>, ctx: &mut Context<Self>) {
        let (node, user) = (self.node.clone(), self.user);
        let reading = async move { node.ports.devices.devices(user).await };
        ctx.spawn(reading.into_actor(self).map(move |rows, actor, ctx| match rows {
            Ok(rows) => actor.show(&rows, &sockets, ctx),
            Err(error) => tracing::warn!(%error, "a user's devices could not be read"),
        }));
    }

    fn show(&mut self, rows: &[Device], sockets: &[SocketId], ctx: &mut Context<Self>) {
        let (credentials, now) = (self.watch.heads().credentials, self.node.ports.clock.now());
        let devices = device_views(rows, self.watch.presences(), credentials, now);
        match serde_json::to_string(&ServerMessage::Devices { devices }) {
            Ok(text) => {
                let text = ByteString::from(text);
                for socket in sockets {
                    self.tell(*socket, News::Devices(text.clone()), ctx);
                }
            }
            Err(error) => tracing::error!(%error, "a list of devices could not be written as JSON"),
        }
    }

    fn tell(&mut self, socket: SocketId, news: News, ctx: &mut Context<Self>) {
        let Some((_, actor)) = self.sockets.iter().find(|(id, _)| *id == socket) else { return };
        match actor.try_send(Tell(news)) {
            Ok(()) => {}
            Err(SendError::Closed(_)) => self.left(socket, ctx),
            Err(SendError::Full(Tell(news))) => {
                // It does not keep up. A revocation waits for room; whatever else it misses, it reads when it comes back.
                let last_word = match news {
                    revoked @ News::Revoked { .. } => revoked,
                    News::Verified { .. }
                    | News::Changed(_)
                    | News::Devices(_)
                    | News::Drain { .. }
                    | News::Close(_) => News::Close(CloseCode::SlowConsumer),
                };
                let actor = actor.clone();
                ctx.spawn(async move { actor.send(Tell(last_word)).await.ok() }.into_actor(self).map(|_, _, _| ()));
            }
        }
    }

    fn left(&mut self, socket: SocketId, ctx: &mut Context<Self>) {
        self.sockets.retain(|(id, _)| *id != socket);
        self.input(Input::Left(socket), ctx);
        if self.watch.is_empty() {
            Self::linger(ctx);
        }
    }

    fn linger(ctx: &mut Context<Self>) {
        ctx.run_later(USER_LINGERS, |actor, ctx| {
            if !actor.watch.is_empty() {
                return;
            }
            if actor.node.retire(actor.user) {
                ctx.stop();
            } else {
                // Somebody has a seat and has not joined yet.
                Self::linger(ctx);
            }
        });
    }
}

impl Actor for UserActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(USER_MAILBOX);
        Self::linger(ctx);
    }
}

impl Handler<Join> for UserActor {
    type Result = ();

    fn handle(&mut self, join: Join, ctx: &mut Self::Context) {
        self.sockets.reserve_exact(1);
        self.sockets.push((join.joining.socket, join.actor));
        let effects = self.watch.join(join.joining);
        self.carry_out(effects, None, ctx);
        if self.node.is_draining() {
            // It came in while the others were sent away.
            self.tell(join.joining.socket, News::Drain { reconnect_after: Duration::ZERO }, ctx);
        }
    }
}

impl Handler<Left> for UserActor {
    type Result = ();

    fn handle(&mut self, Left(socket): Left, ctx: &mut Self::Context) {
        self.left(socket, ctx);
    }
}

impl Handler<Acked> for UserActor {
    type Result = ();

    fn handle(&mut self, Acked(socket, seq): Acked, ctx: &mut Self::Context) {
        self.input(Input::Acked(socket, seq), ctx);
    }
}

impl Handler<Wake> for UserActor {
    type Result = ();

    fn handle(&mut self, Wake(news): Wake, ctx: &mut Self::Context) {
        match news {
            HintNews::Changed(seq) => self.input(Input::Hint(seq), ctx),
            HintNews::Presence => self.input(Input::Presence, ctx),
        }
    }
}

impl Handler<Concerns> for UserActor {
    type Result = ();

    fn handle(&mut self, Concerns(news): Concerns, ctx: &mut Self::Context) {
        match news {
            Everyone::NodeGone(node) => self.input(Input::NodeGone(node), ctx),
            Everyone::ReadPresence => self.input(Input::Presence, ctx),
        }
    }
}

impl Handler<WasRemoved> for UserActor {
    type Result = ();

    fn handle(&mut self, WasRemoved(removed): WasRemoved, ctx: &mut Self::Context) {
        self.input(Input::Removed(removed), ctx);
    }
}

impl Handler<LookAgain> for UserActor {
    type Result = ();

    fn handle(&mut self, _: LookAgain, ctx: &mut Self::Context) {
        self.input(Input::LookAgain, ctx);
    }
}

impl Handler<Leave> for UserActor {
    type Result = usize;

    fn handle(&mut self, Leave { spread, at_most }: Leave, ctx: &mut Self::Context) -> usize {
        let sockets: Vec<SocketId> = self.sockets.iter().map(|(id, _)| *id).take(at_most).collect();
        for socket in &sockets {
            self.tell(*socket, News::Drain { reconnect_after: share_of(spread, *socket) }, ctx);
        }
        sockets.len()
    }
}

impl Handler<WhoIsLive> for UserActor {
    type Result = MessageResult<WhoIsLive>;

    fn handle(&mut self, _: WhoIsLive, _: &mut Self::Context) -> Self::Result {
        let now = self.node.ports.clock.now();
        let online = self.watch.presences().iter().filter(|presence| presence.here);
        MessageResult(
            online
                .map(|presence| LiveDevice { device: presence.device, acked: presence.acked, last_seen: now })
                .collect(),
        )
    }
}

/// Spreads the sockets evenly: their numbers are consecutive.
fn share_of(spread: Duration, socket: SocketId) -> Duration {
    const SHARES: u32 = 1_000;
    let share = u32::try_from(socket.0 % u64::from(SHARES)).unwrap_or(0);
    spread * share / SHARES
}
