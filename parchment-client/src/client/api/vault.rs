//! What people keep sealed, and how they get at it. The server sees neither content nor keys; neither does this module.

use parchment_core::api::{
    blobs::{Blob, BlobEntry, BlobList, BlobRequest},
    collections as api,
    device_transfer::{TransferPayload, TransferRequest, TransferStarted, TransferUpload},
    devices::WrapSecret,
    rotation::{KmVersion, RotationRequest},
    wrapped_keys::{SlotRequest, Slots as SlotList, StoredSlot},
};

use super::super::{Client, ClientError, operations};

/// The caller's sealed blobs: see [`Client::blobs`].
#[derive(Debug, Clone, Copy)]
pub struct Blobs<'a> {
    pub(super) client: &'a Client,
}

impl Blobs<'_> {
    /// Which blobs there are, without what is in them.
    pub async fn list(&self) -> Result<Vec<BlobEntry>, ClientError> {
        let listed: BlobList = self.client.call(operations::LIST_BLOBS, &[]).document().await?;
        Ok(listed.blobs)
    }

    /// One blob, if there is one of this type.
    pub async fn get(&self, blob_type: &str) -> Result<Option<Blob>, ClientError> {
        self.client.call(operations::GET_BLOB, &[blob_type]).optional().await
    }

    /// Writes a blob, over the one of this type if there is one.
    pub async fn put(&self, blob_type: &str, blob: &BlobRequest) -> Result<(), ClientError> {
        self.client
            .call(operations::PUT_BLOB, &[blob_type])
            .json(blob)
            .done()
            .await
    }

    /// Deletes a blob.
    pub async fn delete(&self, blob_type: &str) -> Result<(), ClientError> {
        self.client.call(operations::DELETE_BLOB, &[blob_type]).done().await
    }
}

/// The caller's recovery slots: see [`Client::slots`].
#[derive(Debug, Clone, Copy)]
pub struct Slots<'a> {
    pub(super) client: &'a Client,
}

impl Slots<'_> {
    /// All of them, oldest first. Check a signature before you use what it covers.
    pub async fn list(&self) -> Result<Vec<StoredSlot>, ClientError> {
        let listed: SlotList = self.client.call(operations::LIST_SLOTS, &[]).document().await?;
        Ok(listed.slots)
    }

    /// Writes a slot, over the one for the same passkey if there is one.
    pub async fn put(&self, slot: &SlotRequest) -> Result<(), ClientError> {
        self.client.call(operations::PUT_SLOT, &[]).json(slot).done().await
    }

    /// Deletes the slot for a passkey.
    pub async fn delete(&self, credential_id: &str) -> Result<(), ClientError> {
        self.client.call(operations::DELETE_SLOT, &[credential_id]).done().await
    }

    /// Notes that the slot for a passkey was used, for the list.
    pub async fn note_use(&self, credential_id: &str) -> Result<(), ClientError> {
        self.client
            .call(operations::NOTE_SLOT_USE, &[credential_id])
            .done()
            .await
    }
}

/// What the server keeps for the caller's devices: see [`Client::device_secrets`].
#[derive(Debug, Clone, Copy)]
pub struct DeviceSecrets<'a> {
    pub(super) client: &'a Client,
}

impl DeviceSecrets<'_> {
    /// The secret of a device, which is made when it is first asked for.
    pub async fn get(&self, device_id: &str) -> Result<WrapSecret, ClientError> {
        self.client
            .call(operations::GET_WRAP_SECRET, &[device_id])
            .document()
            .await
    }

    /// Changes the secret of every device: what was wrapped with the old ones opens no more.
    pub async fn rotate(&self) -> Result<(), ClientError> {
        self.client.call(operations::ROTATE_WRAP_SECRETS, &[]).done().await
    }
}

/// Handing the seed from one device to another: see [`Client::transfers`].
#[derive(Debug, Clone, Copy)]
pub struct Transfers<'a> {
    pub(super) client: &'a Client,
}

