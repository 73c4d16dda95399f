//! A vendor's login: who comes with a token that somebody else signed. The vendor is a process of its own that shares no code
//! with the server.

use keyleash_testbed::Vendor;
use loadtest::device::Device;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Authenticator, PASSWORD, Server, Trader, eventually, now};

pub const ISSUER: &str = "https://login.vendor.example";
pub const LOGIN_URL: &str = "https://terminal.vendor.example/login";

/// A server that takes the vendor's tokens, and the vendor.
pub struct House {
    pub vendor: Vendor,
    pub server: Server,
}

impl House {
    pub async fn new(provider: &str) -> Self {
        Self::configured(provider, "warn", &[]).await
    }

    pub async fn configured(provider: &str, log: &str, further: &[(&str, &str)]) -> Self {
        let vendor = tokio::task::spawn_blocking(Vendor::start).await.unwrap();
        let url = vendor.jwks_url();
        let mut configuration = vec![("IDENTITY__JWKS_URL", url.as_str())];
        configuration.extend(terms(provider));
        configuration.extend(further);
        let server = Server::start_logging(log, &configuration).await;
        Self { vendor, server }
    }

    /// A right token, signed with ES256.
    pub fn token(&self, claims: &Value) -> String {
        self.vendor.sign("es256", &json!({ "alg": "ES256", "kid": "es256" }), claims)
    }

    pub async fn log_in(&self, token: &str) -> Answer {
        log_in(&self.server, json!({ "token": token })).await
    }

    /// A user who has logged in, with their session.
    async fn user(&self, claims: &Value) -> Api {
        let me = self.log_in(&self.token(claims)).await.ok();
        Api::new(&self.server).with_token(me["token"].as_str().unwrap())
    }

    /// A user with the second factor and sync on.
    async fn trader(&self, claims: &Value) -> Trader {
        let api = self.user(claims).await;
        let set_up = json!({ "identity_token": self.token(claims) });
        let set_up = api.post("/totp/setup", set_up).await.ok();
        let mut authenticator = Authenticator::new(set_up["secret"].as_str().unwrap());
        let code = authenticator.code().await;
        let codes = api.post("/totp/confirm", json!({ "code": code })).await.ok();
        let codes = codes["recovery_codes"].as_array().unwrap().iter();
        let recovery_codes = codes.map(|code| code.as_str().unwrap().to_owned()).collect();
        api.send(Method::PUT, "/sync", json!({ "enabled": true })).await.ok();
        let email = claims["email"].as_str().unwrap().to_owned();
        Trader { email, api, authenticator: Some(authenticator), recovery_codes }
    }
}

/// What a server is told of the vendor, but for where its keys are.
pub fn terms(provider: &str) -> [(&str, &str); 4] {
    [
        ("IDENTITY__PROVIDER", provider),
        ("IDENTITY__JWT_ISSUER", ISSUER),
        ("IDENTITY__JWT_AUDIENCE", "keyleash"),
        ("IDENTITY__LOGIN_URL", LOGIN_URL),
    ]
}

pub async fn log_in(server: &Server, mut body: Value) -> Answer {
    body["transport"] = "bearer".into();
    Api::new(server).post("/login/token", body).await
}

/// The claims of a good token.
pub fn claims() -> Value {
    let now = now().0 / 1_000;
    json!({
        "iss": ISSUER, "aud": "keyleash", "sub": "user-1", "email": "trader@example.com", "email_verified": true,
        "iat": now, "nbf": now, "exp": now + 300,
    })
}

pub fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

