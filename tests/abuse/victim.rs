//! Whom the attackers are after: a trader with devices.

use loadtest::device::Device;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, PASSWORD, Server, Trader};

/// What a browser calls itself.
pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";

/// A device that is enrolled with a login of its own.
pub struct Browser {
    pub api: Api,
    pub device: Device,
    pub match_code: String,
}

impl Browser {
    /// Logs in and enrols fresh keys; the device is pending.
    pub async fn pending(server: &Server, owner: &mut Trader, name: &str) -> Self {
        let api = owner.log_in(server).await;
        let device = Device::new(user_id(&api).await.parse().unwrap()).unwrap();
        Self::enrolled(api, device, name).await
    }

    /// Like [`Self::pending`], and the owner approves it.
    pub async fn verified(server: &Server, owner: &mut Trader, name: &str) -> Self {
        let browser = Self::pending(server, owner, name).await;
        let token = browser.link(server, owner).await;
        owner.api.post("/device-verifications", json!({ "token": token })).await.ok();
        browser
    }

    /// Posts the device's keys with this login.
    pub async fn enrolled(api: Api, mut device: Device, name: &str) -> Self {
        let body = serde_json::to_value(device.enrolment(name).unwrap()).unwrap();
        let request = api.request(Method::POST, "/devices").header("User-Agent", BROWSER).json(&body);
        let enrolled = Answer::read(request.send().await.unwrap()).await.ok();
        device.id = enrolled["id"].as_str().unwrap().parse().unwrap();
        let match_code = enrolled["match_code"].as_str().unwrap().to_owned();
        Self { api, device, match_code }
    }

    /// Has a verification mail sent; its token.
    pub async fn link(&self, server: &Server, owner: &Trader) -> String {
        let known = newest(server, owner).await;
        self.request_mail().await.ok();
        server.link_other_than(&owner.email, "device", &known.unwrap_or_default()).await
    }

    pub async fn request_mail(&self) -> Answer {
        let path = format!("/devices/{}/verification-mail", self.device.id);
        let request = self.api.request(Method::POST, &path).header("User-Agent", BROWSER).json(&json!({}));
        Answer::read(request.send().await.unwrap()).await
    }

    /// As the owner sees it.
    pub async fn state(&self, owner: &Trader) -> String {
        let devices = owner.api.get("/devices").await.ok();
        let id = self.device.id.to_string();
        let mine = devices["devices"].as_array().unwrap().iter().find(|device| device["id"] == id.as_str());
        mine.unwrap()["state"].as_str().unwrap().to_owned()
    }
}

/// A login by cookie, as browsers have it.
pub struct CookieLogin {
    api: Api,
    pub cookie: String,
}

impl CookieLogin {
    pub async fn new(server: &Server, owner: &mut Trader) -> Self {
        let code = owner.recovery_code();
        let body = json!({ "email": owner.email, "password": PASSWORD, "recovery_code": code });
        let api = Api::new(server);
        let answer = api.post("/login", body).await;
        Self { api, cookie: set_cookie(&answer).unwrap() }
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.api.request(method, path).header("Cookie", format!("keyleash={}", self.cookie));
        Answer::read(request.json(body).send().await.unwrap()).await
    }
}

/// The session's cookie, if the answer sets it.
pub fn set_cookie(answer: &Answer) -> Option<String> {
    let cookie = answer.headers.get("set-cookie")?.to_str().unwrap();
    Some(cookie.strip_prefix("keyleash=").unwrap().split(';').next().unwrap().to_owned())
}

pub async fn user_id(api: &Api) -> String {
    api.get("/me").await.ok()["user_id"].as_str().unwrap().to_owned()
}

async fn newest(server: &Server, owner: &Trader) -> Option<String> {
    let mails = server.mails(&owner.email).await;
    let text = mails.iter().find_map(|mail| mail["text"].as_str()?.split_once("/verify#device="))?.1;
    Some(text.chars().take_while(|c| !c.is_whitespace()).collect())
}
