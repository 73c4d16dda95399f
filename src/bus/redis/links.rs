//! The connections to Redis: one to a single server, or one to each master of a cluster. Knows which channel lives where.

use std::{collections::BTreeMap, fmt, iter, ops::RangeInclusive, sync::Arc};

use futures_util::future::try_join_all;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, Pipeline, ProtocolVersion,
    RedisResult, Value, aio::MultiplexedConnection, cmd,
};

use super::{
    CONNECT_MAX, REPLY_MAX, RedisBusError,
    ear::Ear,
    words::{self, NodeName},
};
use crate::bus::outlet::Outlet;

/// Slots of a cluster (Redis cluster specification, "Key distribution model").
const SLOTS: u16 = 16_384;

type Slots = RangeInclusive<u16>;

/// Where Redis is.
#[derive(Clone)]
pub(super) struct Place {
    configured: ConnectionInfo,
    /// Of a cluster: masters that were met. One of them is asked when the configured server is gone.
    met: Vec<ConnectionAddr>,
    is_cluster: bool,
}

impl Place {
    pub(super) fn parse(url: &str, is_cluster: bool) -> Result<Self, RedisBusError> {
        let info = url.into_connection_info().map_err(|_| RedisBusError::Url)?;
        if !matches!(info.addr(), ConnectionAddr::Tcp(..) | ConnectionAddr::TcpTls { .. }) {
            return Err(RedisBusError::Url);
        }
        // RESP3 carries messages and answers on one connection. The library's name is not told: an ACL would have to
        // allow that.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3).set_skip_set_lib_name();
        // A hint is small and urgent.
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        Ok(Self { configured: info.set_redis_settings(settings).set_tcp_settings(tcp), met: Vec::new(), is_cluster })
    }

    /// Connects. Every message comes to the ear that is returned too.
    pub(super) async fn open(&mut self, node: NodeName, outlet: &Outlet) -> Result<(Links, Arc<Ear>), RedisBusError> {
        let masters = if self.is_cluster { self.masters().await? } else { vec![self.whole()] };
        let ear = Arc::new(Ear::new(node, outlet.clone(), masters.len()));
        let links = masters.iter().enumerate().map(async |(number, (address, slots))| {
            let canary = canary_in(node, slots);
            let config = config().set_push_sender(ear.of_link(number, canary.clone()));
            let connection = self.connect(address, &config).await?;
            Ok::<_, RedisBusError>(Link { connection, canary, slots: slots.clone() })
        });
        let links = try_join_all(links).await?;
        self.met = masters.into_iter().map(|(address, _)| address).collect();
        let verbs = if self.is_cluster { &SHARDED } else { &PLAIN };
        Ok((Links { links, verbs }, ear))
    }

    /// A single server has every channel.
    fn whole(&self) -> (ConnectionAddr, Vec<Slots>) {
        (self.configured.addr().clone(), vec![0..=SLOTS - 1])
    }

    /// Asks the cluster who has which slots.
    async fn masters(&self) -> Result<Vec<(ConnectionAddr, Vec<Slots>)>, RedisBusError> {
        let mut outcome = Err(RedisBusError::Slots);
        for address in iter::once(self.configured.addr()).chain(&self.met) {
            outcome = self.masters_by(address).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    async fn masters_by(&self, address: &ConnectionAddr) -> Result<Vec<(ConnectionAddr, Vec<Slots>)>, RedisBusError> {
        let mut connection = self.connect(address, &config()).await?;
        let answer = cmd("CLUSTER").arg("SLOTS").query_async(&mut connection).await;
        let answer: Value = answer.map_err(RedisBusError::commanding)?;
        let masters = read_slots(&answer, address).ok_or(RedisBusError::Slots)?;
        let covered: usize = masters.values().flatten().map(ExactSizeIterator::len).sum();
        if covered < usize::from(SLOTS) {
            return Err(RedisBusError::Slots);
        }
        Ok(masters.into_iter().map(|((host, port), slots)| (with_host(address, host, port), slots)).collect())
    }

    async fn connect(
        &self,
        address: &ConnectionAddr,
        config: &AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, RedisBusError> {
        let unreachable = |error| RedisBusError::connecting(address.to_string(), &error);
        let client = Client::open(self.configured.clone().set_addr(address.clone())).map_err(unreachable)?;
        client.get_multiplexed_async_connection_with_config(config).await.map_err(unreachable)
    }
}

/// The password is in there.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({})", self.configured.addr())
    }
}

/// Connections that are used together, and given up together when one of them breaks. Clones share them.
#[derive(Clone)]
pub(super) struct Links {
    links: Vec<Link>,
    verbs: &'static Verbs,
}

#[derive(Clone)]
struct Link {
    connection: MultiplexedConnection,
    canary: String,
    slots: Vec<Slots>,
}

/// What the commands are called.
struct Verbs {
    subscribe: &'static str,
    unsubscribe: &'static str,
    publish: &'static str,
}

const PLAIN: Verbs = Verbs { subscribe: "SUBSCRIBE", unsubscribe: "UNSUBSCRIBE", publish: "PUBLISH" };
const SHARDED: Verbs = Verbs { subscribe: "SSUBSCRIBE", unsubscribe: "SUNSUBSCRIBE", publish: "SPUBLISH" };

impl Links {
    /// In one round trip to each server, as all of these are.
    pub(super) async fn subscribe(&self, channels: &[String]) -> Result<(), RedisBusError> {
        self.send(self.verbs.subscribe, channels.iter().map(|channel| (channel, None))).await
    }

