//! Every user's data key, as it is stored: what moving them from one key of the key service to another needs. For the
//! vault alone.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_protocol::UserId;

use super::StoreResult;
use crate::kms::WrappedKey;

#[async_trait]
pub trait DataKeyStore: Debug + Send + Sync {
    /// How many data keys are under other keys than this one.
    async fn count_not_under(&self, key_id: &str) -> StoreResult<u64>;

    /// The first of these, by user, after the user `after`.
    async fn data_keys_not_under(
        &self,
        key_id: &str,
        after: Option<UserId>,
        limit: u32,
    ) -> StoreResult<Vec<(UserId, WrappedKey)>>;

    /// Stores a data key wrapped anew. `false`: it is not stored as `old` any more, and stays as it is.
    async fn replace_data_key(&self, user: UserId, old: &WrappedKey, new: WrappedKey) -> StoreResult<bool>;
}