async fn kinds(api: &Api) -> Vec<String> {
    let events = api.get("/events").await.ok();
    events["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_server_says_which_logins_it_takes_and_refuses_the_others() {
    let server = Server::start().await;
    assert_eq!(Api::new(&server).get("/identity").await.ok(), json!({ "accounts": true, "vendor": false }));
    log_in(&server, json!({ "token": "a.b.c" })).await.refused(403, "login_elsewhere");

    let house = House::new("jwt").await;
    let api = Api::new(&house.server);
    let offer = json!({ "accounts": false, "vendor": true, "login_url": LOGIN_URL });
    assert_eq!(api.get("/identity").await.ok(), offer);
    let body = json!({ "email": "a@example.com", "password": PASSWORD, "new_password": PASSWORD, "token": "none" });
    for path in ["/signup", "/signup/confirm", "/login", "/password/forgot", "/password/reset"] {
        api.post(path, body.clone()).await.refused(403, "login_elsewhere");
    }
}

/// Whatever a vendor signs with, its user is one user; and no part of a token is written down.
#[tokio::test]
async fn a_token_of_each_algorithm_is_a_login() {
    let house = House::configured("jwt", "debug", &[]).await;
    let mut users = Vec::new();
    for (key, algorithm) in [("rs256", "RS256"), ("ps256", "PS256"), ("es256", "ES256"), ("eddsa", "EdDSA")] {
        let header = json!({ "typ": "JWT", "alg": algorithm, "kid": key });
        let several = with(claims(), "aud", json!(["another", "keyleash"]));
        let token = house.vendor.sign(key, &header, &several);
        let me = house.log_in(&token).await.ok();
        assert_eq!((&me["login"], &me["email"]), (&json!("vendor"), &json!("trader@example.com")), "{algorithm}");
        users.push(me["user_id"].clone());
        let signature = token.rsplit('.').next().unwrap();
        for file in ["server.log", "keyleash.db", "keyleash.db-wal"] {
            let bytes = std::fs::read(house.server.directory().join(file)).unwrap();
            let is_there = bytes.windows(signature.len()).any(|window| window == signature.as_bytes());
            assert!(!is_there, "{file}");
        }
        if users.len() == 1 {
            let api = Api::new(&house.server).with_token(me["token"].as_str().unwrap());
            assert_eq!(kinds(&api).await, ["logged_in", "signed_up"]);
        }
    }
    assert!(users.iter().all(|user| *user == users[0]), "{users:?}");
    let other = house.log_in(&house.token(&with(claims(), "sub", json!("user-2")))).await.ok();
    assert_ne!(other["user_id"], users[0], "the same address is not the same person");
    // By cookie, as our own pages log in.
    let body = json!({ "token": house.token(&claims()) });
    let answer = Api::new(&house.server).post("/login/token", body).await;
    assert!(answer.headers["set-cookie"].to_str().unwrap().contains("HttpOnly") && answer.ok().get("token").is_none());
}

#[tokio::test]
async fn a_token_that_is_not_right_in_everything_is_no_login() {
    let house = House::new("jwt").await;
    let vendor = &house.vendor;
    let now = now().0 / 1_000;
    let es256 = json!({ "alg": "ES256", "kid": "es256" });
    let good = house.token(&claims());
    let rs256 = vendor.sign("rs256", &json!({ "alg": "RS256", "kid": "rs256" }), &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let other = house.token(&with(claims(), "sub", json!("user-2")));
    let other: Vec<&str> = other.split('.').collect();
    let signed = |with: &str, alg: &str, kid: &str| vendor.sign(with, &json!({ "alg": alg, "kid": kid }), &claims());
    let claimed = |claims: Value| vendor.sign("es256", &es256, &claims);
    for (what, token) in [
        ("no signature", signed("none", "none", "es256")),
        ("a signature that was taken off", format!("{}.{}.", parts[0], parts[1])),
        ("none in other letters", signed("none", "nOnE", "es256")),
        ("a secret that is the public key", signed("hs256", "HS256", "rs256")),
        ("a secret, said to be RSA", signed("hs256", "RS256", "rs256")),
        ("a shared secret of the set", signed("hs256", "HS256", "shared")),
        ("another key of the same id", signed("es256-stranger", "ES256", "es256")),
        ("a key that is not there", signed("es256-stranger", "ES256", "es256-stranger")),
        ("another key's id", signed("es256", "ES256", "rs256")),
        ("another algorithm of the key's kind", signed("ps256", "RS256", "ps256")),
        ("another hash", signed("rs256", "RS512", "rs256")),
        ("no id of a key", vendor.sign("es256", &json!({ "alg": "ES256" }), &claims())),
        (
            "a key along with it",
            vendor.sign("es256-stranger", &json!({ "alg": "ES256", "kid": "x", "jwk": {} }), &claims()),
        ),
        ("what must be understood", vendor.sign("es256", &with(es256.clone(), "crit", json!(["exp"])), &claims())),
        ("another's claims", format!("{}.{}.{}", parts[0], other[1], parts[2])),
        ("another token's signature", format!("{}.{}.{}", parts[0], parts[1], other[2])),
        ("RSA's signature under ECDSA", format!("{}.{}.{}", parts[0], parts[1], rs256.rsplit('.').next().unwrap())),
        ("another issuer", claimed(with(claims(), "iss", json!("https://evil.example")))),
        ("no issuer", claimed(without(claims(), "iss"))),
        ("another audience", claimed(with(claims(), "aud", json!(["other", "keyleash2"])))),
        ("no audience", claimed(without(claims(), "aud"))),
        ("expired", claimed(with(claims(), "exp", json!(now - 61)))),
        ("no end", claimed(without(claims(), "exp"))),
        ("an end that is text", claimed(with(claims(), "exp", json!("9999999999")))),
        ("not valid yet", claimed(with(claims(), "nbf", json!(now + 120)))),
        ("a beginning that is text", claimed(with(claims(), "nbf", json!("9999999999")))),
        ("issued in the future", claimed(with(claims(), "iat", json!(now + 120)))),
        ("nobody", claimed(without(claims(), "sub"))),
        ("somebody with a name too long", claimed(with(claims(), "sub", json!("x".repeat(256))))),
        ("no mail address", claimed(without(claims(), "email"))),
        ("what is no mail address", claimed(with(claims(), "email", json!("trader")))),
        ("a mail address that is not verified", claimed(with(claims(), "email_verified", json!(false)))),
        ("one that is not verified, in text", claimed(with(claims(), "email_verified", json!("false")))),
        ("claims that are no object", vendor.sign("es256", &es256, &json!("[]"))),
        ("claims that are no JSON", vendor.sign("es256", &es256, &json!("iss=vendor"))),
        ("too long", claimed(with(claims(), "more", json!("x".repeat(9_000))))),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("five parts", format!("{good}.{}.{}", parts[0], parts[1])),
        ("no token", "no token".to_owned()),
        ("nothing", String::new()),
    ] {
        let answer = house.log_in(&token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "bad_token"), "{what}: {answer:?}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(!detail.is_empty() && !detail.contains("evil") && !detail.contains("user-"), "{what}: {detail}");
    }
    house.log_in(&good).await.ok();
    // A clock that is a little off is nothing.
    let late = with(with(with(claims(), "exp", json!(now - 30)), "nbf", json!(now + 30)), "iat", json!(now + 30));
    house.log_in(&house.token(&late)).await.ok();
}

/// An account of one's own and a vendor's login with the same mail address are two users, whoever comes first.
#[tokio::test]
async fn the_same_address_makes_nobody_the_same_person() {
    let house = House::new("both").await;
    for (email, vendor_first) in [("first@example.com", true), ("second@example.com", false)] {
        let claims = with(with(claims(), "email", json!(email)), "sub", json!(email));
        let (vendors, account) = if vendor_first {
            let vendors = house.user(&claims).await;
            (vendors, Trader::sign_up(&house.server, email).await)
        } else {
            let account = Trader::sign_up(&house.server, email).await;
            (house.user(&claims).await, account)
        };
        let (a, b) = (vendors.get("/me").await.ok(), account.api.get("/me").await.ok());
        assert_eq!((&a["email"], &b["email"]), (&json!(email), &json!(email)));
        assert_ne!(a["user_id"], b["user_id"]);
        assert_eq!((&a["login"], &b["login"]), (&json!("vendor"), &json!("account")));
        assert!(!kinds(&vendors).await.contains(&"password_changed".to_owned()));

        // A password reset by that address is the account's.
        Api::new(&house.server).post("/password/forgot", json!({ "email": email })).await.ok();
        let reset =
            json!({ "token": house.server.link(email, "reset").await, "new_password": "another good password" });
        Api::new(&house.server).post("/password/reset", reset).await.ok();
        account.api.get("/me").await.refused(401, "session_required");
        vendors.get("/me").await.ok();
        // And a vendor's user has none: neither to use nor to change.
        let change = json!({ "password": "", "new_password": "yet another password" });
        vendors.post("/password/change", change).await.refused(403, "login_elsewhere");
    }
    for name in ["first@example.com", "https://login.vendor.example first@example.com", ""] {
        let login = json!({ "email": name, "password": "", "transport": "bearer" });
        Api::new(&house.server).post("/login", login).await.refused(401, "bad_credentials");
    }
}

/// The second factor stays here: to set it up takes a token that is new, and with it on a token alone is no login.
#[tokio::test]
async fn the_second_factor_is_asked_for_beside_a_token() {
    let house = House::new("jwt").await;
    let api = house.user(&claims()).await;
    let set_up = async |body: Value| api.post("/totp/setup", body).await;
    let missing = set_up(json!({})).await.refused(422, "invalid_field");
    assert_eq!(missing.body["field"], "identity_token");
    set_up(json!({ "password": PASSWORD })).await.refused(422, "invalid_field");
    let now = now().0 / 1_000;
    for (what, claims) in [
        ("old", with(claims(), "iat", json!(now - 361))),
        ("of no age", without(claims(), "iat")),
        ("somebody else's", with(claims(), "sub", json!("user-2"))),
        ("expired", with(claims(), "exp", json!(now - 61))),
    ] {
        let refused = set_up(json!({ "identity_token": house.token(&claims) })).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (401, "bad_token"), "{what}: {refused:?}");
    }
    let old = with(claims(), "iat", json!(now - 1_000));
    house.log_in(&house.token(&old)).await.ok();

    let mut trader = house.trader(&claims()).await;
    house.log_in(&house.token(&claims())).await.refused(401, "totp_required");
    let coded =
        async |code: &str| log_in(&house.server, json!({ "token": house.token(&claims()), "totp": code })).await;
    coded(&trader.code().await).await.ok();
    let body = json!({ "token": house.token(&claims()), "recovery_code": trader.recovery_code() });
    log_in(&house.server, body).await.ok();
    // To another app with the present one's code.
    let token = json!({ "identity_token": house.token(&claims()) });
    trader.api.post("/totp/setup", token.clone()).await.refused(403, "totp_required");
    let with_code = with(token, "recovery_code", json!(trader.recovery_code()));
    trader.api.post("/totp/setup", with_code).await.ok();
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(coded("000000").await.status.as_u16());
    }
    assert_eq!(statuses, [403, 403, 403, 403, 403, 429], "wrong codes are counted here as everywhere");
}

