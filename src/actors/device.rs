//! One per socket: moves messages between the peer and the decisions of `keyleash_domain::connection`, and carries out
//! what those decide. It never waits: what has to be asked is asked in a future of its own.

use std::{fmt, net::IpAddr, rc::Rc, sync::Arc, time::Instant};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Handler, Message, Running, StreamHandler, WrapFuture,
    dev::SendError,
};
use actix_web_actors::ws::{self, CloseReason, ProtocolError, WebsocketContext};
use keyleash_domain::{
    connection::{Effect, Identified, Input, Moment, News, Unidentified},
    fan_out::{Joining, SocketId},
    retrieval::Reader,
};
use keyleash_protocol::{
    Base64Url, CloseCode, DeviceId, Seq, SessionId, UnixMillis, UserId,
    limits::NONCE_BYTES,
    socket::{ClientMessage, Hello, RevokeReason, ServerMessage},
};

use super::{
    Directory, Inbound, Link, Stranger,
    activity::Note,
    asking::{self, Claim},
    directory::{Node, Seat},
    hello,
    limits::SIGN_OF_LIFE_EVERY,
    user::{Acked, Join, Left, LookAgain},
};
use crate::{clock::Clock as _, store::Activity, telemetry::FIGURES};

/// Who opened the socket, as its session says.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    pub user: UserId,
    pub session: SessionId,
    /// The device that the session is bound to.
    pub device: Option<DeviceId>,
    pub expires_at: UnixMillis,
    pub address: IpAddr,
}

pub struct DeviceActor {
    node: Arc<Node>,
    link: Rc<Link>,
    phase: Phase,
}

/// Boxed, so that an idle device does not carry the room of a greeting.
enum Phase {
    Greeting(Box<Greeting>),
    Live(Box<Live>),
    Over,
}

struct Greeting {
    caller: Caller,
    nonce: [u8; NONCE_BYTES],
    unidentified: Unidentified,
    /// Its place among the strangers of its address; free again once it said who it is.
    _stranger: Stranger,
}

struct Live {
    connection: Identified,
    user: UserId,
    reader: Reader,
    socket: SocketId,
    expires_at: UnixMillis,
    address: IpAddr,
    acked: Seq,
    /// When it was last written down that it is alive.
    noted: UnixMillis,
    /// None for a removed device: nobody has news for it.
    seat: Option<Seat>,
}

/// What the user's actor tells a socket.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Tell(pub(super) News);

impl DeviceActor {
    pub fn new(directory: &Directory, caller: Caller, stranger: Stranger, link: Rc<Link>) -> Self {
        let node = directory.node().clone();
        let nonce = node.ports.entropy.bytes();
        let unidentified = Unidentified::new(Instant::now());
        let greeting = Greeting { caller, nonce, unidentified, _stranger: stranger };
        Self { node, link, phase: Phase::Greeting(Box::new(greeting)) }
    }

    fn hear(&mut self, text: &str, ctx: &mut WebsocketContext<Self>) {
        // The decoder's limit on a frame and serde_json's on nesting bound what this can cost.
        let Ok(message) = serde_json::from_str::<ClientMessage>(text) else {
            return self.close(CloseCode::ProtocolError, ctx);
        };
        match &mut self.phase {
            Phase::Greeting(greeting) => match greeting.unidentified.hear(message, Instant::now()) {
                Ok(hello) => self.identify(hello, ctx),
                Err(code) => self.close(code, ctx),
            },
            Phase::Live(_) => self.input(Input::Message(message), ctx),
            Phase::Over => {}
        }
    }

    fn identify(&mut self, hello: Hello, ctx: &mut WebsocketContext<Self>) {
        let Phase::Greeting(greeting) = &self.phase else { return };
        let (node, caller, nonce) = (self.node.clone(), greeting.caller, greeting.nonce);
        self.link.pause(true);
        let checked = async move { hello::identify(&node, &caller, &nonce, hello).await };
        ctx.spawn(checked.into_actor(self).map(move |result, actor, ctx| {
            actor.link.pause(false);
            match result {
                Ok(proven) => actor.welcome(caller, proven, ctx),
                Err(code) => actor.close(code, ctx),
            }
        }));
    }

