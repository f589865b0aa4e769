//! From the old device to the new: the seed, released by a code that a person carries.

use std::{fmt, sync::Arc};

use parchment_core::{
    api::device_transfer::{TransferRequest, TransferUpload},
    transfer::{Attempt, AwaitingCode, Invitation, Payload, Receiver, SessionId, TransferCode, TransferError},
};

use super::{
    Account,
    error::{AccountError, Result},
    identity::published_identity,
    lie::Lie,
    random,
};
use crate::{Client, keystore::KeyStore};

impl Account {
    /// Answers the invitation that was scanned from a new device; gives the code that the person types there.
    ///
    /// # Errors
    ///
    /// [`AccountError::Transfer`] when this is no invitation; [`AccountError::Client`] when it is over or answered.
    pub async fn answer_transfer(&self, scanned: &str) -> Result<TransferCode> {
        let invitation = Invitation::read(scanned).map_err(AccountError::Transfer)?;
        let device = self.device().await;
        let answer = invitation.answer(&device.seed, random::ephemeral()?, random::seal_nonce()?);
        let answer = answer.map_err(AccountError::Transfer)?;
        let upload = TransferUpload {
            sender_ephemeral_pub: answer.payload.sender().to_base64(),
            sealed_seed: answer.payload.sealed_seed().to_base64(),
            sender_signature: answer.payload.signature().to_base64(),
        };
        self.client()
            .transfers()
            .upload(invitation.session().as_str(), &upload)
            .await?;
        Ok(answer.code)
    }
}

/// A new device that is signed in and waits for the seed.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use parchment_client::{Client, account::{Account, NewDevice, Polled, Tried}, keystore::MemoryStore};
///
/// # async fn run(old: &Account, client: &Client, typed: &str) -> Result<(), Box<dyn std::error::Error>> {
/// // The new device, signed in: show this as a QR code.
/// let new = NewDevice::begin(client, Arc::new(MemoryStore::new())).await?;
/// let qr = new.invitation();
/// // The old one scans it and shows six digits.
/// println!("type {} into the new device", old.answer_transfer(&qr).await?);
/// // The new one again, when the person has typed them.
/// match new.poll().await? {
///     Polled::Waiting(_) => println!("not yet"),
///     Polled::Answered(waiting) => match waiting.try_code(typed).await? {
///         Tried::Opened(account) => println!("unlocked {:?}", account.handle().await),
///         Tried::Wrong(_again) => println!("these are not the digits"),
///     },
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NewDevice {
    client: Client,
    store: Arc<dyn KeyStore>,
    receiver: Receiver,
}

impl NewDevice {
    /// Begins a transfer, which is over in a minute.
    pub async fn begin(client: &Client, store: Arc<dyn KeyStore>) -> Result<Self> {
        let secret = random::ephemeral()?;
        let request = TransferRequest {
            receiver_ephemeral_pub: secret.ephemeral_key().to_base64(),
        };
        let started = client.transfers().begin(&request).await?;
        let session = SessionId::parse(&started.session_id).map_err(AccountError::Transfer)?;
        Ok(Self {
            client: client.clone(),
            store,
            receiver: Receiver::new(session, secret),
        })
    }

    /// What to show as a QR code.
    pub fn invitation(&self) -> String {
        self.receiver.invitation().to_text()
    }

    /// Fetches what the old device uploaded, if it did: ask every second or so.
    ///
    /// # Errors
    ///
    /// [`Lie::TransferNotSigned`] when it was not made by a device of hers for this one. It is given out once: then
    /// begin again.
    pub async fn poll(self) -> Result<Polled> {
        let session = self.receiver.invitation().session().as_str().to_owned();
        let fetched = match self.client.transfers().fetch(&session).await {
            Err(error) if error.status() == Some(425) => return Ok(Polled::Waiting(Box::new(self))),
            fetched => fetched?,
        };
        let payload = Payload::from_base64(
            &fetched.sender_ephemeral_pub,
            &fetched.sealed_seed,
            &fetched.sender_signature,
        );
        let identity = published_identity(&self.client).await?;
        let waiting = payload
            .and_then(|payload| self.receiver.receive(payload, &identity))
            .map_err(lie)?;
        Ok(Polled::Answered(Box::new(TypeCode {
            client: self.client,
            store: self.store,
            waiting,
        })))
    }

    /// Ends the transfer.
    pub async fn cancel(self) -> Result<()> {
        Ok(self
            .client
            .transfers()
            .cancel(self.receiver.invitation().session().as_str())
            .await?)
    }
}

/// What came of asking for the seed.
#[derive(Debug)]
pub enum Polled {
    /// The old device has not answered so far.
    Waiting(Box<NewDevice>),
    /// It has: let the person type its code.
    Answered(Box<TypeCode>),
}

/// A new device that has the sealed seed and waits for the person to type the code.
pub struct TypeCode {
    client: Client,
    store: Arc<dyn KeyStore>,
    waiting: AwaitingCode,
}

impl fmt::Debug for TypeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeCode")
            .field("tries_left", &self.waiting.tries_left())
            .finish_non_exhaustive()
    }
}

/// What came of a typed code.
#[derive(Debug)]
pub enum Tried {
    /// It was right, and the account is unlocked.
    Opened(Account),
    /// It was wrong, or no code at all; there are tries left.
    Wrong(Box<TypeCode>),
}

impl TypeCode {
    /// How many codes can still be tried.
    pub fn tries_left(&self) -> u8 {
        self.waiting.tries_left()
    }

    /// Tries what the person typed: six digits, with any spaces between them. What is no code does not count.
    ///
    /// # Errors
    ///
    /// [`Lie::TransferCode`] after the last try; other lies when what the code releases is not her seed.
    pub async fn try_code(self, typed: &str) -> Result<Tried> {
        let Ok(code) = TransferCode::parse(typed) else {
            return Ok(Tried::Wrong(Box::new(self)));
        };
        match self.waiting.try_code(&code) {
            Attempt::Opened(seed) => Account::unlock(&self.client, self.store, seed).await.map(Tried::Opened),
            Attempt::Wrong(waiting) => Ok(Tried::Wrong(Box::new(Self {
                client: self.client,
                store: self.store,
                waiting: *waiting,
            }))),
            Attempt::Discarded(error) => Err(lie(error)),
        }
    }
}

fn lie(error: TransferError) -> AccountError {
    match error {
        TransferError::NotSigned | TransferError::Encoding(_) | TransferError::SmallOrder => {
            Lie::TransferNotSigned.into()
        }
        TransferError::Shape(_) | TransferError::Unusable(_) | TransferError::NotASeed => Lie::TransferChanged.into(),
        TransferError::OtherIdentity => Lie::TransferOtherIdentity.into(),
        TransferError::TooManyTries => Lie::TransferCode.into(),
        error => AccountError::Transfer(error),
    }
}
