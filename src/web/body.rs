//! Reading a request's body: counted while it comes in, against a limit, a deadline and what all requests
//! together may hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use warp::http::HeaderMap;
use warp::http::header::{CONTENT_LENGTH, EXPECT};

use super::problem::Problem;

/// All bodies that are held at once; what is small comes on top.
pub const BODIES_BYTES_MAX: usize = 64 << 20;
/// Of each body so much is taken however much is held: large bodies that come slowly, from whomever, must
/// not keep out what is ordinary. The number of connections bounds what that adds.
pub const SMALL_BODY_BYTES_MAX: usize = 64 << 10;
/// Of a body that is too large so much more is read and thrown away, so that its sender, busy sending,
/// lives to read the answer.
const DISCARDED_BYTES_MAX: usize = 16 << 20;
const DISCARD_DEADLINE: Duration = Duration::from_secs(2);

/// How many bytes all bodies hold. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Bodies(Arc<AtomicUsize>);

/// A body, and its share of what may be held.
#[derive(Debug)]
pub struct Held {
    pub bytes: Bytes,
    _share: Share,
}

#[derive(Debug)]
struct Share {
    bodies: Bodies,
    bytes: usize,
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let before = self.bodies.0.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        let is_small = self.bytes <= SMALL_BODY_BYTES_MAX;
        if is_small || before + bytes <= BODIES_BYTES_MAX { Ok(()) } else { Err(Problem::busy()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.bodies.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Bodies {
    /// Reads `body` to its end.
    ///
    /// # Errors
    /// 413 past `limit` bytes, 408 past `deadline`, 503 for one that is not small when too much is held already,
    /// 400 when it breaks off.
    pub async fn read<S, B, E>(
        &self,
        headers: &HeaderMap,
        body: S,
        limit: usize,
        deadline: Duration,
    ) -> Result<Held, Problem>
    where
        S: Stream<Item = Result<B, E>>,
        B: Buf,
    {
        let mut body = std::pin::pin!(body);
        if declared(headers).is_some_and(|length| length > limit as u64) {
            // Somebody who asks first does not send.
            if !headers.contains_key(EXPECT) {
                discard(body).await;
            }
            return Err(Problem::too_large(limit));
        }
        let read = tokio::time::timeout(deadline, self.collect(body.as_mut(), limit)).await;
        match read.unwrap_or_else(|_| Err(Problem::too_slow())) {
            Err(problem) if problem.is_too_large() => {
                discard(body).await;
                Err(problem)
            }
            result => result,
        }
    }

    async fn collect<S, B, E>(&self, mut body: S, limit: usize) -> Result<Held, Problem>
    where
        S: Stream<Item = Result<B, E>> + Unpin,
        B: Buf,
    {
        let mut share = Share { bodies: self.clone(), bytes: 0 };
        // Nearly every body comes in one piece, which is not copied.
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(piece) = body.next().await {
            let mut piece = piece.map_err(|_| Problem::broken_off())?;
            let bytes = piece.remaining();
            if share.bytes + bytes > limit {
                return Err(Problem::too_large(limit));
            }
            share.grow(bytes)?;
            if first.is_empty() {
                first = piece.copy_to_bytes(bytes);
            } else {
                if rest.is_empty() {
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&piece.copy_to_bytes(bytes));
            }
        }
        Ok(Held { bytes: if rest.is_empty() { first } else { rest.freeze() }, _share: share })
    }
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn discard<S, B, E>(mut body: S)
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Buf,
{
    let mut left = DISCARDED_BYTES_MAX;
    let drain = async {
        while let Some(Ok(piece)) = body.next().await {
            left = left.saturating_sub(piece.remaining());
            if left == 0 {
                return;
            }
        }
    };
    // Whether it ended or not, the answer is the same.
    let _ = tokio::time::timeout(DISCARD_DEADLINE, drain).await;
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    fn pieces(sizes: &[usize]) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
        stream::iter(sizes.iter().map(|size| Ok(vec![b'x'; *size].into())).collect::<Vec<_>>())
    }

    async fn read(bodies: &Bodies, sizes: &[usize], limit: usize) -> Result<Held, Problem> {
        bodies.read(&HeaderMap::new(), pieces(sizes), limit, Duration::from_secs(15)).await
    }

    #[tokio::test]
    async fn a_body_may_have_its_limit_and_not_a_byte_more() {
        let bodies = Bodies::default();
        assert_eq!(read(&bodies, &[], 10).await.expect("empty").bytes.len(), 0);
        assert_eq!(read(&bodies, &[10], 10).await.expect("at the bound").bytes.len(), 10);
        assert_eq!(read(&bodies, &[4, 3, 3], 10).await.expect("in pieces").bytes.len(), 10);
        assert_eq!(read(&bodies, &[11], 10).await.expect_err("past it").status(), 413);
        assert_eq!(read(&bodies, &[5, 5, 1], 10).await.expect_err("in pieces").status(), 413);
    }

    #[tokio::test]
    async fn bodies_together_may_have_their_limit_and_give_back_what_they_held() {
        let bodies = Bodies::default();
        let half = BODIES_BYTES_MAX / 2;
        let first = read(&bodies, &[half], half).await.expect("half");
        let second = read(&bodies, &[half], half).await.expect("the other half");
        let past = SMALL_BODY_BYTES_MAX + 1;
        assert_eq!(read(&bodies, &[past], half).await.expect_err("no room").status(), 503);
        drop(first);
        assert_eq!(read(&bodies, &[past], half).await.expect("room again").bytes.len(), past);
        drop(second);
        assert_eq!(bodies.0.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_small_body_is_taken_however_much_is_held() {
        let bodies = Bodies::default();
        let all = read(&bodies, &[BODIES_BYTES_MAX], BODIES_BYTES_MAX).await.expect("all there is");
        let limit = 2 * SMALL_BODY_BYTES_MAX;
        let small = read(&bodies, &[SMALL_BODY_BYTES_MAX], limit).await.expect("at the bound");
        assert_eq!(small.bytes.len(), SMALL_BODY_BYTES_MAX);
        read(&bodies, &[SMALL_BODY_BYTES_MAX - 1, 1], limit).await.expect("in pieces, and though another is held");
        assert_eq!(read(&bodies, &[SMALL_BODY_BYTES_MAX + 1], limit).await.expect_err("past it").status(), 503);
        assert_eq!(read(&bodies, &[SMALL_BODY_BYTES_MAX, 1], limit).await.expect_err("in pieces").status(), 503);
        drop((all, small));
        assert_eq!(bodies.0.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_body_that_does_not_end_is_given_up() {
        let endless = stream::pending::<Result<Bytes, Infallible>>();
        let read = Bodies::default().read(&HeaderMap::new(), endless, 10, Duration::ZERO).await;
        assert_eq!(read.expect_err("too slow").status(), 408);
    }
}
