//! A connection that ends when its client dawdles.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::Held;

/// How long a client may take. What lies between two requests is the framework's to bound, and a body is the reader's.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// From connecting to the first byte.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// For taking anything at all of an answer.
    pub progress: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(60),
            head: Duration::from_secs(20),
            progress: Duration::from_secs(30),
        }
    }
}

/// What is read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// The first byte of the connection.
    First,
    /// The first byte of another request; how long that may take is not decided here.
    Next,
    /// A head of which so many bytes of the closing CR LF CR LF were there last.
    Head { matched: usize },
    /// Whatever follows a head.
    Rest,
    /// Nothing: the client speaks HTTP/2, which has no place behind a proxy and no deadlines here.
    Refused,
}

/// How HTTP/2 begins (RFC 9113, section 3.4), as far as it differs from any head of HTTP/1.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// What invites a client to send its body (RFC 9110, section 15.2.1): no answer yet.
const GO_ON: &[u8] = b"HTTP/1.1 100 ";

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A stream with [`Deadlines`].
#[derive(Debug)]
pub struct Stream<S> {
    stream: S,
    deadlines: Deadlines,
    reading: Reading,
    /// How many bytes of the preface the connection began with, while it may still be one.
    preface: Option<usize>,
    read_until: Option<Pin<Box<Sleep>>>,
    write_until: Option<Pin<Box<Sleep>>>,
    held: Held,
}

impl<S> Stream<S> {
    pub(crate) fn new(stream: S, deadlines: Deadlines, mut held: Held) -> Self {
        held.place.silent();
        Self {
            stream,
            deadlines,
            reading: Reading::First,
            preface: Some(0),
            read_until: Some(sleep(deadlines.first_byte)),
            write_until: None,
            held,
        }
    }

    /// Follows what was read.
    fn note_read(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(seen) = self.preface {
            let common = bytes.iter().zip(&PREFACE[seen..]).take_while(|(a, b)| a == b).count();
            self.preface = (common == bytes.len()).then_some(seen + common);
            if seen + common == PREFACE.len() {
                self.reading = Reading::Refused;
                return;
            }
        }
        if matches!(self.reading, Reading::First | Reading::Next) {
            self.reading = Reading::Head { matched: 0 };
            self.read_until = None;
        }
        if let Reading::Head { matched } = &mut self.reading {
            for byte in bytes {
                *matched = match *byte {
                    byte if byte == END_OF_HEAD[*matched] => *matched + 1,
                    b'\r' => 1,
                    _ => 0,
                };
                if *matched == END_OF_HEAD.len() {
                    self.reading = Reading::Rest;
                    self.read_until = None;
                    self.held.place.busy();
                    return;
                }
            }
            self.read_until.get_or_insert_with(|| sleep(self.deadlines.head));
        }
    }

    /// Follows what is written: after an answer, what is read is another request.
    fn note_written(&mut self, bytes: &[u8]) {
        self.write_until = None;
        let is_answer = !bytes.is_empty() && !bytes.starts_with(GO_ON);
        if is_answer && matches!(self.reading, Reading::Rest | Reading::Head { .. }) {
            self.reading = Reading::Next;
            self.read_until = None;
        }
        // With each part of an answer the client's turn begins anew; where it does not take one, it is not silent.
        if !bytes.is_empty() && self.reading == Reading::Next {
            self.held.place.silent();
        }
    }

    /// Ends a write that waits for too long.
    fn stalled(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let progress = self.deadlines.progress;
        self.held.place.busy();
        let until = self.write_until.get_or_insert_with(|| sleep(progress));
        ready!(until.as_mut().poll(context));
        Poll::Ready(too_slow())
    }
}

