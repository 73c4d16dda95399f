//! `mixed`: a day in a minute. People log in, enrol devices by real mails, put and delete, remove one device or all others,
//! and lose their connection, on a schedule. At the end it is quiet, and every device is checked: it holds exactly what the
//! database has, and no removed one got anything after its removal was answered.

mod browser;
mod check;
mod difference;
mod found;
mod ledger;
mod person;
mod truth;
mod verdict;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout},
};

use self::{
    browser::Browser,
    found::{Fate, UserFound},
    person::{Outcome, Person},
    verdict::judge,
};
pub use self::{
    difference::{Difference, Kind},
    truth::TruthError,
};
use super::{Findings, ScenarioError};
use crate::{
    api::Api,
    board::Board,
    crew::{AT_ONCE, HELLO_MAX},
    fleet,
    ground::Ground,
    mails::{Mails, Place},
    options::Options,
    owner::OwnerError,
    pace::Pace,
    prepare::Way,
    report::Extent,
    run::{Better, Run, Unit},
    site::Site,
    sources::Sources,
    times::{Moment, Times},
    watch::Watch,
};

/// What was begun is ended within this after the schedule: a login may wait for the next code of its authenticator, twice.
const LAST_MAX: Duration = Duration::from_mins(3);
/// Differences that are listed; who has more looks at the first ones first.
const LISTED: usize = 50;

/// A day in a minute, and then a check of every device: logins, enrolments by mail, puts, deletes, removals, reconnects.
#[derive(Clone, Debug, clap::Args)]
pub struct Mixed {
    #[command(flatten)]
    pub options: Options,
    /// Things that people do a second, all together.
    #[arg(long, value_name = "PER-SECOND", default_value_t = 20.0)]
    pub rate: f64,
    /// Where the mails are that the server sends: the first target's page of embedded mail by default, or a directory, or
    /// `peer:127.0.0.1:PORT` with the control port of crates/testbed/python/smtp.py.
    #[arg(long, value_name = "PLACE", conflicts_with = "start")]
    pub mails: Option<String>,
    /// Who does what when; the same seed is the same day.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
}

/// Something that somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Put,
    Delete,
    Reconnect,
    LogIn,
    Enrol,
    Remove,
    RemoveOthers,
}

/// Of a thousand things that people do. About as many devices come as go.
const MIX: [(Deed, usize, &str, &str); 7] = [
    (Deed::Put, 640, "mixed.puts", "puts"),
    (Deed::Delete, 80, "mixed.deletes", "deletes"),
    (Deed::Reconnect, 160, "mixed.reconnects", "reconnects"),
    (Deed::LogIn, 30, "mixed.logins", "logins"),
    (Deed::Enrol, 50, "mixed.enrolments", "enrolments by mail"),
    (Deed::Remove, 30, "mixed.removals", "removals of one device"),
    (Deed::RemoveOthers, 10, "mixed.removals_of_others", "removals of all other devices"),
];

/// Numbers that are the same each time (Vigna's SplitMix64): a day can be lived again.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `bound - 1`; the bias is far below what matters here.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % (bound.max(1) as u64)).unwrap_or(0)
    }

    fn deed(&mut self) -> Deed {
        let mut drawn = self.below(MIX.iter().map(|(_, share, ..)| share).sum());
        for (deed, share, ..) in MIX {
            match drawn.checked_sub(share) {
                None => return deed,
                Some(rest) => drawn = rest,
            }
        }
        Deed::Put
    }
}

/// What everybody shares.
#[derive(Debug)]
struct Day {
    targets: Vec<String>,
    /// One for each target, without a session.
    apis: Vec<Api>,
    sources: Sources,
    hellos: Semaphore,
    mails: Mails,
    board: Arc<Board>,
    times: DayTimes,
    /// How often each thing ended how.
    tally: Mutex<BTreeMap<(Deed, Outcome), u64>>,
    /// The browsers' tasks.
    tasks: Mutex<JoinSet<()>>,
}

/// From when something was meant to begin.
#[derive(Debug)]
struct DayTimes {
    put: Arc<Times>,
    delivery: Times,
    delete: Times,
    reconnect: Times,
    log_in: Times,
    enrol: Times,
    removal: Times,
}

