//! Where accepted messages take effect.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    inbox::Verified,
    refusal::{Code, Refusal},
    storage::StorageError,
};

/// What became of a message that was not refused; both are answered alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It was new and took effect.
    Applied,
    /// It had taken effect before; nothing was done.
    Retried,
}

/// What became of one message of a batch.
pub type Outcome = Result<Receipt, Refusal>;

/// Records verified messages: their nonces and their effects.
///
/// # Contract
///
/// * `record` handles a whole batch in **one transaction**. When it returns `Ok`, everything it
///   reports is durable; when it returns `Err`, or never returns, nothing of the batch has happened.
/// * There is one outcome for every message, in the order given; the messages take effect in that order.
/// * For each message the store looks up both nonces, asks [`crate::replay::decide`], and acts on the
///   decision inside the transaction. Messages of one batch see each other: of two copies one is refused.
/// * A message that its handler refuses records nothing, not even its nonces, and disturbs no other.
/// * Nonces stay for at least [`NONCE_LIFETIME_MS`](crate::replay::NONCE_LIFETIME_MS) from receipt.
///
/// [`crate::inbox::conformance`] checks a store against this contract.
#[async_trait]
pub trait InboxStore: Send + Sync {
    /// Records a batch.
    async fn record(&self, batch: Vec<Verified>) -> Result<Vec<Outcome>, StorageError>;

    /// Records one message.
    async fn record_one(&self, message: Verified) -> Outcome {
        let outcome = self.record(vec![message]).await?.pop();
        outcome.unwrap_or_else(|| Err(Refusal::new(Code::Unavailable, "The storage gave no answer.")))
    }
}

#[async_trait]
impl<S: InboxStore + ?Sized> InboxStore for Arc<S> {
    async fn record(&self, batch: Vec<Verified>) -> Result<Vec<Outcome>, StorageError> {
        (**self).record(batch).await
    }
}
