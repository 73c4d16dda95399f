//! Case 30: secrets that can be recognised are put through a whole life of a user, and then looked for wherever the server
//! writes: database, its log, the server's log, metrics. Core dumps are the operating system's to forbid; mails are files in
//! the clear by design of the embedded mailer, which is for trying out, so their directory is left out.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use keyleash_protocol::{
    Base64Url, CredentialId, Version,
    socket::{ClientMessage, ServerMessage},
};
use loadtest::{
    device::Device,
    line::{Heard, Line, Upgrade},
};
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::Secret;
use uuid::Uuid;

use crate::{
    support::{Api, Authenticator, Server, Trader},
    victim::Browser,
};

#[tokio::test]
async fn no_secret_is_found_in_what_the_server_writes() {
    let server = Server::start_logging("debug", &[]).await;
    let mut canaries = Canaries::default();
    let email = day(&server, &mut canaries).await;
    assert!(canaries.0.len() >= 30, "a day has many secrets");

    let master_key = fs::read_to_string(server.directory().join("master.key")).unwrap();
    canaries.assert_absent("master.key", master_key.as_bytes());
    let master_key: Value = serde_json::from_str(&master_key).unwrap();
    let master_key = master_key["keys"][0]["key"].as_str().expect("the key's text");
    canaries.add_token("master key", master_key);

    let files = files(server.directory());
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    assert!(
        ["keyleash.db", "keyleash.db-wal", "server.log"].iter().all(|file| names.iter().any(|n| n.ends_with(file)))
    );
    let mut seen = Vec::new();
    for file in files {
        let bytes = fs::read(&file).unwrap();
        canaries.assert_absent(&file.display().to_string(), &bytes);
        seen.extend(bytes);
    }
    assert!(contains(&seen, email.as_bytes()), "what is there is found");
    for path in ["metrics", "readyz", "livez"] {
        let answer = reqwest::get(format!("{}/{path}", server.admin)).await.unwrap();
        let text = format!("{:?}{}", answer.headers().clone(), answer.text().await.unwrap());
        canaries.assert_absent(path, text.as_bytes());
        assert!(!text.contains(&email), "no figure names a user");
    }
}

/// The search finds what it looks for, in each form.
#[test]
fn the_search_finds_each_form() {
    let mut canaries = Canaries::default();
    canaries.add("secret", b"\x01\xfe\x7fdirty and long enough");
    let secret = canaries.0[0].1.clone();
    let hidden = [
        secret.clone(),
        hex(&secret).into_bytes(),
        hex(&secret).to_uppercase().into_bytes(),
        Base64Url::encode(&[b"x", secret.as_slice()].concat()).into_bytes(),
        STANDARD_NO_PAD.encode([b"xy", secret.as_slice(), b"z"].concat()).into_bytes(),
        STANDARD_NO_PAD.encode([b"xyz", secret.as_slice(), b"zz"].concat()).into_bytes(),
    ];
    for hidden in hidden {
        let text = [b"before ".as_slice(), &hidden, b" after"].concat();
        assert!(canaries.found_in(&text).is_some(), "{}", String::from_utf8_lossy(&text));
    }
    assert_eq!(canaries.found_in(b"nothing"), None);
}

