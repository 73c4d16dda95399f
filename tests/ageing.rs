//! What time does to links, codes, sessions and waits: identity with real parts and a clock that the test moves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use keyleash::{
    bus::{Bus, BusError, Hint},
    clock::{Clock, ManualClock},
    config::limits::Limits,
    entropy::Entropy,
    identity::{Caller, Identity, Logins, NewLogin, Origin, Ports, Postman, Refusal},
    kms::{DataKey, KeyContext, Kms, KmsError, WrappedKey, file::FileKms},
    mail::{MailArchive, files::FileMailer},
    store::{MailStore, sql::SqliteStore},
    vault::{Vault, data_keys::DataKeyLimits, local::LocalVault},
};
use keyleash_protocol::{
    Sensitive, UnixMillis, UserId,
    http::{EventKind, LogIn, MailPreferences, PasswordReset, SecondFactor, SetUpTotp, SignUp},
};
use tempfile::TempDir;
use totp_rs::{Builder, Secret, Totp};

const EMAIL: &str = "trader@example.com";

/// Nobody listens; what changed is asked of the database.
#[derive(Debug)]
struct Silence;

#[async_trait::async_trait]
impl Bus for Silence {
    async fn publish(&self, _: Hint) -> Result<(), BusError> {
        Ok(())
    }

    fn subscribe(&self, _: UserId) {}

    fn unsubscribe(&self, _: UserId) {}

    fn is_blind(&self) -> bool {
        false
    }
}

/// A key service that stops answering when it is told to.
#[derive(Debug)]
struct Stuck {
    kms: FileKms,
    is_stuck: Arc<AtomicBool>,
}

impl Stuck {
    async fn answer<T>(&self, answer: T) -> T {
        if self.is_stuck.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        answer
    }
}

#[async_trait::async_trait]
impl Kms for Stuck {
    async fn generate(&self, context: &KeyContext) -> Result<(DataKey, WrappedKey), KmsError> {
        self.answer(self.kms.generate(context).await).await
    }

    async fn unwrap(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<DataKey, KmsError> {
        self.answer(self.kms.unwrap(context, wrapped).await).await
    }

    async fn wrap(&self, context: &KeyContext, key: &DataKey) -> Result<WrappedKey, KmsError> {
        self.answer(self.kms.wrap(context, key).await).await
    }

    async fn wrapping_key(&self) -> Result<String, KmsError> {
        self.answer(self.kms.wrapping_key().await).await
    }
}

struct House {
    identity: Arc<Identity>,
    clock: Arc<ManualClock>,
    mailbox: Arc<FileMailer>,
    store: Arc<SqliteStore>,
    directory: TempDir,
    postman: tokio::task::JoinHandle<()>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.postman.abort();
    }
}

impl House {
    async fn new() -> Self {
        Self::with(|kms| Arc::new(kms), DataKeyLimits::default()).await
    }

    async fn with(wrap: impl FnOnce(FileKms) -> Arc<dyn Kms>, data_keys: DataKeyLimits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let entropy = Entropy::new();
        let clock = Arc::new(ManualClock::at(UnixMillis(1_800_000_000_000)));
        let store = Arc::new(SqliteStore::open(&format!("sqlite:{}", at("db").display()), &entropy).await.unwrap());
        let kms = wrap(FileKms::open(&at("key"), &*clock, entropy.clone()).unwrap());
        let vault: Arc<dyn Vault> =
            LocalVault::start(store.clone(), store.clone(), kms, clock.clone(), entropy.clone(), data_keys);
        let mailer = Arc::new(FileMailer::open(at("mail")).unwrap());
        let postman =
            Arc::new(Postman::new(store.clone(), vault.clone(), mailer.clone(), clock.clone(), entropy.clone()));
        let ports = Ports { store: store.clone(), vault, bus: Arc::new(Silence), clock: clock.clone() };
        let url = "http://127.0.0.1:8080".to_owned();
        let logins = Logins { accounts: true, vendor: None };
        let identity = Arc::new(Identity::new(ports, postman.clone(), entropy, logins, Limits::default(), url));
        let postman = tokio::spawn(postman.walk());
        Self { identity, clock, mailbox: mailer, store, postman, directory }
    }

