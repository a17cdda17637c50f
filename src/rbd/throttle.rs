//! Many operations, a few at a time.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use super::Image;
use super::operations::Progress;
use crate::conf::Settings;
use crate::errno::{Errno, Error, Result};

/// How many objects an operation works on at a time.
pub(super) fn concurrency(image: &Image) -> usize {
    let ops = image.config().u64("rbd_concurrent_management_ops");
    usize::try_from(ops).unwrap_or(usize::MAX)
}

/// Whether a data object may exist, as far as the object map tells.
pub(super) fn may_exist(image: &Image, object: u64) -> bool {
    image.view().may_exist(object)
}

/// What one step of a run is.
pub(super) type StepFuture<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Begins a step.
pub(super) type Start<'a> = Box<dyn FnMut(u64) -> Option<StepFuture<'a>> + Send + 'a>;

/// Runs `start(n)` for each `n` of `range`, at most `limit` at a time. `start` says `None` where
/// there is nothing to do. Progress is told each `n` that was begun. `-ENOENT` of a step is no
/// error; after another none is begun any more, and it is returned when those under way have ended.
pub(super) async fn run<'a>(
    range: std::ops::Range<u64>,
    limit: usize,
    progress: &Progress,
    mut start: Start<'a>,
) -> Result<()> {
    let mut active: Vec<StepFuture<'a>> = Vec::with_capacity(limit);
    let mut failed: Option<Error> = None;
    let mut next = range.start;
    loop {
        while failed.is_none() && next < range.end && active.len() < limit.max(1) {
            active.extend(start(next));
            let told = progress(next, range.end);
            if let Some(errno) = Errno::from_c(told) {
                failed = Some(errno.into());
            }
            next += 1;
        }
        if active.is_empty() {
            return failed.map_or(Ok(()), Err);
        }
        if let Err(error) = one_of(&mut active).await
            && error != Errno::ENOENT
        {
            failed.get_or_insert(error);
        }
    }
}

/// Waits for one of them, which it takes out.
async fn one_of(active: &mut Vec<StepFuture<'_>>) -> Result<()> {
    std::future::poll_fn(|context| {
        for at in 0..active.len() {
            if let Poll::Ready(result) = active[at].as_mut().poll(context) {
                drop(active.swap_remove(at));
                return Poll::Ready(result);
            }
        }
        Poll::Pending
    })
    .await
}

/// Runs all at once and returns their results in order.
pub(super) async fn all<T: Send>(
    futures: Vec<Pin<Box<dyn Future<Output = T> + Send + '_>>>,
) -> Vec<T> {
    let mut slots: Vec<_> = futures.into_iter().map(|future| (Some(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, result) in &mut slots {
            let Some(running) = future else { continue };
            match running.as_mut().poll(context) {
                Poll::Ready(value) => {
                    *result = Some(value);
                    *future = None;
                }
                Poll::Pending => pending = true,
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    slots.into_iter().filter_map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use parking_lot::Mutex;

    use super::*;
    use crate::runtime::block_on;

    #[test]
    fn at_most_the_limit_is_under_way_and_an_error_ends_the_run() {
        let (active, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let begun = Arc::new(Mutex::new(Vec::new()));
        let (active_ref, most_ref) = (&active, &most);
        let step: Start<'_> = Box::new(move |n| {
            if n == 1 {
                return None;
            }
            let (active, most) = (active_ref, most_ref);
            Some(Box::pin(async move {
                let now = active.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                tokio::task::yield_now().await;
                active.fetch_sub(1, Ordering::SeqCst);
                Err(Errno::ENOENT.into())
            }))
        });
        let told = Arc::clone(&begun);
        let progress: Progress = Arc::new(move |at, end| {
            told.lock().push((at, end));
            if at == 7 { -5 } else { 0 }
        });
        let error = block_on(run(0..20, 3, &progress, step)).unwrap_err();
        assert_eq!(error, Errno::EIO);
        assert_eq!(*begun.lock(), (0..8).map(|n| (n, 20)).collect::<Vec<_>>());
        assert_eq!(active.load(Ordering::SeqCst), 0);
        assert!(most.load(Ordering::SeqCst) <= 3);
    }
}