    fn welcome(&mut self, caller: Caller, proven: hello::Proven, ctx: &mut WebsocketContext<Self>) {
        if !matches!(self.phase, Phase::Greeting(_)) {
            return;
        }
        let hello::Proven { reader, verified_at, start } = proven;
        let Reader { device, retrieve } = reader;
        let (cursor, heartbeat) = (start.cursor, start.heartbeat);
        let (connection, effects) = Identified::new(start, self.moment());
        let seat = (!connection.is_revoked()).then(|| self.node.join(caller.user));
        let socket = self.node.next_socket();
        if let Some(seat) = &seat {
            let at = self.node.ports.clock.now();
            let joining = Joining { socket, device, session: caller.session, verified_at, retrieve, cursor, at };
            if seat.actor.try_send(Join { joining, actor: ctx.address() }).is_err() {
                return self.close(CloseCode::Unavailable, ctx);
            }
        }
        self.phase = Phase::Live(Box::new(Live {
            connection,
            user: caller.user,
            reader,
            socket,
            expires_at: caller.expires_at,
            address: caller.address,
            acked: cursor,
            noted: self.node.ports.clock.now(),
            seat,
        }));
        ctx.run_interval(heartbeat, |actor, ctx| {
            actor.input(Input::Beat, ctx);
            actor.watch_session(ctx);
        });
        self.carry_out(effects, ctx);
        self.watch_session(ctx);
    }

    /// Ends the socket when its session ends by the clock. Looked at with each heartbeat, to the millisecond in the last.
    fn watch_session(&mut self, ctx: &mut WebsocketContext<Self>) {
        let Phase::Live(live) = &self.phase else { return };
        let left = live.expires_at.since(self.node.ports.clock.now());
        if left.is_zero() {
            let (reason, at) = (RevokeReason::SignedOut, live.expires_at);
            self.input(Input::News(News::Revoked { reason, at }), ctx);
        } else if left < self.node.settings.heartbeat {
            ctx.run_later(left, Self::watch_session);
        }
    }

    pub(super) fn input(&mut self, input: Input, ctx: &mut WebsocketContext<Self>) {
        let moment = self.moment();
        if let Phase::Live(live) = &mut self.phase {
            let effects = live.connection.handle(input, moment);
            self.carry_out(effects, ctx);
        }
    }

    fn moment(&self) -> Moment {
        Moment { now: Instant::now(), writable: self.link.is_writable() }
    }

    fn carry_out(&mut self, effects: Vec<Effect>, ctx: &mut WebsocketContext<Self>) {
        for effect in effects {
            self.perform(effect, ctx);
        }
        if let Phase::Live(live) = &self.phase {
            self.link.pause(!live.connection.wants_input());
        }
    }

    fn perform(&mut self, effect: Effect, ctx: &mut WebsocketContext<Self>) {
        let Phase::Live(live) = &mut self.phase else { return };
        let (node, user, reader) = (self.node.clone(), live.user, live.reader);
        let device = reader.device;
        match effect {
            Effect::Send(message) => {
                count(&message);
                send(&message, ctx);
            }
            Effect::SendText(text) => ctx.text(text),
            Effect::Ping => ctx.ping(&[]),
            Effect::Unlock => self.ask(async move { Input::Unlocked(asking::unlock(&node, user, device).await) }, ctx),
            Effect::Read { cursor } => {
                self.ask(async move { Input::Page(asking::page(&node, user, reader, cursor).await) }, ctx);
            }
            Effect::Retrieve { ids } => {
                let asked = async move { Input::Retrieved(asking::retrieve(&node, user, device, &ids).await) };
                self.ask(asked, ctx);
            }
            Effect::Write(write) => {
                self.ask_to_the_end(async move { asking::write(&node, user, device, write).await }, ctx);
            }
            Effect::RecordReceipt { wiped, removed_at } => {
                let address = live.address;
                let claim = Claim { device, address, wiped, removed_at };
                let record = async move { asking::record_receipt(&node, user, claim).await };
                self.ask_to_the_end(record, ctx);
            }
            Effect::Acked(seq) => {
                let last_seen = node.ports.clock.now();
                let caught_up = seq > live.acked;
                if caught_up || last_seen.since(live.noted) >= SIGN_OF_LIFE_EVERY {
                    live.noted = last_seen;
                    let activity = Activity { device, acked: seq, last_seen, step: None };
                    node.activity.note(Note { user, activity, caught_up });
                }
                if caught_up {
                    live.acked = seq;
                    // One that does not fit is made up for by the next heartbeat's ack.
                    live.seat.as_ref().map(|seat| seat.actor.try_send(Acked(live.socket, seq)));
                }
            }
            Effect::LookAgain => {
                live.seat.as_ref().map(|seat| seat.actor.try_send(LookAgain));
            }
            Effect::WakeAfter(wait) => {
                ctx.run_later(wait, |actor, ctx| actor.input(Input::Wake, ctx));
            }
            Effect::Close(code) => self.close(code, ctx),
        }
    }