    pub(super) async fn unsubscribe(&self, channels: &[String]) -> Result<(), RedisBusError> {
        self.send(self.verbs.unsubscribe, channels.iter().map(|channel| (channel, None))).await
    }

    /// Channels, each with what is published on it.
    pub(super) async fn publish(&self, messages: &[(String, String)]) -> Result<(), RedisBusError> {
        self.send(self.verbs.publish, messages.iter().map(|(channel, payload)| (channel, Some(payload)))).await
    }

    /// One channel on every link, on which nobody else speaks.
    pub(super) fn canaries(&self) -> impl Iterator<Item = String> {
        self.links.iter().map(|link| link.canary.clone())
    }

    async fn send(
        &self,
        verb: &str,
        arguments: impl Iterator<Item = (&String, Option<&String>)>,
    ) -> Result<(), RedisBusError> {
        let mut pipelines = vec![Pipeline::new(); self.links.len()];
        for (channel, payload) in arguments {
            let link = self.links.iter().position(|link| has(&link.slots, channel));
            pipelines[link.ok_or(RedisBusError::Slots)?].cmd(verb).arg(channel).arg(payload).ignore();
        }
        let sending = self.links.iter().zip(&pipelines).filter(|(_, pipeline)| !pipeline.is_empty());
        let sending = sending.map(async |(link, pipeline)| {
            let answers: RedisResult<()> = pipeline.query_async(&mut link.connection.clone()).await;
            answers.map_err(RedisBusError::commanding)
        });
        try_join_all(sending).await.map(drop)
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Links({})", self.links.len())
    }
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_MAX)).set_response_timeout(Some(REPLY_MAX))
}

/// The first canary of the node that lives in one of these slots.
fn canary_in(node: NodeName, slots: &[Slots]) -> String {
    let mut names = (0..=u32::MAX).map(|number| words::canary(node, number));
    names.find(|name| has(slots, name)).unwrap_or_default()
}

/// Whether a channel lives in one of these slots.
fn has(slots: &[Slots], channel: &str) -> bool {
    let slot = slot(channel);
    slots.iter().any(|slots| slots.contains(&slot))
}

/// The slot of a channel: CRC16 (XMODEM) modulo their number. Names here have no hash tag.
fn slot(channel: &str) -> u16 {
    let crc = channel.bytes().fold(0_u16, |crc, byte| {
        let step = |crc: u16, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        (0..8).fold(crc ^ (u16::from(byte) << 8), step)
    });
    crc % SLOTS
}

/// Reads the answer to `CLUSTER SLOTS`: ranges, each with its master first. A master without a host is the one that was
/// asked.
fn read_slots(answer: &Value, asked: &ConnectionAddr) -> Option<BTreeMap<(String, u16), Vec<Slots>>> {
    let Value::Array(ranges) = answer else { return None };
    let mut masters: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for range in ranges {
        let Value::Array(range) = range else { return None };
        let [Value::Int(first), Value::Int(last), Value::Array(master), ..] = range.as_slice() else { return None };
        let [host, Value::Int(port), ..] = master.as_slice() else { return None };
        let host = match host {
            Value::BulkString(host) if !host.is_empty() => String::from_utf8(host.clone()).ok()?,
            _ => host_of(asked).to_owned(),
        };
        let slots = u16::try_from(*first).ok()?..=u16::try_from(*last).ok()?;
        masters.entry((host, u16::try_from(*port).ok()?)).or_default().push(slots);
    }
    Some(masters)
}

fn host_of(address: &ConnectionAddr) -> &str {
    match address {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host,
        _ => "",
    }
}

/// Another server, spoken to in the same way.
fn with_host(like: &ConnectionAddr, host: String, port: u16) -> ConnectionAddr {
    match like {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
        }
        _ => ConnectionAddr::Tcp(host, port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot("123456789"), 0x31c3 % SLOTS);
    }

    #[test]
    fn each_master_gets_a_canary_of_its_own() {
        let node = NodeName(1);
        for slots in [0..=0, 5_461..=10_922, SLOTS - 1..=SLOTS - 1] {
            let slots = [slots];
            assert!(has(&slots, &canary_in(node, &slots)));
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let place = Place::parse("rediss://app:hush@cache.example/", false).unwrap();
        assert_eq!(format!("{place:?}"), "Place(cache.example:6379)");
        for url in ["redis://app:hush@", "http://app:hush@cache.example", "redis+unix:///hush"] {
            let error = Place::parse(url, false).unwrap_err();
            assert!(error.to_string().contains("bus.url"), "{error}");
            assert!(!format!("{error:?} {error}").contains("hush"), "{error:?}");
        }
    }
}