/// A whole life: sign-up, second factor, devices, credentials, renewed and changed and given back. Gives the mail address.
pub async fn day(server: &Server, canaries: &mut Canaries) -> String {
    let email = "canary@example.com";
    let password = canaries.new_text("password");
    let api = Api::new(server);
    api.post("/signup", json!({ "email": email, "password": password })).await.ok();
    let token = server.link(email, "signup").await;
    canaries.add_token("sign-up token", &token);
    api.post("/signup/confirm", json!({ "token": token })).await.ok();
    let wrong = canaries.new_text("wrong password");
    api.post("/login", json!({ "email": email, "password": wrong })).await.refused(401, "bad_credentials");
    let login = json!({ "email": email, "password": password, "transport": "bearer" });
    let api = api.with_token(api.post("/login", login).await.ok()["token"].as_str().unwrap());
    canaries.add_token("session token", api.token());

    let setup = api.post("/totp/setup", json!({ "password": password })).await.ok();
    let secret = setup["secret"].as_str().unwrap();
    canaries.add("TOTP secret in base32", secret.as_bytes());
    canaries.add("TOTP secret", Secret::try_from_base32(secret).unwrap().as_bytes());
    let mut authenticator = Authenticator::new(secret);
    let code = authenticator.code().await;
    let codes = api.post("/totp/confirm", json!({ "code": code })).await.ok();
    let recovery_codes = canaries.add_recovery_codes(&codes);
    let mut owner = Trader {
        email: email.to_owned(),
        api: api.clone(),
        authenticator: Some(authenticator),
        recovery_codes: recovery_codes.clone(),
    };
    api.send(Method::PUT, "/sync", json!({ "enabled": true })).await.ok();

    let body =
        json!({ "email": email, "password": password, "recovery_code": owner.recovery_code(), "transport": "bearer" });
    let login = Api::new(server);
    let login = login.with_token(login.post("/login", body).await.ok()["token"].as_str().unwrap());
    canaries.add_token("session token of the device", login.token());
    let user = login.get("/me").await.ok()["user_id"].as_str().unwrap().parse().unwrap();
    let mut browser = Browser::enrolled(login, Device::new(user).unwrap(), "desk").await;
    let token = browser.link(server, &owner).await;
    canaries.add_token("verification token", &token);
    let approve = json!({ "token": token, "totp": owner.code().await });
    api.post("/device-verifications", approve).await.ok();
    keep_credentials(server, &mut browser, canaries).await;

    let code = owner.code().await;
    let renewed = api.post("/recovery-codes", json!({ "totp": code })).await.ok();
    owner.recovery_codes = canaries.add_recovery_codes(&renewed);
    let new_password = canaries.new_text("new password");
    let change = json!({ "password": password, "new_password": new_password, "recovery_code": owner.recovery_code() });
    api.post("/password/change", change).await.ok();
    api.post("/password/forgot", json!({ "email": email })).await.ok();
    let token = server.link(email, "reset").await;
    canaries.add_token("reset token", &token);
    let last_password = canaries.new_text("last password");
    let reset = json!({ "token": token, "new_password": last_password, "recovery_code": owner.recovery_code() });
    api.post("/password/reset", reset).await.ok();

    let body = json!({ "email": email, "password": last_password, "recovery_code": owner.recovery_code(), "transport": "bearer" });
    let api = api.with_token(api.post("/login", body).await.ok()["token"].as_str().unwrap());
    canaries.add_token("last session token", api.token());
    let remove = format!("/devices/{}/remove", browser.device.id);
    api.post(&remove, json!({ "recovery_code": owner.recovery_code() })).await.ok();
    api.post("/totp/disable", json!({ "recovery_code": owner.recovery_code() })).await.ok();
    api.post("/logout", json!({})).await.ok();
    email.to_owned()
}

