//! The HTTP face of an account.

use std::sync::Arc;

use parchment_core::{
    api::{
        Time,
        accounts::{AliasAvailability, OnboardingCompleted, Preferences, PreferencesRequest, ProfileRequest},
        identity::Success,
    },
    handle::Alias,
};
use poem::web::Data;
use poem_openapi::{OpenApi, param::Query, payload::Json};

use super::{preferences, profile};
use crate::{
    app::App,
    auth::caller::Caller,
    http::{
        answer::{Fails, SignedOut, refusals},
        body::Body,
        tag::Tag,
    },
    identity::alias,
};

refusals! {
    ChangeRefusals + body {
        401: "No live session: `signed_out`.",
        422: "A member is unknown, of another type, too long, or not what it should be: `invalid_body`.",
    }
    CheckRefusals {
        401: "No live session: `signed_out`.",
        422: "The parameter is missing: `invalid_body`.",
    }
}

/// The caller's own account.
#[derive(Debug)]
pub struct AccountsApi;

#[OpenApi(prefix_path = "/users")]
impl AccountsApi {
    /// Change the profile
    ///
    /// Sets what the caller shows of herself, to other servers too. Null clears a member, an absent one stays.
    #[oai(
        path = "/me/profile",
        method = "patch",
        tag = "Tag::Users",
        operation_id = "changeProfile"
    )]
    async fn change_profile(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        body: Body<ProfileRequest>,
    ) -> Result<Json<Success>, Fails<ChangeRefusals>> {
        profile::change(&app.store, &caller, body.0, app.now()).await?;
        Ok(Json(Success::YES))
    }

    /// Preferences
    ///
    /// How the caller's clients speak to her; `en-US` and metric until she chose otherwise.
    #[oai(
        path = "/me/preferences",
        method = "get",
        tag = "Tag::Users",
        operation_id = "getPreferences"
    )]
    async fn preferences(&self, app: Data<&Arc<App>>, caller: Caller) -> Result<Json<Preferences>, Fails<SignedOut>> {
        Ok(Json(preferences::get(app.store.reader(), caller.user.id).await?))
    }

    /// Change the preferences
    ///
    /// Sets language, units or both; an absent member stays. Gives the preferences that hold then.
    #[oai(
        path = "/me/preferences",
        method = "put",
        tag = "Tag::Users",
        operation_id = "changePreferences"
    )]
    async fn change_preferences(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        body: Body<PreferencesRequest>,
    ) -> Result<Json<Preferences>, Fails<ChangeRefusals>> {
        Ok(Json(preferences::change(&app.store, &caller, body.0, app.now()).await?))
    }

    /// Finish the first steps
    ///
    /// Notes that the caller has been shown around; doing it again changes nothing.
    #[oai(
        path = "/me/onboarding/complete",
        method = "post",
        tag = "Tag::Users",
        operation_id = "completeOnboarding"
    )]
    async fn complete_onboarding(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
    ) -> Result<Json<OnboardingCompleted>, Fails<SignedOut>> {
        let completed = profile::complete_onboarding(&app.store, &caller, app.now()).await?;
        Ok(Json(OnboardingCompleted {
            onboarding_completed_at: Time::from_millis(completed),
        }))
    }

    /// Is an alias free
    ///
    /// Whether the caller could have this alias. Between the answer and setting it somebody else may take it.
    #[oai(
        path = "/alias/check",
        method = "get",
        tag = "Tag::Users",
        operation_id = "checkAlias"
    )]
    async fn check_alias(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The alias.
        alias: Query<String>,
    ) -> Result<Json<AliasAvailability>, Fails<CheckRefusals>> {
        let available = match Alias::parse(&alias) {
            Ok(alias) => alias::is_free_for(app.store.reader(), caller.user.id, &alias).await?,
            Err(_) => false,
        };
        Ok(Json(AliasAvailability { available }))
    }
}
