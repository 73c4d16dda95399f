//! Every call of the API, once: the routes are registered from this table and the OpenAPI document is written from it.

use actix_web::{Route, http::Method, web};
use keyleash_protocol::http::{
    Approve, DeviceList, DeviceView, EndedSessions, Enrol, Enrolled, EventList, HoldingsList, Inspection, LinkToken,
    LogIn, LogInByToken, LoggedIn, LoginOffer, MailPreferences, Me, PasswordChange, PasswordForgot, PasswordReset,
    RecoveryCodes, Removal, RemoveDevice, RemoveMany, RemovedDevices, RenameDevice, SecondFactor, SessionList,
    SetRotated, SetSync, SetUpTotp, SignUp, TotpConfirm, TotpSetup, VerificationMail,
};

use super::{accounts, approvals, devices, openapi::Shape, sessions, sync, totp};

/// One call.
pub(super) struct Call {
    pub method: Method,
    /// With the names of what may stand in its query: `/events?before&limit`.
    pub address: &'static str,
    pub summary: &'static str,
    pub body: Shape,
    pub answer: Shape,
    pub status: u16,
    /// Who may call.
    pub access: Access,
    pub route: fn() -> Route,
}

impl Call {
    pub(super) fn path(&self) -> &'static str {
        self.address.split('?').next().unwrap_or_default()
    }

    /// The optional parameters of its query.
    pub(super) fn query(&self) -> impl Iterator<Item = &'static str> {
        self.address.split(['?', '&']).skip(1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody; limited by address.
    Public,
    Session,
    /// A session and a fresh code of the second factor.
    SecondFactor,
}

macro_rules! calls {
    ($( $method:ident $path:literal, $access:ident, $body:ty => $status:literal $answer:ty, $handler:path, $summary:literal; )+) => {
        pub(super) const ALL: &[Call] = &[ $( Call {
            method: Method::$method,
            address: $path,
            summary: $summary,
            body: Shape::of::<$body>(),
            answer: Shape::of::<$answer>(),
            status: $status,
            access: Access::$access,
            route: || web::method(Method::$method).to($handler),
        }, )+ ];
    };
}

calls! {
    GET "/identity", Public, () => 200 LoginOffer, accounts::login_offer, "Which logins are taken here";
    POST "/signup", Public, SignUp => 202 (), accounts::sign_up, "Sign up; a mail confirms the address";
    POST "/signup/confirm", Public, LinkToken => 204 (), accounts::confirm, "Confirm the address with the mail's token";
    POST "/login", Public, LogIn => 200 LoggedIn, accounts::log_in, "Log in";
    POST "/login/token", Public, LogInByToken => 200 LoggedIn, accounts::log_in_by_token, "Log in with a token of the vendor's";
    POST "/logout", Session, () => 204 (), accounts::log_out, "Log out; the session's sockets close";
    GET "/me", Session, () => 200 Me, accounts::me, "Who is logged in";
    POST "/password/change", SecondFactor, PasswordChange => 204 (), accounts::change_password, "Change the password; other sessions end";
    POST "/password/forgot", Public, PasswordForgot => 202 (), accounts::forgot_password, "Ask for a reset mail";
    POST "/password/reset", Public, PasswordReset => 204 (), accounts::reset_password, "Set a new password with the mail's token";
    GET "/events?before&limit&kinds", Session, () => 200 EventList, accounts::events, "The security log, newest first; of some kinds only if asked";
    PUT "/mail-preferences", Session, MailPreferences => 200 Me, accounts::set_mail_preferences, "Choose which of the optional mails are sent";

    POST "/totp/setup", SecondFactor, SetUpTotp => 200 TotpSetup, totp::set_up, "Begin setting up two-factor authentication, or another app for it";
    POST "/totp/confirm", Session, TotpConfirm => 200 RecoveryCodes, totp::confirm, "Turn it on with a first code, or have the new app take the place of the old one";
    POST "/totp/disable", SecondFactor, SecondFactor => 204 (), totp::disable, "Turn it off, and sync with it";
    POST "/recovery-codes", SecondFactor, SecondFactor => 200 RecoveryCodes, totp::renew_recovery_codes, "Replace the recovery codes";

    GET "/sessions", Session, () => 200 SessionList, sessions::list, "The logins that are good";
    DELETE "/sessions/{id}", Session, () => 204 (), sessions::end, "End a login";
    POST "/sessions/end-others", Session, () => 200 EndedSessions, sessions::end_others, "End every login but this one";

    PUT "/sync", Session, SetSync => 200 Me, sync::set, "Turn sync on or off; turn auto connect on or off";

    POST "/devices", Session, Enrol => 201 Enrolled, devices::enrol, "Enrol this browser's keys";
    GET "/devices", Session, () => 200 DeviceList, devices::list, "The devices";
    PATCH "/devices/{id}", Session, RenameDevice => 200 (), devices::rename, "Rename a device";
    GET "/holdings", Session, () => 200 HoldingsList, devices::holdings, "What each device was ever given, removed ones too";
    PUT "/devices/{id}/held/{credential}", Session, SetRotated => 204 (), devices::set_rotated, "Tick off that a credential which a removed device held was rotated at its exchange";
    POST "/devices/{id}/verification-mail", Session, () => 202 VerificationMail, approvals::send_mail, "Send the verification mail";
    POST "/devices/{id}/remove", SecondFactor, RemoveDevice => 200 Removal, devices::remove, "Remove a device: its keys are dead at once";
    POST "/devices/remove-others", SecondFactor, RemoveMany => 200 RemovedDevices, devices::remove_others, "Remove every other device";
    POST "/panic", SecondFactor, RemoveMany => 200 RemovedDevices, devices::panic, "Lock every device at once";
    POST "/device-verifications/inspect", Public, LinkToken => 200 Inspection, approvals::inspect, "Look at who asks; changes nothing";
    POST "/device-verifications", Public, Approve => 200 DeviceView, approvals::approve, "Approve a device";
}
