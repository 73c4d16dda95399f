//! Users that the admin command makes for load tests: like others, but that nobody can log in as one.

use std::{io::Write, process::Stdio, sync::atomic::AtomicU64};

use keyleash_protocol::{ProblemCode, Sensitive, http::SecondFactor, socket::RevokeReason};
use loadtest::{
    api::Api,
    device::Device,
    live::{Live, News, Seat},
    owner::Owner,
    prepare::by_command,
};
use reqwest::Method;
use serde_json::json;

use crate::support::{Server, Trader, run, said};

#[tokio::test]
async fn users_are_made_beside_a_running_server_and_work_like_others() {
    let server = Server::start().await;
    let before = Trader::with_sync(&server, "before@example.com").await;
    let (count, counts) = (AtomicU64::new(0), [2, 1, 3]);
    let users = by_command(server.command(&["admin", "crowd"]).into(), &counts, &count).await.unwrap();
    assert_eq!(users.iter().map(|user| user.devices.len()).collect::<Vec<_>>(), counts);
    assert_eq!(count.into_inner(), 3);

    let made = &users[0];
    let seats: Vec<Seat> = made
        .devices
        .iter()
        .map(|prepared| Seat::new(Device::prepared(made.id, prepared).unwrap(), prepared.token.clone()))
        .collect();
    let (mut one, _) = Live::connect(None, &server.url, &seats[0]).await.unwrap();
    let (mut other, _) = Live::connect(None, &server.url, &seats[1]).await.unwrap();
    assert!(!seats[0].device().is_locked() && !seats[1].device().is_locked(), "each was given its unlock key");

    let id = loadtest::credential::id(seats[0].device().id, 0);
    let plaintext = loadtest::credential::plaintext(loadtest::times::Moment::now(), 0);
    one.put(&seats[0], 1, id, keyleash_protocol::Version(0), &plaintext).await.unwrap();
    while !matches!(other.next(&seats[1]).await.unwrap(), News::Synced(page) if !page.upserts.is_empty()) {}
    assert_eq!(seats[1].device().held[&id].plaintext, plaintext);

    // Its codes are the ones that the server takes.
    let mut owner = Owner::prepared(made).unwrap();
    let api = Api::new(&server.url).unwrap().with_token(Sensitive::new(seats[0].token.clone()));
    let removed = made.devices[1].id;
    assert!(owner.remove(&api, removed).await.unwrap().online);
    while !matches!(other.next(&seats[1]).await.unwrap(), News::Revoked(RevokeReason::Removed)) {}

    assert!(before.api.get("/devices").await.ok()["devices"].as_array().unwrap().is_empty(), "nobody else was touched");
    assert_eq!(before.api.get("/me").await.ok()["sync_enabled"], true);
}

#[tokio::test]
async fn nobody_logs_in_as_one_of_them() {
    let server = Server::start().await;
    let users = by_command(server.command(&["admin", "crowd"]).into(), &[1], &AtomicU64::new(0)).await.unwrap();
    let (made, api) = (&users[0], Api::new(&server.url).unwrap());
    let session = api.with_token(Sensitive::new(made.devices[0].token.clone()));
    let me = crate::support::Api::new(&server).with_token(&made.devices[0].token).get("/me").await.ok();
    let (email, login) = (me["email"].as_str().unwrap(), format!("urn:keyleash:load-test {}", made.id));
    for name in [email, &login, &made.id.to_string()] {
        for password in ["", "correct horse battery staple"] {
            let refused = api.log_in(name, &Sensitive::new(password.to_owned()), SecondFactor::default()).await;
            assert_eq!(refused.unwrap_err().code(), Some(ProblemCode::BadCredentials));
        }
    }
    let anybody = crate::support::Api::new(&server);
    anybody.post("/password/forgot", json!({ "email": email })).await.ok();
    // The answer to somebody else's question says that the one before was seen to.
    Trader::sign_up(&server, "after@example.com").await;
    assert!(server.mails(email).await.is_empty(), "no mail leads to a password");
    let code = made.recovery_codes[0].clone();
    let body = json!({ "password": "", "new_password": "correct horse battery staple", "recovery_code": code });
    let set = anybody.with_token(&made.devices[0].token).send(Method::POST, "/password/change", body).await;
    set.refused(403, "login_elsewhere");
    assert_eq!(session.devices().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_that_is_not_for_trying_out_has_to_be_named_so() {
    let refused = run(&["admin", "crowd"], &[("MAIL__URL", "smtp://127.0.0.1:1?tls=none")]).await;
    assert!(!refused.status.success());
    assert!(said(&refused).contains("--for-load-tests"), "{}", said(&refused));
}

#[tokio::test]
async fn a_bad_line_is_named_and_those_before_it_are_there() {
    let server = Server::start().await;
    let mut command = server.command(&["admin", "crowd"]);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let key = keyleash_protocol::Base64Url::encode(&[4; 65]);
    let off_the_curve = json!({ "devices": [{ "receive_key": key, "signing_key": key }] });
    let lines = format!("{}\n{off_the_curve}\n", json!({ "devices": [] }));
    process.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = tokio::task::spawn_blocking(move || process.wait_with_output()).await.unwrap().unwrap();
    assert!(!output.status.success());
    let made = String::from_utf8(output.stdout).unwrap();
    assert_eq!(made.lines().count(), 1, "{made}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 2") && said.contains("receive_key"), "{said}");
}