/// The address is the vendor's to say. It changes with a whole login only, and the one before hears of it.
#[tokio::test]
async fn a_new_mail_address_is_followed_and_the_old_one_told() {
    let house = House::new("jwt").await;
    let mut trader = house.trader(&claims()).await;
    let moved = with(claims(), "email", json!("new@example.com"));
    house.log_in(&house.token(&moved)).await.refused(401, "totp_required");
    assert_eq!(trader.api.get("/me").await.ok()["email"], "trader@example.com", "half a login changes nothing");
    let body = json!({ "token": house.token(&moved), "recovery_code": trader.recovery_code() });
    assert_eq!(log_in(&house.server, body).await.ok()["email"], "new@example.com");
    assert_eq!(trader.api.get("/me").await.ok()["email"], "new@example.com");
    let text = eventually("the mail to the old address", async || {
        let mails = house.server.mails("trader@example.com").await;
        let mail = mails.into_iter().find(|mail| mail["subject"] == "Your mail address was changed")?;
        Some(mail["text"].as_str()?.to_owned())
    })
    .await;
    assert!(text.contains("new@example.com") && text.contains(LOGIN_URL), "{text}");
    assert!(kinds(&trader.api).await.contains(&"mail_changed".to_owned()));
    let body = json!({ "token": house.token(&moved), "recovery_code": trader.recovery_code() });
    log_in(&house.server, body).await.ok();
    let changes = kinds(&trader.api).await.into_iter().filter(|kind| kind == "mail_changed").count();
    assert_eq!(changes, 1, "once");
}

