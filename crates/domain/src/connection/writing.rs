//! What a device asks to be stored: one write at a time, each answered.

use keyleash_protocol::{
    CredentialId, ProblemCode, Seq, Version,
    socket::{ServerMessage, SocketError},
};

use super::{
    identified::{Identified, Stage},
    rate::Pace,
    terms::{Effect, Write, WriteRefusal},
};

impl Identified {
    pub(super) fn write(&mut self, write: Write, pace: Pace, effects: &mut Vec<Effect>) {
        if let Some(refusal) = self.refusal(pace, self.writing) {
            self.replies.push_back(error(write.reference(), refusal));
        } else {
            self.writing = true;
            effects.push(Effect::Write(write));
        }
    }

    /// Why a peer does not get what it asks for now. `busy`: with what it asked for before.
    pub(super) fn refusal(&self, pace: Pace, busy: bool) -> Option<WriteRefusal> {
        let (code, detail) = if pace != Pace::Fine || busy {
            (ProblemCode::TooManyRequests, "Too much of this in too short a time; send it again more slowly.")
        } else if matches!(self.stage, Stage::Pending) {
            (ProblemCode::DeviceState, "This device is not verified yet.")
        } else {
            return None;
        };
        Some(WriteRefusal { code, detail: detail.to_owned(), present: None })
    }

    pub(super) fn written(
        &mut self,
        r#ref: u32,
        id: CredentialId,
        result: Result<(Version, Seq), WriteRefusal>,
        effects: &mut Vec<Effect>,
    ) {
        self.writing = false;
        if matches!(self.stage, Stage::Revoked { .. } | Stage::Closed) {
            return;
        }
        self.replies.push_back(match result {
            Ok((version, seq)) => ServerMessage::Done { r#ref, id, version, seq },
            Err(refusal) => {
                if refusal.code == ProblemCode::DeviceState {
                    effects.push(Effect::LookAgain);
                }
                error(r#ref, refusal)
            }
        });
    }
}

pub(super) fn error(r#ref: u32, refusal: WriteRefusal) -> ServerMessage {
    ServerMessage::Error(SocketError {
        r#ref: Some(r#ref),
        code: refusal.code,
        detail: refusal.detail,
        version: refusal.present,
    })
}
