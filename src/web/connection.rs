//! One connection watched from outside: it counts what moves and says when waiting has been long enough.
//! Nothing is done per byte but counting; once a tick somebody looks.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::deadline::Deadlines;

/// What moved on a connection. Clones count for the same one.
#[derive(Clone, Default)]
pub struct Movement(Arc<Counters>);

#[derive(Default)]
struct Counters {
    read: AtomicU64,
    written: AtomicU64,
    /// The client does not take what we want to write.
    blocked: AtomicBool,
    /// Requests whose headers came in.
    asked: AtomicU64,
    answered: AtomicU64,
    /// `read` when the newest answer was ready: what came later begins the next request.
    read_before: AtomicU64,
}

/// A request under way; it counts as answered when this is dropped.
pub struct Asked(Movement);

impl Drop for Asked {
    fn drop(&mut self) {
        let counters = &self.0.0;
        counters.read_before.store(counters.read.load(Ordering::Relaxed), Ordering::Relaxed);
        counters.answered.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Snapshot {
    read: u64,
    written: u64,
    blocked: bool,
    asked: u64,
    answering: bool,
    in_headers: bool,
}

impl Movement {
    /// The headers of a request came in.
    pub fn asked(&self) -> Asked {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        Asked(self.clone())
    }

    /// Returns when the connection has waited longer than it may.
    ///
    /// The time a request takes between its headers and its answer is not judged here: the deadline of bodies
    /// and the budget of the intake bound it.
    pub async fn overdue(&self, deadlines: Deadlines) {
        let shortest = deadlines.headers.min(deadlines.idle).min(deadlines.answer);
        let tick = (shortest / 10).clamp(Duration::from_millis(5), Duration::from_secs(1));
        let mut ticks = tokio::time::interval(tick);
        let (mut idle, mut headers, mut blocked) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let mut last = self.snapshot();
        loop {
            ticks.tick().await;
            let now = self.snapshot();
            let quiet = !now.answering && (now.read, now.written) == (last.read, last.written);
            idle = if quiet { idle + tick } else { Duration::ZERO };
            headers = if now.in_headers && now.asked == last.asked { headers + tick } else { Duration::ZERO };
            blocked = if now.blocked && now.written == last.written { blocked + tick } else { Duration::ZERO };
            if idle > deadlines.idle || headers > deadlines.headers || blocked > deadlines.answer {
                return;
            }
            last = now;
        }
    }

    fn snapshot(&self) -> Snapshot {
        let counters = &self.0;
        let read = counters.read.load(Ordering::Relaxed);
        let asked = counters.asked.load(Ordering::Relaxed);
        let answering = asked != counters.answered.load(Ordering::Relaxed);
        // A fresh connection owes us a request just as one owes us the rest of its headers.
        let in_headers = !answering && (asked == 0 || read > counters.read_before.load(Ordering::Relaxed));
        Snapshot {
            read,
            written: counters.written.load(Ordering::Relaxed),
            blocked: counters.blocked.load(Ordering::Relaxed),
            asked,
            answering,
            in_headers,
        }
    }
}

/// A stream that counts what moves through it.
pub struct Counted<S> {
    inner: S,
    movement: Movement,
}

impl<S> Counted<S> {
    pub fn new(inner: S, movement: Movement) -> Self {
        Self { inner, movement }
    }

    fn wrote(&self, result: &Poll<std::io::Result<usize>>) {
        let counters = &self.movement.0;
        counters.blocked.store(result.is_pending(), Ordering::Relaxed);
        if let Poll::Ready(Ok(bytes)) = result {
            counters.written.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let result = Pin::new(&mut this.inner).poll_read(cx, buf);
        let bytes = buf.filled().len().saturating_sub(before);
        this.movement.0.read.fetch_add(bytes as u64, Ordering::Relaxed);
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_write(cx, buf);
        this.wrote(&result);
        result
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_write_vectored(cx, bufs);
        this.wrote(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// Only answers are waited for briefly.
    fn impatient() -> Deadlines {
        let minute = Duration::from_secs(60);
        let answer = Duration::from_millis(50);
        Deadlines { headers: minute, body: minute, idle: minute, answer, drain: minute }
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_is_given_up() {
        let (ours, mut theirs) = duplex(8);
        let movement = Movement::default();
        let mut stream = Counted::new(ours, movement.clone());
        let writing = tokio::spawn(async move { stream.write_all(&[b'x'; 16]).await });
        movement.overdue(impatient()).await;
        // It was the taking that was missing.
        let mut taken = [0; 16];
        theirs.read_exact(&mut taken).await.expect("the rest comes");
        writing.await.expect("no panic").expect("all is written");
        let waited = tokio::time::timeout(Duration::from_millis(200), movement.overdue(impatient())).await;
        assert!(waited.is_err(), "nothing is blocked any more");
    }
}
