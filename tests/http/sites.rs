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

/// What vendors load, they can load; and nothing else is readable from another site's page.
#[tokio::test]
async fn only_the_embedded_scripts_are_for_other_sites() {
    let server = Server::start().await;
    let get = async |path: &str| {
        let request =
            reqwest::Client::new().get(format!("{}{path}", server.url)).header("Origin", "https://desk.example");
        request.send().await.unwrap()
    };
    let header = |answer: &reqwest::Response, name: &str| {
        answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };

    let mut chunks = Vec::new();
    for entry in ["/embed/keyleash-client.js", "/embed/keyleash-settings.js"] {
        let answer = get(entry).await;
        assert_eq!(answer.status(), 200, "{entry}");
        assert_eq!(header(&answer, "access-control-allow-origin"), "*");
        assert_eq!(header(&answer, "access-control-allow-credentials"), "");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), "cross-origin");
        assert_eq!(header(&answer, "cache-control"), "no-cache");
        assert!(header(&answer, "content-type").starts_with("text/javascript"), "{answer:?}");
        let etag = header(&answer, "etag");
        let again = reqwest::Client::new().get(answer.url().clone()).header("If-None-Match", etag);
        let again = again.send().await.unwrap();
        assert_eq!(again.status(), 304);
        assert_eq!(header(&again, "access-control-allow-origin"), "*", "a cached script stays readable");
        let script = answer.text().await.unwrap();
        chunks.extend(script.split('"').filter(|text| text.starts_with("./chunk-")).map(|text| text[2..].to_owned()));
    }
    assert!(!chunks.is_empty());
    for chunk in chunks {
        let answer = get(&format!("/embed/{chunk}")).await;
        assert_eq!(answer.status(), 200, "{chunk}");
        assert_eq!(header(&answer, "access-control-allow-origin"), "*");
        assert_eq!(header(&answer, "cache-control"), "public, max-age=31536000, immutable");
    }

    for path in ["/", "/verify", "/app.js", "/page.css", "/dev/mailbox", "/embed", "/api/v1/me"] {
        let answer = get(path).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), "", "{path}");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), "", "{path}");
    }
    for path in ["/embed/nothing.js", "/embed/..%2findex.html"] {
        assert_eq!(get(path).await.status(), 404, "{path}");
    }
}

/// The smallest form that the browser names, of the plain file's type, and told apart by caches.
#[tokio::test]
async fn scripts_are_sent_compressed_to_whoever_takes_that() {
    let server = Server::start().await;
    let mut seen = Vec::new();
    for (accepted, encoding) in [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("identity", ""), ("br;q=0", "")]
    {
        let request = reqwest::Client::new().get(format!("{}/app.js", server.url)).header("Accept-Encoding", accepted);
        let answer = request.send().await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        assert_eq!(header("content-encoding"), encoding, "{accepted}");
        assert_eq!(header("vary"), "Accept-Encoding");
        assert!(header("content-type").starts_with("text/javascript"));
        let etag = header("etag");
        seen.push((answer.bytes().await.unwrap().len(), etag));
    }
    let [(br, br_tag), (gzip, gzip_tag), (plain, plain_tag), (refused, _)] = seen.try_into().unwrap();
    assert!(br < gzip && gzip < plain && plain == refused, "{br} {gzip} {plain}");
    assert!(br_tag != gzip_tag && gzip_tag != plain_tag, "each form has its own tag");
}