impl Transfers<'_> {
    /// Begins a transfer, on the new device. It is over in a minute, and there are 3 an hour.
    pub async fn begin(&self, request: &TransferRequest) -> Result<TransferStarted, ClientError> {
        self.client
            .call(operations::BEGIN_TRANSFER, &[])
            .json(request)
            .document()
            .await
    }

    /// Fetches what the old device uploaded, once; refused with status 425 until it did.
    pub async fn fetch(&self, id: &str) -> Result<TransferPayload, ClientError> {
        self.client.call(operations::FETCH_TRANSFER, &[id]).document().await
    }

    /// Leaves the sealed seed for the new device, once.
    pub async fn upload(&self, id: &str, upload: &TransferUpload) -> Result<(), ClientError> {
        self.client
            .call(operations::UPLOAD_TRANSFER, &[id])
            .json(upload)
            .done()
            .await
    }

    /// Ends a transfer, on either device.
    pub async fn cancel(&self, id: &str) -> Result<(), ClientError> {
        self.client.call(operations::CANCEL_TRANSFER, &[id]).done().await
    }
}

/// The caller's sealed collections: see [`Client::collections`].
#[derive(Debug, Clone, Copy)]
pub struct Collections<'a> {
    pub(super) client: &'a Client,
}

impl Collections<'_> {
    /// All of them.
    pub async fn list(&self) -> Result<Vec<api::Collection>, ClientError> {
        self.client.call(operations::LIST_COLLECTIONS, &[]).document().await
    }

    /// Makes a collection. Its metadata is bound to its id, so it is written afterwards.
    pub async fn create(&self, collection: &api::CollectionRequest) -> Result<api::Collection, ClientError> {
        self.client
            .call(operations::CREATE_COLLECTION, &[])
            .json(collection)
            .document()
            .await
    }

    /// One collection, without its points.
    pub async fn get(&self, id: &str) -> Result<api::Collection, ClientError> {
        self.client.call(operations::GET_COLLECTION, &[id]).document().await
    }

    /// Writes the metadata of a collection.
    pub async fn change(&self, id: &str, collection: &api::CollectionRequest) -> Result<api::Collection, ClientError> {
        let call = self.client.call(operations::CHANGE_COLLECTION, &[id]);
        call.json(collection).document().await
    }

    /// Deletes a collection with all points in it.
    pub async fn delete(&self, id: &str) -> Result<(), ClientError> {
        self.client.call(operations::DELETE_COLLECTION, &[id]).done().await
    }
}

/// The points of a collection: see [`Client::points`].
#[derive(Debug, Clone, Copy)]
pub struct Points<'a> {
    pub(super) client: &'a Client,
    pub(super) collection_id: &'a str,
}

impl Points<'_> {
    /// All of them, oldest first.
    pub async fn list(&self) -> Result<Vec<api::Point>, ClientError> {
        let call = self.client.call(operations::LIST_POINTS, &[self.collection_id]);
        let listed: api::Points = call.document().await?;
        Ok(listed.points)
    }

    /// Adds a point. A client that binds the point's id into the envelope chooses it.
    pub async fn create(&self, point: &api::NewPointRequest) -> Result<api::Point, ClientError> {
        let call = self.client.call(operations::CREATE_POINT, &[self.collection_id]);
        call.json(point).document().await
    }

    /// Writes a point anew.
    pub async fn change(&self, point_id: &str, point: &api::PointRequest) -> Result<api::Point, ClientError> {
        let call = self
            .client
            .call(operations::CHANGE_POINT, &[self.collection_id, point_id]);
        call.json(point).document().await
    }

    /// Deletes a point.
    pub async fn delete(&self, point_id: &str) -> Result<(), ClientError> {
        let call = self
            .client
            .call(operations::DELETE_POINT, &[self.collection_id, point_id]);
        call.done().await
    }
}

/// The version of the caller's master key, and its rotation: see [`Client::rotation`].
#[derive(Debug, Clone, Copy)]
pub struct Rotation<'a> {
    pub(super) client: &'a Client,
}

impl Rotation<'_> {
    /// The version of the master key: 1, and one more with each rotation.
    pub async fn version(&self) -> Result<i64, ClientError> {
        let version: KmVersion = self.client.call(operations::GET_KM_VERSION, &[]).document().await?;
        Ok(version.km_version)
    }

    /// Puts everything the caller keeps under a new master key, in one step or not at all; gives the new version.
    ///
    /// One of any number of racing commits wins, the others are refused as `rotation_conflict`. `rotation_incomplete` says in
    /// [`Refused::missing`](crate::Refused::missing) what would have been left behind. When the answer is lost, the version
    /// says whether the commit landed.
    pub async fn commit(&self, rotation: &RotationRequest) -> Result<i64, ClientError> {
        let call = self.client.call(operations::COMMIT_ROTATION, &[]);
        let version: KmVersion = call.json(rotation).document().await?;
        Ok(version.km_version)
    }
}
