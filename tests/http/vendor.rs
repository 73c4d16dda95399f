//! A vendor's login: who comes with a token that somebody else signed.

use serde_json::json;

use crate::support::{Api, PASSWORD, Server};

/// What a server is told that takes a vendor's tokens only.
const VENDOR: [(&str, &str); 5] = [
    ("IDENTITY__PROVIDER", "jwt"),
    ("IDENTITY__JWT_ISSUER", "https://login.vendor.example"),
    ("IDENTITY__JWT_AUDIENCE", "keyleash"),
    ("IDENTITY__JWKS_URL", "http://127.0.0.1:9/jwks.json"),
    ("IDENTITY__LOGIN_URL", "https://terminal.vendor.example/login"),
];

#[tokio::test]
async fn a_server_says_which_logins_it_takes_and_refuses_the_others() {
    let server = Server::start().await;
    assert_eq!(Api::new(&server).get("/identity").await.ok(), json!({ "accounts": true, "vendor": false }));

    let server = Server::start_with(&VENDOR).await;
    let api = Api::new(&server);
    let offer = json!({ "accounts": false, "vendor": true, "login_url": "https://terminal.vendor.example/login" });
    assert_eq!(api.get("/identity").await.ok(), offer);
    let body = json!({ "email": "a@example.com", "password": PASSWORD, "new_password": PASSWORD, "token": "none" });
    for path in ["/signup", "/signup/confirm", "/login", "/password/forgot", "/password/reset"] {
        api.post(path, body.clone()).await.refused(403, "login_elsewhere");
    }
}