    fn ask(&mut self, question: impl Future<Output = Input> + 'static, ctx: &mut WebsocketContext<Self>) {
        ctx.spawn(question.into_actor(self).map(|answer, actor, ctx| actor.input(answer, ctx)));
    }

    /// Like [`Self::ask`], but not given up when the peer hangs up meanwhile: what is stored is also to be published.
    fn ask_to_the_end(&mut self, question: impl Future<Output = Input> + 'static, ctx: &mut WebsocketContext<Self>) {
        let asked = actix_rt::spawn(question);
        ctx.spawn(asked.into_actor(self).map(|answer, actor, ctx| match answer {
            Ok(answer) => actor.input(answer, ctx),
            Err(error) => {
                tracing::error!(%error, "a write broke off");
                actor.close(CloseCode::Unavailable, ctx);
            }
        }));
    }

    fn close(&mut self, code: CloseCode, ctx: &mut WebsocketContext<Self>) {
        FIGURES.closed(code);
        self.leave();
        if self.link.is_writable() || code != CloseCode::SlowConsumer {
            ctx.close(Some(CloseReason {
                code: ws::CloseCode::Other(code.code()),
                description: Some(code.slug().into()),
            }));
        } else {
            // It does not read: a farewell would only wait in line.
            self.link.cut();
        }
        ctx.stop();
    }

    fn leave(&mut self) {
        if let Phase::Live(live) = std::mem::replace(&mut self.phase, Phase::Over)
            && let Some(seat) = live.seat
        {
            let actor = seat.actor.clone();
            // Waits for room if it must: a socket that is never missed would be told news for ever.
            if let Err(SendError::Full(left)) = actor.try_send(Left(live.socket)) {
                actix_rt::spawn(async move { actor.send(left).await.ok() });
            }
        }
    }
}

impl Actor for DeviceActor {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let Phase::Greeting(greeting) = &self.phase else { return };
        send(&ServerMessage::Challenge { nonce: Base64Url(greeting.nonce.to_vec()) }, ctx);
        ctx.run_later(Unidentified::PATIENCE, |actor, ctx| {
            if let Phase::Greeting(greeting) = &actor.phase
                && let Err(code) = greeting.unidentified.check(Instant::now())
            {
                actor.close(code, ctx);
            }
        });
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        self.leave();
        Running::Stop
    }
}

impl StreamHandler<Inbound> for DeviceActor {
    fn handle(&mut self, inbound: Inbound, ctx: &mut Self::Context) {
        match inbound {
            Inbound::Text(text) => self.hear(&text, ctx),
            Inbound::Ping(payload) => {
                // A peer that pings and does not read gets no pongs piled up.
                if self.link.is_writable() {
                    ctx.pong(&payload);
                }
                self.input(Input::Heard, ctx);
            }
            Inbound::Pong => self.input(Input::Heard, ctx),
            Inbound::Writable => self.input(Input::Writable, ctx),
            Inbound::Close => {
                self.leave();
                ctx.close(None);
                ctx.stop();
            }
            Inbound::Violation(code) => self.close(code, ctx),
        }
    }
}

/// Required by the context's constructor; the socket's own decoder feeds [`Inbound`] instead.
impl StreamHandler<Result<ws::Message, ProtocolError>> for DeviceActor {
    fn handle(&mut self, _: Result<ws::Message, ProtocolError>, _: &mut Self::Context) {}
}

impl Handler<Tell> for DeviceActor {
    type Result = ();

    fn handle(&mut self, Tell(news): Tell, ctx: &mut Self::Context) {
        if let News::Revoked { reason, at } = news
            && reason != RevokeReason::SignedOut
        {
            FIGURES.revocation_seconds.observe(self.node.ports.clock.now().since(at).as_secs_f64());
        }
        self.input(Input::News(news), ctx);
    }
}

fn count(message: &ServerMessage) {
    if let ServerMessage::Sync(page) = message
        && !(page.upserts.is_empty() && page.deletes.is_empty())
    {
        FIGURES.pushes.inc();
    }
}

fn send(message: &ServerMessage, ctx: &mut WebsocketContext<DeviceActor>) {
    match serde_json::to_string(message) {
        Ok(text) => ctx.text(text),
        Err(error) => tracing::error!(%error, "a message could not be written as JSON"),
    }
}

impl fmt::Debug for DeviceActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.phase {
            Phase::Greeting(greeting) => write!(f, "DeviceActor(stranger of {})", greeting.caller.user),
            Phase::Live(live) => write!(f, "DeviceActor({})", live.reader.device),
            Phase::Over => f.write_str("DeviceActor(over)"),
        }
    }
}