/// A vendor's user has no session on our own page that a mail's link opens: the code does it. And mails lead to the vendor's
/// login, not to a page that would ask for a password.
#[tokio::test]
async fn a_device_is_verified_by_mail_and_code_without_a_session() {
    let house = House::new("jwt").await;
    let mut trader = house.trader(&claims()).await;
    let user = trader.api.get("/me").await.ok()["user_id"].as_str().unwrap().parse().unwrap();
    let enrolment = serde_json::to_value(Device::new(user).unwrap().enrolment("desk").unwrap()).unwrap();
    let device = trader.api.post("/devices", enrolment).await.ok();
    let path = format!("/devices/{}/verification-mail", device["id"].as_str().unwrap());
    trader.api.post(&path, json!({})).await.ok();
    let link = house.server.link(&trader.email, "device").await;
    let page = Api::new(&house.server);
    page.post("/device-verifications/inspect", json!({ "token": link })).await.ok();
    page.post("/device-verifications", json!({ "token": link })).await.refused(403, "totp_required");
    let approve = json!({ "token": link, "recovery_code": trader.recovery_code() });
    assert_eq!(page.post("/device-verifications", approve).await.ok()["state"], "verified");
    for mail in house.server.mails(&trader.email).await {
        let (text, html) = (mail["text"].as_str().unwrap(), mail["html"].as_str().unwrap_or_default());
        assert!(!text.contains("verify#panic") && !html.contains("verify#panic"), "{text}");
        assert!(text.contains(LOGIN_URL), "{text}");
    }
}

/// Case 4: guesses of tokens cost an address as much as any other.
#[tokio::test]
async fn tokens_are_counted_by_address() {
    let house = House::configured("jwt", "warn", &[("LIMITS__ATTEMPTS_PER_ADDRESS", "3")]).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(house.log_in("a.b.c").await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 429]);
    assert_eq!(house.log_in(&house.token(&claims())).await.status, 429);
}
