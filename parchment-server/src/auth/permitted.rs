//! Callers of operations that need a permission, as those operations take them.
//!
//! An operation that takes a [`Permitted`] answers 403 to everybody who does not hold the
//! permission that its type names, before it looks at anything else of the request. Its
//! description ends with `Needs` and the permission; a test holds the two against each other.

use std::{marker::PhantomData, sync::Arc};

use poem::{Request, RequestBody};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, registry::Registry};
use sea_orm::{ConnectionTrait, prelude::Uuid};

use super::{
    caller::Caller,
    permissions::{Held, Need, Permission},
    sessions,
};
use crate::{app::App, http::problem::Problem, store::entities::users};

/// Somebody who is signed in and held the permission `N` when the request came.
#[derive(Debug)]
pub struct Permitted<N> {
    /// Who she is, and what she needs.
    pub actor: Actor,
    /// Her account when the request came.
    pub user: users::Model,
    /// What she held when the request came: enough to read by. A change asks again.
    pub held: Held,
    need: PhantomData<N>,
}

/// Somebody who does what needs a permission.
#[derive(Debug)]
pub struct Actor {
    /// Who she is.
    pub user_id: Uuid,
    /// The session she acts with.
    pub session_id: Uuid,
    needs: Permission,
}

impl Actor {
    /// What she holds now, as the first step of a change that she asks for.
    ///
    /// Somebody may have ended her session or taken the permission from her since the request came; what she asked for
    /// must not come after.
    ///
    /// # Errors
    ///
    /// 401 `signed_out`, 403 `forbidden`.
    pub async fn held(&self, tx: &impl ConnectionTrait) -> Result<Held, Problem> {
        sessions::check_alive(tx, self.session_id).await?;
        demand(Held::by(tx, self.user_id).await?, self.needs)
    }
}

fn demand(held: Held, needs: Permission) -> Result<Held, Problem> {
    if held.may(needs) {
        return Ok(held);
    }
    let message = format!("You need the permission {} for this.", needs.id());
    Err(Problem::forbidden("forbidden", message))
}

impl<'a, N: Need> ApiExtractor<'a> for Permitted<N> {
    const TYPES: &'static [ApiExtractorType] = Caller::TYPES;

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Caller::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        Caller::security_schemes()
    }

    fn has_security_fallback() -> bool {
        Caller::has_security_fallback()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let caller = Caller::from_request(request, body, options).await?;
        let app = request
            .data::<Arc<App>>()
            .ok_or_else(|| Problem::internal("the application is not mounted"))?;
        let held = Held::by(app.store.reader(), caller.user.id)
            .await
            .map_err(Problem::from)?;
        Ok(Self {
            held: demand(held, N::PERMISSION)?,
            actor: Actor {
                user_id: caller.user.id,
                session_id: caller.session.id,
                needs: N::PERMISSION,
            },
            user: caller.user,
            need: PhantomData,
        })
    }
}
