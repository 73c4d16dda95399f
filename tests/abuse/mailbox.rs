//! The development mailbox: everybody on this machine may read it, but no page of another site.

use serde_json::{Value, json};

use crate::support::{Api, PASSWORD, Server, eventually};

/// A page whose name is made to resolve to this machine ("DNS rebinding") is, for its browser, of the same origin as what
/// it reads here. It comes with its own name.
#[tokio::test]
async fn a_page_under_another_name_does_not_read_the_mails() {
    let server = Server::start().await;
    let ask = async |path: &str, host: &str| {
        let request = reqwest::Client::new().get(format!("{}{path}", server.url)).header("Host", host);
        request.send().await.unwrap().status().as_u16()
    };
    let own = server.url.trim_start_matches("http://");
    let one = path_of_a_mail(&server).await;
    for path in ["/dev/mailbox", "/dev/mailbox.json", "/dev/mailbox.css", &one] {
        assert_eq!(ask(path, own).await, 200, "{path}");
        assert_eq!(ask(path, "evil.example").await, 404);
        assert_eq!(ask(path, &own.replace("127.0.0.1", "evil.example")).await, 404);
    }
}

/// What is shown of a mail is text, whatever a device called itself; and its HTML is in a frame that runs nothing, fetches
/// nothing, and is of no origin.
#[tokio::test]
async fn the_page_runs_nothing() {
    let server = Server::start().await;
    let answer = reqwest::get(format!("{}/dev/mailbox", server.url)).await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let one = format!("{}{}", server.url, path_of_a_mail(&server).await);
    let answer = reqwest::get(one).await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    let sandbox = policy.split("; ").find(|directive| directive.starts_with("sandbox")).unwrap();
    assert_eq!(sandbox, "sandbox allow-popups allow-popups-to-escape-sandbox");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    let other = Server::start().await;
    let list: Value = reqwest::get(format!("{}/dev/mailbox.json", other.url)).await.unwrap().json().await.unwrap();
    assert_eq!(list, Value::Array(Vec::new()));
}

async fn path_of_a_mail(server: &Server) -> String {
    Api::new(server).post("/signup", json!({ "email": "trader@example.com", "password": PASSWORD })).await.ok();
    let mails = eventually("the mail", async || {
        Some(server.mails("trader@example.com").await).filter(|mails| !mails.is_empty())
    });
    format!("/dev/mailbox/{}", mails.await[0]["id"].as_str().unwrap())
}
