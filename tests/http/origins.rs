//! Pages of other origins: who may read an answer, and how they show who they are.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Api, PASSWORD, Server, Trader};

const TERMINAL: &str = "https://terminal.example";
const ALLOWED: [(&str, &str); 1] = [("HTTP__ALLOWED_ORIGINS", "[\"https://terminal.example\"]")];

async fn preflight(server: &Server, origin: &str, path: &str) -> Answer {
    let request = Api::new(server)
        .request(Method::OPTIONS, path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization,content-type");
    Answer::read(request.send().await.unwrap()).await
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn cors_headers(answer: &Answer) -> Vec<&str> {
    answer
        .headers
        .keys()
        .map(reqwest::header::HeaderName::as_str)
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

/// A page of an allowed origin does everything with a token: asks first, logs in, calls, and reads what it is told.
#[tokio::test]
async fn an_allowed_page_calls_with_a_token_and_reads_the_answers() {
    let server = Server::start_with(&ALLOWED).await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    let asked = preflight(&server, TERMINAL, "/totp/setup").await;
    assert_eq!(asked.status, 204, "a preflight carries no session");
    assert_eq!(header(&asked, "access-control-allow-origin"), TERMINAL);
    assert_eq!(header(&asked, "access-control-allow-methods"), "DELETE, GET, PATCH, POST, PUT");
    assert_eq!(header(&asked, "access-control-allow-headers"), "authorization, content-type");
    assert_eq!(header(&asked, "access-control-max-age"), "7200");
    assert!(header(&asked, "vary").contains("origin"));
    assert!(!asked.headers.contains_key("access-control-allow-credentials"));

    let from = |api: &Api, method: Method, path: &str| {
        api.request(method, path).header("Origin", TERMINAL).header("Sec-Fetch-Site", "cross-site")
    };
    let body = json!({ "email": trader.email, "password": PASSWORD, "transport": "bearer" });
    let login = from(&Api::new(&server), Method::POST, "/login").json(&body).send().await.unwrap();
    let login = Answer::read(login).await;
    assert_eq!(header(&login, "access-control-allow-origin"), TERMINAL);
    assert!(!login.headers.contains_key("set-cookie"));
    let api = Api::new(&server).with_token(login.body["token"].as_str().unwrap());
    for (method, path) in [(Method::GET, "/me"), (Method::GET, "/nothing"), (Method::DELETE, "/me")] {
        let answer = Answer::read(from(&api, method, path).send().await.unwrap()).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), TERMINAL, "{path}: refusals can be read too");
        assert_eq!(header(&answer, "access-control-expose-headers"), "retry-after, x-request-id");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
        assert!(header(&answer, "vary").contains("origin"));
    }
    from(&api, Method::POST, "/logout").send().await.unwrap().error_for_status().unwrap();
}

/// Case 43: a page of no allowed origin gets nothing that its browser would let it read, and changes nothing.
#[tokio::test]
async fn a_page_of_no_allowed_origin_reads_nothing() {
    let server = Server::start_with(&ALLOWED).await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    for origin in ["https://evil.example", "null", "http://terminal.example", "https://terminal.example.evil.example"] {
        let asked = preflight(&server, origin, "/login").await.refused(403, "origin_refused");
        assert_eq!(cors_headers(&asked), [""; 0], "{origin}");
        assert!(header(&asked, "vary").contains("origin"));
        let read = trader.api.request(Method::GET, "/me").header("Origin", origin).send().await.unwrap();
        assert_eq!(cors_headers(&Answer::read(read).await), [""; 0], "{origin}");
        let change = trader.api.request(Method::POST, "/logout").header("Origin", origin).send().await.unwrap();
        let change = Answer::read(change).await.refused(403, "origin_refused");
        assert_eq!(cors_headers(&change), [""; 0], "{origin}");
    }
    let none = trader.api.get("/me").await;
    assert!(header(&none, "vary").contains("origin"), "whoever keeps it must not give it to a page");
    assert_eq!(cors_headers(&none), [""; 0]);
}

/// The cookie is for our own pages: with an allowed origin's page it is worth nothing, not even to read. (A browser sends it
/// along between subdomains of one site, `SameSite` or not.)
#[tokio::test]
async fn the_cookie_is_worth_nothing_to_another_origins_page() {
    let server = Server::start_with(&ALLOWED).await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    let login = json!({ "email": trader.email, "password": PASSWORD });
    let answer = Api::new(&server).post("/login", login).await;
    let cookie = header(&answer, "set-cookie").split(';').next().unwrap().to_owned();
    let call = async |method: Method, path: &str, site: &str| {
        let request = Api::new(&server).request(method, path).header("Cookie", &cookie).header("Origin", TERMINAL);
        Answer::read(request.header("Sec-Fetch-Site", site).send().await.unwrap()).await
    };
    for site in ["same-site", "cross-site"] {
        call(Method::GET, "/me", site).await.refused(403, "origin_refused");
        call(Method::POST, "/logout", site).await.refused(403, "origin_refused");
    }
    call(Method::GET, "/me", "same-origin").await.ok();
}