/// The servers' database, to read in.
fn database(ground: &Ground) -> Option<String> {
    let embedded = |site: &Site| format!("sqlite:{}", site.directory().join("keyleash.db").display());
    ground.database.clone().or_else(|| ground.site.as_ref().map(embedded))
}

/// What a check found wrong; the error of a run that is worth nothing.
#[derive(Debug)]
pub struct Differences(Vec<Difference>);

impl Mixed {
    /// The run, and what is wrong at its end.
    pub async fn run(&self) -> Result<(Run, Vec<Difference>), ScenarioError> {
        let options = &self.options;
        let ground = Ground::open_for(options, Way::AsPeople).await?;
        let mut findings = Findings::begin("mixed", options);
        findings.option("things a second", &self.rate);
        findings.option("seed", &self.seed);
        let day = Arc::new(self.begin(&ground).await?);
        let fleet = ground.fleet.iter().enumerate();
        let people = fleet.map(|(turn, prepared)| Person::begin(prepared, turn, &day).map(Arc::new));
        let people = people.collect::<Result<Vec<_>, _>>()?;
        all_live(&people, &day.board).await?;

        let length = options.warm_up + options.measured;
        let nodes = ground.nodes.clone();
        let watch = Watch::begin("mixed", Extent::Time(length), day.board.clone(), nodes, Some(day.times.put.clone()));
        let began = Instant::now();
        self.live_it(&people, &day).await;
        let seconds = began.elapsed().as_secs_f64();
        watch.say("the day is over; waiting until every device has everything");
        check::until_quiet(&people, &day).await;
        let found = check::gather(&people, &day, database(&ground).as_deref()).await?;
        lock(&day.tasks).abort_all();
        if let Some(file) = &options.fleet {
            let saved = stream::iter(&people).then(|person| person.save()).collect::<Vec<_>>().await;
            fleet::write(file, &saved)?;
        }
        let differences: Vec<Difference> = found.iter().flat_map(judge).collect();
        tell(&mut findings, &day, &found, &differences);
        Ok((findings.end(seconds, &day.board, watch), differences))
    }

    async fn begin(&self, ground: &Ground) -> Result<Day, ScenarioError> {
        let place = match (&ground.site, &self.mails) {
            (Some(site), _) => Place::of(site),
            (None, Some(place)) => Place::parse(place)?,
            (None, None) => Place::parse(&ground.targets[0])?,
        };
        let times = DayTimes {
            put: Arc::new(Times::closed("mixed.put", "put, until it is done")),
            delivery: Times::closed("mixed.delivery", "put, until each other device has it"),
            delete: Times::closed("mixed.delete", "delete, until it is done"),
            reconnect: Times::closed("mixed.reconnect", "reconnect, until live and caught up"),
            log_in: Times::closed("mixed.log_in", "login, password and code"),
            enrol: Times::closed("mixed.enrol", "login, enrolment and mail, until live and caught up"),
            removal: Times::closed("mixed.removal", "removal, until the remover is answered"),
        };
        Ok(Day {
            targets: ground.targets.clone(),
            apis: ground.targets.iter().map(|target| Api::new(target)).collect::<Result<_, _>>()?,
            sources: Sources::of(&ground.targets),
            hellos: Semaphore::new(AT_ONCE),
            mails: Mails::watch(place).await?,
            board: Arc::default(),
            times,
            tally: Mutex::default(),
            tasks: Mutex::default(),
        })
    }

    /// Everybody does what comes to them when it is due, whether or not the last thing is done.
    async fn live_it(&self, people: &[Arc<Person>], day: &Arc<Day>) {
        let begin = Instant::now();
        let (opening, end) = (begin + self.options.warm_up, begin + self.options.warm_up + self.options.measured);
        day.times.measure(Moment::of(opening.into_std()), Moment::of(end.into_std()));
        let mut pace = Pace::new(begin, self.rate, Duration::ZERO);
        let (mut dice, mut deeds) = (Dice(self.seed), JoinSet::new());
        while pace.due() < end {
            let intended = pace.tick().await;
            let (deed, own) = (dice.deed(), Dice(dice.roll()));
            let (person, day) = (people[dice.below(people.len())].clone(), day.clone());
            deeds.spawn(async move { day.count(deed, &person.does(deed, own, intended, &day).await) });
            // What is done need not be kept.
            while deeds.try_join_next().is_some() {}
        }
        let ended = async { while deeds.join_next().await.is_some() {} };
        if timeout(LAST_MAX, ended).await.is_err() {
            day.board.failed_with("not done in time");
        }
    }
}

