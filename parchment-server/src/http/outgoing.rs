//! Answers on their way out: how much of them may be held in memory for clients that are slow to take it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http_body::Body as _;
use http_body_util::combinators::BoxBody;
use parchment_core::refusal::{Code, Refusal};
use poem::{Body, Endpoint, IntoResponse as _, Request, Response, http::header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// What is smaller is not counted: a connection costs as much by itself.
const SMALL: u64 = 32 * 1024;

/// In pieces of how many bytes a large answer is handed on. The layer below copies what it is handed.
const PIECE: usize = 16 * 1024;

/// What is counted at a time: 1 KiB.
const UNIT: u64 = 1024;

/// Room for large answers, and nothing for whoever finds it full.
#[derive(Debug, Clone)]
pub struct Outgoing {
    room: Arc<Semaphore>,
    units: u32,
}

impl Outgoing {
    /// Room for so many KiB at once; the largest answer of all always fits into an empty one.
    pub fn of_kib(units: u32) -> Self {
        Self {
            room: Arc::new(Semaphore::new(units as usize)),
            units,
        }
    }

    /// The same answer, taking up room until it is sent or its client is gone; 503 `busy` when there is none.
    pub fn bound(&self, mut answer: Response) -> Response {
        let body: BoxBody<Bytes, std::io::Error> = answer.take_body().into();
        let length = body.size_hint().exact().filter(|length| *length > SMALL);
        let Some(length) = length else {
            answer.set_body(Body::from(body));
            return answer;
        };
        let units = u32::try_from(length / UNIT).unwrap_or(u32::MAX).min(self.units);
        let Ok(room) = self.room.clone().try_acquire_many_owned(units) else {
            let full = Refusal::new(
                Code::Busy,
                "Too many large answers are on their way; try again in a moment.",
            );
            return Problem::from(full).into_response();
        };
        answer.set_body(in_pieces(Body::from(body), room));
        answer.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        answer
    }
}

/// An endpoint whose large answers take up room.
#[derive(Debug)]
pub struct Bounded<E> {
    /// What answers.
    pub endpoint: E,
    /// Where its answers are on their way.
    pub outgoing: Outgoing,
}

impl<E: Endpoint> Endpoint for Bounded<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let answer = self.endpoint.call(request).await?.into_response();
        Ok(self.outgoing.bound(answer))
    }
}

/// Hands a body on piece by piece, and the room back at its end.
fn in_pieces(body: Body, room: OwnedSemaphorePermit) -> Body {
    let pieces = body
        .into_bytes_stream()
        .map_ok(|bytes| stream::iter(slices(bytes).map(Ok::<_, std::io::Error>)))
        .try_flatten();
    Body::from_bytes_stream(pieces.map(move |piece| {
        let _held = &room;
        piece
    }))
}

fn slices(bytes: Bytes) -> impl Iterator<Item = Bytes> + Send {
    (0..bytes.len())
        .step_by(PIECE)
        .map(move |start| bytes.slice(start..bytes.len().min(start + PIECE)))
}

#[cfg(test)]
mod tests {
    use poem::http::StatusCode;

    use super::*;

    fn large() -> Response {
        Response::builder().body(vec![b'x'; 100_000])
    }

    #[tokio::test]
    async fn a_large_answer_is_whole_and_says_how_long_it_is() {
        let answer = Outgoing::of_kib(1).bound(large());
        assert_eq!(answer.headers()[header::CONTENT_LENGTH], "100000");
        assert_eq!(answer.into_body().into_vec().await.unwrap(), vec![b'x'; 100_000]);
    }

    #[tokio::test]
    async fn without_room_a_large_answer_is_put_off_and_a_small_one_is_not() {
        let outgoing = Outgoing::of_kib(150);
        let first = outgoing.bound(large());
        let second = outgoing.bound(large());
        assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(second.headers().contains_key(header::RETRY_AFTER));
        assert_eq!(
            outgoing.bound(Response::builder().body("small")).status(),
            StatusCode::OK
        );
        drop(first);
        assert_eq!(
            outgoing.bound(large()).status(),
            StatusCode::OK,
            "the first client has gone"
        );
    }
}
