//! Other sites' pages, and what our pages allow.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Api, PASSWORD, Server, Trader};

/// Case 43: another site's page changes nothing, even if the browser sent the cookie along.
#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let server = Server::start().await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    let login = json!({ "email": trader.email, "password": PASSWORD });
    for (name, value, allowed) in [
        ("Origin", "https://evil.example", false),
        ("Origin", "null", false),
        ("Sec-Fetch-Site", "cross-site", false),
        ("Sec-Fetch-Site", "same-site", false),
        ("Sec-Fetch-Site", "same-origin", true),
        ("Origin", &server.url, true),
    ] {
        let request = Api::new(&server).request(Method::POST, "/login").header(name, value).json(&login);
        let answer = Answer::read(request.send().await.unwrap()).await;
        if allowed {
            answer.ok();
        } else {
            answer.refused(403, "origin_refused");
        }
    }
}

/// Cases 42 and 44: no inline script, nobody's frame, no string that becomes markup.
#[tokio::test]
async fn pages_are_strict() {
    let server = Server::start().await;
    for page in ["/", "/verify"] {
        let answer = reqwest::get(format!("{}{page}", server.url)).await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        for part in ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "require-trusted-types-for"]
        {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        let html = answer.text().await.unwrap();
        assert!(!html.contains("<script>") && !html.contains(" style=") && !html.contains("<style"), "{page}");
    }
}
