//! Keeping the cookie alive as long as its session.
//!
//! A session that is used lives on, and so must the cookie that carries it. Whoever authenticates
//! a request leaves word of an extension with the request; the answer then sets the cookie anew.

use std::sync::{Arc, Mutex, PoisonError};

use poem::{Endpoint, IntoResponse, Request, Response, http::header};

/// Where an extension is left.
#[derive(Clone, Default)]
pub(super) struct Renewal(Arc<Mutex<Option<String>>>);

impl Renewal {
    /// The answer to this request shall set this cookie.
    pub(super) fn set(request: &Request, cookie: String) {
        if let Some(renewal) = request.extensions().get::<Self>() {
            *renewal.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cookie);
        }
    }

    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Sets the cookie anew on answers to requests whose session was extended.
#[derive(Debug)]
pub struct RenewCookie<E>(pub E);

impl<E: Endpoint> Endpoint for RenewCookie<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let renewal = Renewal::default();
        request.extensions_mut().insert(renewal.clone());
        let mut response = self.0.call(request).await?.into_response();
        let cookie = renewal.take().and_then(|cookie| cookie.parse().ok());
        // An answer that sets the cookie itself, such as signing out, knows better.
        if let Some(cookie) = cookie
            && !response.headers().contains_key(header::SET_COOKIE)
        {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }
}
