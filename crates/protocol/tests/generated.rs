//! The TypeScript client's copy of the protocol is generated from these types; this test proves that it is fresh.
//! `KEYLEASH_UPDATE=1 cargo test -p keyleash-protocol --features typescript` writes it anew.

#![cfg(feature = "typescript")]
use std::{env, fmt::Write as _, fs, path::Path};

use keyleash_protocol::{
    Base64Url, CloseCode, CredentialId, DeviceId, Epoch, EventId, ProblemCode, Sensitive, Seq, SessionId, UnixMillis,
    UserId, Version, http, limits,
    problem::Problem,
    socket::{self, BEARER_SUBPROTOCOL, SUBPROTOCOL, UNLOCK_SUITE},
};
use ts_rs::{Config, TS};

macro_rules! declare {
    ($out:ident, $cfg:ident, $($type:ty),+ $(,)?) => { $(
        if let Some(docs) = <$type as TS>::docs() {
            $out.push_str(&docs);
            if !docs.ends_with('\n') { $out.push('\n'); }
        }
        writeln!($out, "export {}\n", <$type as TS>::decl(&$cfg)).unwrap();
    )+ };
}

#[test]
fn typescript_is_fresh() {
    let cfg = Config::default();
    let mut out = String::from("// Generated from crates/protocol by its test `typescript_is_fresh`. Do not edit.\n\n");
    declare!(
        out,
        cfg,
        UserId,
        DeviceId,
        CredentialId,
        SessionId,
        EventId,
        Seq,
        Version,
        UnixMillis,
        Epoch,
        Base64Url,
        Sensitive,
        socket::ClientMessage,
        socket::Hello,
        socket::RetrieveMode,
        socket::ServerMessage,
        socket::Welcome,
        socket::SealedUnlock,
        socket::SyncPage,
        socket::Upsert,
        socket::Tombstone,
        socket::SocketError,
        socket::DeviceState,
        socket::RevokeReason,
        ProblemCode,
        Problem,
        http::SignUp,
        http::LinkToken,
        http::LoginOffer,
        http::LogIn,
        http::LogInByToken,
        http::SecondFactor,
        http::Transport,
        http::LoggedIn,
        http::Me,
        http::LoginKind,
        http::MailPreferences,
        http::SetUpTotp,
        http::TotpSetup,
        http::TotpConfirm,
        http::RecoveryCodes,
        http::SetSync,
        http::Enrol,
        http::Enrolled,
        http::DeviceView,
        http::ReceiptView,
        http::DeviceList,
        http::VerificationMail,
        http::Inspection,
        http::Approve,
        http::RenameDevice,
        http::RemoveDevice,
        http::Removal,
        http::RemoveMany,
        http::RemovedDevices,
        http::RemovedDevice,
        http::HoldingsList,
        http::DeviceHoldings,
        http::Holding,
        http::SetRotated,
        http::PasswordChange,
        http::PasswordForgot,
        http::PasswordReset,
        http::SessionView,
        http::SessionList,
        http::EndedSessions,
        http::EventKind,
        http::EventView,
        http::EventList,
    );

    out.push_str("/** Why a socket is closed. 4000 to 4499: come back later; 4500 to 4999: final. */\nexport const CloseCode = {\n");
    for code in CloseCode::ALL {
        writeln!(out, "  /** {} */\n  {}: {},", code.meaning().trim(), code.slug(), code.code()).unwrap();
    }
    out.push_str("} as const;\n\n");

    writeln!(out, "export const SUBPROTOCOL = \"{SUBPROTOCOL}\";").unwrap();
    writeln!(out, "export const BEARER_SUBPROTOCOL = \"{BEARER_SUBPROTOCOL}\";").unwrap();
    writeln!(out, "export const UNLOCK_SUITE = \"{UNLOCK_SUITE}\";").unwrap();
    for (name, value) in [
        ("FRAME_BYTES_MAX", limits::FRAME_BYTES_MAX),
        ("PLAINTEXT_BYTES_MAX", limits::PLAINTEXT_BYTES_MAX),
        ("BOX_NONCE_BYTES", limits::BOX_NONCE_BYTES),
        ("UNLOCK_KEY_BYTES", limits::UNLOCK_KEY_BYTES),
        ("PASSWORD_CHARS_MIN", limits::PASSWORD_CHARS_MIN),
        ("PASSWORD_CHARS_MAX", limits::PASSWORD_CHARS_MAX),
        ("RETRIEVE_IDS_MAX", limits::RETRIEVE_IDS_MAX),
        ("DEVICE_NAME_CHARS_MAX", limits::DEVICE_NAME_CHARS_MAX),
    ] {
        writeln!(out, "export const {name} = {value};").unwrap();
    }

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/client/src/protocol.gen.ts");
    if env::var_os("KEYLEASH_UPDATE").is_some() {
        fs::write(&path, &out).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == out, "{} is stale: run with KEYLEASH_UPDATE=1", path.display());
}