fn sleep(duration: Duration) -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep_until(Instant::now() + duration))
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client was too slow")
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(context, buffer) {
            this.note_read(&buffer.filled()[before..]);
            if this.reading == Reading::Refused {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "HTTP/2 is not spoken here",
                )));
            }
            // A head that drips in byte by byte is as late as one that stops.
            let is_late = |until: &Pin<Box<Sleep>>| until.is_elapsed() || until.deadline() <= Instant::now();
            if this.read_until.as_ref().is_some_and(is_late) {
                return Poll::Ready(Err(too_slow()));
            }
            return Poll::Ready(read);
        }
        if this.held.place.must_leave(context) {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the client was silent, and its place is needed",
            )));
        }
        match &mut this.read_until {
            Some(until) => {
                ready!(until.as_mut().poll(context));
                Poll::Ready(Err(too_slow()))
            }
            None => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> Stream<S> {
    /// A step of writing that begins with these bytes, bounded in time.
    fn step<T>(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
        step: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match step(Pin::new(&mut self.stream), context) {
            Poll::Ready(done) => {
                self.note_written(bytes);
                Poll::Ready(done)
            }
            Poll::Pending => Poll::Ready(Err(ready!(self.stalled(context)))),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut()
            .step(context, bytes, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices
            .iter()
            .find(|slice| !slice.is_empty())
            .map_or(&[][..], |slice| slice);
        self.get_mut().step(context, first, |stream, context| {
            stream.poll_write_vectored(context, slices)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut()
            .step(context, &[], |stream, context| stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut()
            .step(context, &[], |stream, context| stream.poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::gauge::Gauge;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use crate::connections::places::Places;

    use super::*;

    /// A connection: the client's end, and the server's with its deadlines.
    async fn connection() -> (DuplexStream, Stream<DuplexStream>) {
        let (client, server) = duplex(64);
        let held = Held {
            place: Places::new(1, Gauge::default()).take().await,
            _address: None,
        };
        (client, Stream::new(server, Deadlines::default(), held))
    }

    async fn wait(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    /// Reads until something comes, ends or is cut off.
    async fn read(server: &mut Stream<DuplexStream>) -> io::Result<String> {
        let mut bytes = [0; 64];
        let count = server.read(&mut bytes).await?;
        Ok(String::from_utf8_lossy(&bytes[..count]).into_owned())
    }

    async fn is_cut_off(server: &mut Stream<DuplexStream>) -> bool {
        matches!(read(server).await, Err(error) if error.kind() == io::ErrorKind::TimedOut)
    }

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_is_cut_off() {
        let (_client, mut server) = connection().await;
        assert!(is_cut_off(&mut server).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_stops_or_drips_is_cut_off() {
        let (mut client, mut server) = connection().await;
        client.write_all(&HEAD[..9]).await.unwrap();
        assert_eq!(read(&mut server).await.unwrap(), "GET / HTT");
        assert!(is_cut_off(&mut server).await);

        let (mut client, mut server) = connection().await;
        let dripping = tokio::spawn(async move {
            for byte in b"GET / HTTP/1.1\r\nx: ".iter().chain([b'x'; 100].iter()) {
                if client.write_all(&[*byte]).await.is_err() {
                    break;
                }
                wait(1).await;
            }
        });
        let begun = Instant::now();
        while read(&mut server).await.is_ok() {}
        assert!(begun.elapsed() <= Duration::from_secs(22), "{:?}", begun.elapsed());
        dripping.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_whole_may_wait_for_its_answer_and_the_next_one_has_its_own_time() {
        let (mut client, mut server) = connection().await;
        for _ in 0..3 {
            // In pieces that split the end of the head.
            for piece in [&HEAD[..HEAD.len() - 3], &HEAD[HEAD.len() - 3..]] {
                client.write_all(piece).await.unwrap();
                read(&mut server).await.unwrap();
            }
            let waiting = tokio::time::timeout(Duration::from_secs(300), read(&mut server)).await;
            assert!(waiting.is_err(), "the answer may take its time: {waiting:?}");
            server.write_all(ANSWER).await.unwrap();
            client.read_exact(&mut [0; ANSWER.len()]).await.unwrap();
        }
        client.write_all(b"GET").await.unwrap();
        read(&mut server).await.unwrap();
        assert!(is_cut_off(&mut server).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_was_invited_is_no_head() {
        let (mut client, mut server) = connection().await;
        client.write_all(HEAD).await.unwrap();
        read(&mut server).await.unwrap();
        server.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
        client.read_exact(&mut [0; 25]).await.unwrap();
        for _ in 0..30 {
            client.write_all(b"body").await.unwrap();
            assert_eq!(read(&mut server).await.unwrap(), "body");
            wait(2).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn http_2_is_not_spoken() {
        let (mut client, mut server) = connection().await;
        client.write_all(b"PRI * HT").await.unwrap();
        read(&mut server).await.unwrap();
        client.write_all(b"TP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        assert_eq!(read(&mut server).await.unwrap_err().kind(), io::ErrorKind::Unsupported);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_only_begins_like_http_2_is_a_head() {
        let (mut client, mut server) = connection().await;
        client.write_all(b"PRI * HTTP/1.1\r\n").await.unwrap();
        read(&mut server).await.unwrap();
        assert!(is_cut_off(&mut server).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_no_answer_is_cut_off_and_a_slow_one_is_not() {
        let (mut client, mut server) = connection().await;
        client.write_all(HEAD).await.unwrap();
        read(&mut server).await.unwrap();
        let slow = tokio::spawn(async move {
            for _ in 0..10 {
                wait(20).await;
                client.read_exact(&mut [0; 64]).await.unwrap();
            }
            client
        });
        server.write_all(&[b'x'; 640]).await.unwrap();
        let _client = slow.await.unwrap();
        let error = server.write_all(&[b'x'; 640]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