impl Day {
    fn count(&self, deed: Deed, outcome: &Result<Outcome, OwnerError>) {
        match outcome {
            Ok(outcome) => *lock(&self.tally).entry((deed, *outcome)).or_default() += 1,
            Err(error) => self.board.failed_with(&error.kind()),
        }
    }

    fn counted(&self, deed: Deed, outcome: Outcome) -> u64 {
        lock(&self.tally).get(&(deed, outcome)).copied().unwrap_or_default()
    }
}

impl DayTimes {
    fn all(&self) -> [&Times; 7] {
        [&self.put, &self.delivery, &self.delete, &self.removal, &self.reconnect, &self.log_in, &self.enrol]
    }

    fn measure(&self, since: Moment, until: Moment) {
        self.all().into_iter().for_each(|times| times.measure(since, until));
    }
}

/// Everybody is there before the day begins.
async fn all_live(people: &[Arc<Person>], board: &Arc<Board>) -> Result<(), ScenarioError> {
    let browsers: Vec<Arc<Browser>> = people.iter().flat_map(|person| person.browsers()).collect();
    let settled = async {
        for browser in &browsers {
            browser.settled().await;
        }
    };
    // Who is not live is counted below.
    let _ = timeout(HELLO_MAX, settled).await;
    super::all_live(browsers.len(), board)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run")]
fn tell(findings: &mut Findings, day: &Day, found: &[UserFound], differences: &[Difference]) {
    let devices = || found.iter().flat_map(|user| &user.devices);
    let removed = devices().filter(|device| device.fate != Fate::Stays).count();
    let (kinds, words) = (by_kind(differences), "differences at the end");
    findings.aim("mixed.differences", words, differences.len() as f64, Unit::Count, (Better::Lower, 0.0));
    let mut figure = |name: &str, title: &str, count: f64| {
        findings.figure(name, title, count, Unit::Count, Better::Neutral);
    };
    figure("mixed.checked", "devices that were checked", (devices().count() - removed) as f64);
    figure("mixed.checked_removed", "removed devices that were checked", removed as f64);
    for (deed, _, name, title) in MIX {
        figure(name, title, day.counted(deed, Outcome::Done) as f64);
    }
    let sum = |outcome| MIX.iter().map(|(deed, ..)| day.counted(*deed, outcome)).sum::<u64>() as f64;
    figure("mixed.conflicts", "writes that somebody else was ahead of", sum(Outcome::Conflict));
    figure("mixed.unanswered", "writes that a removal or a reconnect was ahead of", sum(Outcome::Unanswered));
    day.times.all().into_iter().for_each(|times| findings.latency(times));
    for (kind, count) in kinds {
        findings.remark(format!("Difference: {} ({count}).", kind.words()));
    }
}

fn by_kind(differences: &[Difference]) -> BTreeMap<Kind, usize> {
    differences.iter().fold(BTreeMap::new(), |mut kinds, difference| {
        *kinds.entry(difference.kind).or_default() += 1;
        kinds
    })
}

/// Fails if anything was wrong: a server that loses something is not measured, it is mended.
pub fn require_none(differences: &[Difference]) -> Result<(), Differences> {
    if differences.is_empty() { Ok(()) } else { Err(Differences(differences.to_vec())) }
}

impl std::error::Error for Differences {}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} differences at the end of the day", self.0.len())?;
        for difference in self.0.iter().take(LISTED) {
            write!(f, "\n  {difference}")?;
        }
        let more = self.0.len().saturating_sub(LISTED);
        if more > 0 { write!(f, "\n  and {more} more") } else { Ok(()) }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