    /// Waits for a mail with a link of this purpose; its token.
    async fn link(&self, purpose: &str) -> Sensitive {
        let mark = format!("/verify#{purpose}=");
        for _ in 0..2_000 {
            let mails = self.mailbox.newest(10).await.unwrap();
            if let Some((_, rest)) = mails.iter().find_map(|mail| mail.mail.text.split_once(&mark)) {
                return Sensitive::new(rest.split_whitespace().next().unwrap().to_owned());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("no mail with a {purpose} link came");
    }

    /// Waits until so many mails are in the outbox.
    async fn until_waiting(&self, mails: u64) {
        for _ in 0..4_000 {
            if self.store.mails_waiting().await.unwrap() == mails {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the outbox never had {mails} mails");
    }

    async fn signed_up(&self) -> NewLogin {
        let body = SignUp { email: EMAIL.to_owned(), password: password() };
        self.identity.sign_up(&body, &origin()).await.unwrap();
        self.identity.confirm_sign_up(&self.link("signup").await, &origin()).await.unwrap();
        self.log_in(None).await.unwrap()
    }

    async fn log_in(&self, totp: Option<String>) -> Result<NewLogin, Refusal> {
        let second_factor = SecondFactor { totp: totp.map(Sensitive::new), recovery_code: None };
        let body = LogIn { email: EMAIL.to_owned(), password: password(), second_factor, transport: None };
        self.identity.log_in(&body, &origin()).await.map(|(_, login)| login)
    }

    async fn enable_totp(&self, caller: &Caller) -> Totp {
        let set_up = SetUpTotp { password: Some(password()), ..SetUpTotp::default() };
        let setup = self.identity.set_up_totp(caller, &set_up, &origin()).await.unwrap();
        let totp = Builder::new().with_secret(Secret::try_from_base32(setup.secret.expose()).unwrap()).build().unwrap();
        let code = Sensitive::new(self.code(&totp));
        self.identity.confirm_totp(caller, &code, &origin()).await.unwrap();
        totp
    }

    fn code(&self, totp: &Totp) -> String {
        totp.generate(u64::try_from(self.clock.now().0 / 1_000).unwrap()).to_string()
    }
}

fn password() -> Sensitive {
    Sensitive::new("correct horse battery staple".to_owned())
}

fn origin() -> Origin {
    Origin { address: "127.0.0.1".to_owned(), user_agent: "a test".to_owned() }
}

/// Case 1: a code that was taken is refused for as long as it would match.
/// A set-up that was begun, with a code of the app before, and was not ended is not there for whoever comes later.
#[tokio::test]
async fn a_set_up_of_the_second_factor_ends() {
    let house = House::new().await;
    let login = house.signed_up().await;
    let first = house.enable_totp(&login.caller).await;
    house.clock.advance(Duration::from_mins(1));
    let second_factor = SecondFactor { totp: Some(Sensitive::new(house.code(&first))), ..SecondFactor::default() };
    let body = SetUpTotp { password: Some(password()), second_factor, ..SetUpTotp::default() };
    let setup = house.identity.set_up_totp(&login.caller, &body, &origin()).await.unwrap();
    let second = Builder::new().with_secret(Secret::try_from_base32(setup.secret.expose()).unwrap()).build().unwrap();
    let confirm = async || {
        let code = Sensitive::new(house.code(&second));
        house.identity.confirm_totp(&login.caller, &code, &origin()).await
    };
    house.clock.advance(Duration::from_hours(1));
    assert!(matches!(confirm().await, Err(Refusal::TotpAlreadyEnabled)));
    house.clock.advance(Duration::from_mins(1));
    assert!(house.log_in(Some(house.code(&first))).await.is_ok(), "the first app goes on");
}

/// A login is told if none before was like it, and its reader wants that.
#[tokio::test]
async fn a_login_from_elsewhere_is_told() {
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
    let house = House::new().await;
    let login = house.signed_up().await;
    let from = async |address: &str, user_agent: &str| {
        let body = LogIn {
            email: EMAIL.to_owned(),
            password: password(),
            second_factor: SecondFactor::default(),
            transport: None,
        };
        let origin = Origin { address: address.to_owned(), user_agent: user_agent.to_owned() };
        house.identity.log_in(&body, &origin).await.unwrap();
        house.until_waiting(0).await;
        let mails = house.mailbox.newest(100).await.unwrap();
        mails.iter().filter(|mail| mail.mail.subject.starts_with("New login")).count()
    };
    assert_eq!(from("127.0.0.1", "a test").await, 0, "as at the sign-up");
    assert_eq!(from("127.0.0.1", FIREFOX).await, 1);
    assert_eq!(from("127.0.0.1", FIREFOX).await, 1, "known by now");
    assert_eq!(from("203.0.113.7", FIREFOX).await, 2);
    let wanted = MailPreferences { logins: false };
    house.identity.set_mail_preferences(&login.caller, wanted, &origin()).await.unwrap();
    assert_eq!(from("198.51.100.7", FIREFOX).await, 2, "not wanted");
}

#[tokio::test]
async fn a_taken_code_is_refused_in_this_window_and_the_next() {
    let house = House::new().await;
    let totp = house.enable_totp(&house.signed_up().await.caller).await;
    house.clock.advance(Duration::from_secs(30));
    let code = house.code(&totp);
    house.log_in(Some(code.clone())).await.unwrap();
    assert!(matches!(house.log_in(Some(code.clone())).await, Err(Refusal::TotpInvalid)));
    house.clock.advance(Duration::from_secs(30));
    assert!(matches!(house.log_in(Some(code)).await, Err(Refusal::TotpInvalid)), "the next window");
    house.log_in(Some(house.code(&totp))).await.unwrap();
}

/// Case 3: whoever guesses waits longer and longer, and the owner gets in once the wait is over.
#[tokio::test]
async fn the_wait_after_wrong_codes_grows_and_ends() {
    let house = House::new().await;
    let totp = house.enable_totp(&house.signed_up().await.caller).await;
    for _ in 0..5 {
        assert!(matches!(house.log_in(Some("000000".to_owned())).await, Err(Refusal::TotpInvalid)));
    }
    let mut waits = Vec::new();
    for _ in 0..3 {
        house.clock.advance(Duration::from_mins(1));
        assert!(matches!(house.log_in(Some("000000".to_owned())).await, Err(Refusal::TotpInvalid)));
        let Err(Refusal::TooManyAttempts { wait }) = house.log_in(Some(house.code(&totp))).await else {
            panic!("even the right code has to wait")
        };
        waits.push(wait.as_secs());
    }
    assert_eq!(waits, [4, 8, 16]);
    house.clock.advance(Duration::from_secs(16));
    house.log_in(Some(house.code(&totp))).await.unwrap();
}

/// Case 6: nobody learns from the time of an answer which addresses have an account. What depends on that is done after the
/// answer: here it never ends, and the answer comes all the same.
#[tokio::test]
async fn an_answer_does_not_wait_for_what_depends_on_an_account() {
    let is_stuck = Arc::new(AtomicBool::new(false));
    let uncached = DataKeyLimits { age_max: Duration::ZERO, wait_max: Duration::MAX, ..DataKeyLimits::default() };
    let stick = is_stuck.clone();
    let house = House::with(move |kms| Arc::new(Stuck { kms, is_stuck: stick }), uncached).await;
    house.signed_up().await;
    is_stuck.store(true, Ordering::Relaxed);
    for email in [EMAIL, "nobody@example.com"] {
        let body = SignUp { email: email.to_owned(), password: password() };
        let asking = async {
            house.identity.forgot_password(email, &origin()).await.unwrap();
            house.identity.sign_up(&body, &origin()).await.unwrap();
        };
        tokio::time::timeout(Duration::from_secs(20), asking).await.unwrap();
    }
}

/// Mails that cannot be handed over wait for two days, and then their owner reads of it.
#[tokio::test]
async fn a_mail_waits_for_two_days_and_no_longer() {
    let house = House::new().await;
    let login = house.signed_up().await;
    house.until_waiting(0).await;
    let place = house.directory.path().join("mail");

    fs::remove_dir_all(&place).unwrap();
    house.identity.forgot_password(EMAIL, &origin()).await.unwrap();
    house.until_waiting(1).await;
    house.clock.advance(Duration::from_hours(47));
    fs::create_dir(&place).unwrap();
    house.link("reset").await;

    fs::remove_dir_all(&place).unwrap();
    house.identity.forgot_password(EMAIL, &origin()).await.unwrap();
    house.until_waiting(1).await;
    house.clock.advance(Duration::from_hours(48));
    house.until_waiting(0).await;
    let newest = house.identity.events(&login.caller, None, None, Some(1)).await.unwrap().remove(0);
    assert_eq!((newest.kind, newest.detail.as_str()), (EventKind::MailUndeliverable, "Set a new password"));

    fs::create_dir(&place).unwrap();
    house.identity.forgot_password(EMAIL, &origin()).await.unwrap();
    house.link("reset").await;
    house.until_waiting(0).await;
    assert_eq!(house.mailbox.newest(10).await.unwrap().len(), 1, "what was given up stays given up");
}

/// Case 13: a link is good for fifteen minutes.
#[tokio::test]
async fn a_link_ages() {
    let house = House::new().await;
    house.signed_up().await;
    house.identity.forgot_password(EMAIL, &origin()).await.unwrap();
    let token = house.link("reset").await;
    house.clock.advance(Duration::from_mins(15));
    let body = PasswordReset { token, new_password: password(), second_factor: SecondFactor::default() };
    let reset = house.identity.reset_password(&body, &origin()).await;
    assert!(matches!(reset, Err(Refusal::LinkUsedOrExpired)));
}

#[tokio::test]
async fn a_session_expires() {
    let house = House::new().await;
    let login = house.signed_up().await;
    house.clock.advance(Duration::from_hours(30 * 24) - Duration::from_secs(1));
    assert_eq!(house.identity.authenticate(login.token.secret()).await.unwrap(), login.caller);
    house.clock.advance(Duration::from_secs(1));
    assert!(matches!(house.identity.authenticate(login.token.secret()).await, Err(Refusal::SessionRequired)));
}
