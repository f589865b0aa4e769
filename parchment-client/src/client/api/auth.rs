//! Signing in: codes, passkeys, sessions.

use parchment_core::api::{
    Email,
    auth::{
        CurrentSession, EndOthersRequest, Permissions, Session, SignInMethod, SignInRequest, SignInResponse,
        VerifyRequest,
    },
    passkeys::{Passkey, PasskeyAssertion, PasskeyCreationOptions, PasskeyRegistration, PasskeyRequestOptions},
};

use super::super::{Client, ClientError, operations};

/// Signing in: see [`Client::sign_in`]. The session that this client may have is not sent along.
///
/// What signs in gives a token, shown this once: keep it as you would a password, and go on with
/// [`Client::with_token`].
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    pub(super) client: &'a Client,
}

impl SignIn<'_> {
    /// Has a code mailed to an address: 8 digits, good once within 15 minutes; a newer code replaces an older.
    pub async fn request_code(&self, email: &str) -> Result<(), ClientError> {
        let request = VerifyRequest { email: address(email)? };
        self.client
            .call(operations::REQUEST_CODE, &[])
            .json(&request)
            .done()
            .await
    }

    /// Opens a session with the code from the mail. Five wrong codes end it.
    pub async fn with_code(&self, email: &str, code: &str) -> Result<SignInResponse, ClientError> {
        let request = SignInRequest {
            method: SignInMethod::Otp,
            email: address(email)?,
            token: code.to_owned(),
        };
        self.client
            .call(operations::SIGN_IN, &[])
            .json(&request)
            .document()
            .await
    }

    /// Begins to sign in with a passkey: what `navigator.credentials.get()` is called with.
    pub async fn passkey_options(&self) -> Result<PasskeyRequestOptions, ClientError> {
        self.client
            .call(operations::BEGIN_PASSKEY_SIGN_IN, &[])
            .document()
            .await
    }

    /// Opens a session with a passkey's answer to these options.
    ///
    /// Take `prf.results` out of its extension results before: they are a secret of the client's.
    pub async fn with_passkey(&self, assertion: &PasskeyAssertion) -> Result<SignInResponse, ClientError> {
        self.client
            .call(operations::SIGN_IN_WITH_PASSKEY, &[])
            .json(assertion)
            .document()
            .await
    }
}

fn address(text: &str) -> Result<Email, ClientError> {
    Email::read(text).map_err(|_| ClientError::Unsendable {
        what: "this is not a mail address",
    })
}

/// The caller's sessions: see [`Client::sessions`].
#[derive(Debug, Clone, Copy)]
pub struct Sessions<'a> {
    pub(super) client: &'a Client,
}

impl Sessions<'_> {
    /// All her sessions, newest first.
    pub async fn list(&self) -> Result<Vec<Session>, ClientError> {
        self.client.call(operations::LIST_SESSIONS, &[]).document().await
    }

    /// Who is asking; none when signed out.
    pub async fn current(&self) -> Result<Option<CurrentSession>, ClientError> {
        self.client.call(operations::CURRENT_SESSION, &[]).optional().await
    }

    /// What the caller may do.
    pub async fn permissions(&self) -> Result<Permissions, ClientError> {
        self.client.call(operations::CURRENT_PERMISSIONS, &[]).document().await
    }

    /// Ends one of her sessions.
    pub async fn end(&self, id: &str) -> Result<(), ClientError> {
        self.client.call(operations::END_SESSION, &[id]).done().await
    }

    /// Ends every session but this one, and forgets every device but the one that calls itself `device_id`.
    pub async fn end_others(&self, device_id: &str) -> Result<(), ClientError> {
        let request = EndOthersRequest {
            device_id: device_id.to_owned(),
        };
        self.client
            .call(operations::END_OTHER_SESSIONS, &[])
            .json(&request)
            .done()
            .await
    }

    /// Ends every session, this one included; the secret of every device changes.
    pub async fn end_all(&self) -> Result<(), ClientError> {
        self.client.call(operations::END_ALL_SESSIONS, &[]).done().await
    }

    /// Ends this session, if there is one.
    pub async fn sign_out(&self) -> Result<(), ClientError> {
        self.client.call(operations::SIGN_OUT, &[]).done().await
    }
}

/// The caller's passkeys: see [`Client::passkeys`].
#[derive(Debug, Clone, Copy)]
pub struct Passkeys<'a> {
    pub(super) client: &'a Client,
}

impl Passkeys<'_> {
    /// All her passkeys.
    pub async fn list(&self) -> Result<Vec<Passkey>, ClientError> {
        self.client.call(operations::LIST_PASSKEYS, &[]).document().await
    }

    /// Begins to register a passkey: what `navigator.credentials.create()` is called with.
    pub async fn registration_options(&self) -> Result<PasskeyCreationOptions, ClientError> {
        self.client
            .call(operations::BEGIN_PASSKEY_REGISTRATION, &[])
            .document()
            .await
    }

    /// Registers the passkey that was made with these options.
    ///
    /// Take `prf.results` out of its extension results before: they are a secret of the client's.
    pub async fn register(&self, registration: &PasskeyRegistration) -> Result<Passkey, ClientError> {
        self.client
            .call(operations::REGISTER_PASSKEY, &[])
            .json(registration)
            .document()
            .await
    }

    /// Deletes a passkey, and the recovery slot that is wrapped for it.
    pub async fn delete(&self, id: &str) -> Result<(), ClientError> {
        self.client.call(operations::DELETE_PASSKEY, &[id]).done().await
    }

    /// Asks for the PRF output of any passkey that has a recovery slot: what `navigator.credentials.get()` is called with.
    /// The answer stays with the client.
    pub async fn prf_assert_options(&self) -> Result<PasskeyRequestOptions, ClientError> {
        self.client.call(operations::PRF_ASSERT_OPTIONS, &[]).document().await
    }

    /// The same of one passkey, before there is a slot for it.
    pub async fn prf_enroll_options(&self, credential_id: &str) -> Result<PasskeyRequestOptions, ClientError> {
        self.client
            .call(operations::PRF_ENROLL_OPTIONS, &[credential_id])
            .document()
            .await
    }
}