/// Over the socket: the unlock key comes, a credential is added, changed, and deleted; another one stays.
async fn keep_credentials(server: &Server, browser: &mut Browser, canaries: &mut Canaries) {
    let mut line = Line::open(&server.url, Upgrade::of(browser.api.token(), &server.url)).await.unwrap();
    let device = &mut browser.device;
    until(&mut line, device, |_, message| matches!(message, ServerMessage::Sync(page) if page.done)).await;
    canaries.add("unlock key", device.unlock_key().expect("unlocked"));
    for (n, versions) in [(1, 2), (2, 1)] {
        let id = CredentialId::from_uuid(Uuid::from_u128(n));
        for base in 0..versions {
            let form = json!({
                "exchange": "okx", "kind": "hmac", "label": canaries.new_text("label"), "environment": "live",
                "fields": {
                    "api_key": canaries.new_text("API key"), "secret": canaries.new_text("API secret"),
                    "passphrase": canaries.new_text("passphrase"),
                },
                "created_at": 1_800_000_000_000_u64,
            });
            let r#box = device.seal(id, Version(base), form.to_string().as_bytes()).unwrap();
            let put = ClientMessage::Put { r#ref: 1, id, base_version: Version(base), r#box };
            line.send(&put).await.unwrap();
            until(&mut line, device, |_, message| matches!(message, ServerMessage::Done { .. })).await;
        }
    }
    let delete =
        ClientMessage::Delete { r#ref: 2, id: CredentialId::from_uuid(Uuid::from_u128(1)), base_version: Version(2) };
    line.send(&delete).await.unwrap();
    until(&mut line, device, |_, message| matches!(message, ServerMessage::Done { .. })).await;
}

/// Answers as a browser does, until a message is what is waited for.
async fn until(line: &mut Line, device: &mut Device, is_it: impl Fn(&Device, &ServerMessage) -> bool) {
    let waiting = async {
        loop {
            let Heard::Message(message) = line.next().await.unwrap() else { panic!("hung up") };
            if let Some(answer) = device.take(&message, crate::support::now()).unwrap() {
                line.send(&answer).await.unwrap();
            }
            if is_it(device, &message) {
                return;
            }
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, waiting).await.expect("the message came");
}

/// Secrets, with what they are.
#[derive(Default)]
pub struct Canaries(Vec<(&'static str, Vec<u8>)>);

impl Canaries {
    pub fn add(&mut self, what: &'static str, secret: &[u8]) {
        assert!(secret.len() >= 12, "{what} could be found by chance");
        self.0.push((what, secret.to_vec()));
    }

    /// A token, and the bytes that it is the text of.
    pub fn add_token(&mut self, what: &'static str, token: &str) {
        self.add(what, token.as_bytes());
        self.add(what, Base64Url::decode(token).unwrap().as_slice());
    }

    fn add_recovery_codes(&mut self, answer: &Value) -> Vec<String> {
        let codes = answer["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
        let codes: Vec<String> = codes.collect();
        for code in &codes {
            self.add("recovery code", code.as_bytes());
            self.add("recovery code", code.replace('-', "").as_bytes());
        }
        codes
    }

    /// A text that is nowhere else.
    fn new_text(&mut self, what: &'static str) -> String {
        let text = format!("canary-{}", Uuid::now_v7().simple());
        self.add(what, text.as_bytes());
        text
    }

    fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let is_there = |secret: &[u8]| forms(secret).iter().any(|form| contains(bytes, form));
        self.0.iter().find(|(_, secret)| is_there(secret)).map(|(what, _)| *what)
    }

    #[track_caller]
    pub fn assert_absent(&self, place: &str, bytes: &[u8]) {
        if let Some(what) = self.found_in(bytes) {
            panic!("the {what} is in {place}");
        }
    }
}

/// A secret as it is, in hex, and in base64 of either alphabet wherever it begins in what was encoded.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec(), hex(secret).into_bytes(), hex(secret).to_uppercase().into_bytes()];
    for before in 0..3 {
        let text = STANDARD_NO_PAD.encode([&[0; 2][..before], secret].concat());
        // Characters that also hold bits of what is before or after are not the secret's own.
        let own = &text[(before * 8).div_ceil(6)..(before + secret.len()) * 8 / 6];
        forms.push(own.as_bytes().to_vec());
        forms.push(own.replace('+', "-").replace('/', "_").into_bytes());
    }
    forms
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    // The first byte first: the files are megabytes and the forms are many.
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == part[0]) {
        rest = &rest[at..];
        if rest.starts_with(part) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// Every file below a directory, but the mails and the master key.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("mail") || path.ends_with("master.key") {
            continue;
        }
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}
