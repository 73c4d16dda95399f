//! Between two key services: on the way from a master key file to another one, data keys are under either.

use async_trait::async_trait;

use super::{DataKey, KeyContext, Kms, KmsError, WrappedKey, file::FileKms};

/// Wraps with the new service; opens with whichever the data key is under.
#[derive(Debug)]
pub struct MovingKms<K> {
    to: K,
    from: FileKms,
}

impl<K: Kms> MovingKms<K> {
    pub fn new(from: FileKms, to: K) -> Self {
        Self { to, from }
    }
}

#[async_trait]
impl<K: Kms> Kms for MovingKms<K> {
    async fn generate(&self, context: &KeyContext) -> Result<(DataKey, WrappedKey), KmsError> {
        self.to.generate(context).await
    }

    async fn unwrap(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<DataKey, KmsError> {
        if self.from.holds(&wrapped.key_id) {
            return self.from.unwrap(context, wrapped).await;
        }
        self.to.unwrap(context, wrapped).await
    }

    async fn wrap(&self, context: &KeyContext, key: &DataKey) -> Result<WrappedKey, KmsError> {
        self.to.wrap(context, key).await
    }

    async fn wrapping_key(&self) -> Result<String, KmsError> {
        self.to.wrapping_key().await
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use keyleash_protocol::{UnixMillis, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::{clock::ManualClock, entropy::Entropy, kms::conformance};

    #[tokio::test]
    async fn conforms_and_opens_what_either_wrapped() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let file = |path: &Path| FileKms::open(path, &ManualClock::at(UnixMillis(0)), Entropy::new()).unwrap();
        let (former, new) = (file(&at("former.key")), file(&at("new.key")));
        let context = KeyContext { user: UserId::from_uuid(Uuid::from_u128(1)) };
        let (before, wrapped_before) = former.generate(&context).await.unwrap();

        let moving = MovingKms::new(former, new);
        conformance::holds(&moving).await;
        assert_eq!(moving.unwrap(&context, &wrapped_before).await.unwrap(), before);
        let (after, wrapped_after) = moving.generate(&context).await.unwrap();
        assert_eq!(file(&at("new.key")).unwrap(&context, &wrapped_after).await.unwrap(), after);
        assert_eq!(moving.wrapping_key().await.unwrap(), wrapped_after.key_id);
    }
}
