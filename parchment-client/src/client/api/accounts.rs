//! A person's account: profile, preferences, first steps.

use parchment_core::api::accounts as api;

use super::super::{Client, ClientError, operations};

/// What the caller shows of herself: see [`Client::profile`].
#[derive(Debug, Clone, Copy)]
pub struct Profile<'a> {
    pub(super) client: &'a Client,
}

impl Profile<'_> {
    /// Changes name or picture.
    pub async fn change(&self, change: &api::ProfileRequest) -> Result<(), ClientError> {
        self.client
            .call(operations::CHANGE_PROFILE, &[])
            .json(change)
            .done()
            .await
    }

    /// Notes that the caller finished the first steps; the first time counts.
    pub async fn complete_onboarding(&self) -> Result<api::OnboardingCompleted, ClientError> {
        self.client.call(operations::COMPLETE_ONBOARDING, &[]).document().await
    }
}

/// How the caller's clients speak to her: see [`Client::preferences`].
#[derive(Debug, Clone, Copy)]
pub struct Preferences<'a> {
    pub(super) client: &'a Client,
}

impl Preferences<'_> {
    /// What she chose, or what holds until she does.
    pub async fn get(&self) -> Result<api::Preferences, ClientError> {
        self.client.call(operations::GET_PREFERENCES, &[]).document().await
    }

    /// Changes what is given; says what holds from now on.
    pub async fn change(&self, change: &api::PreferencesRequest) -> Result<api::Preferences, ClientError> {
        self.client
            .call(operations::CHANGE_PREFERENCES, &[])
            .json(change)
            .document()
            .await
    }
}
