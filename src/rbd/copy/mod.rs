//! Copies of images.
//!
//! ```text
//!   mod      the data of what is open, read and written as an image
//!   deep     the head, the snapshots and the tie to a parent, object by object
//!   object   one object of a deep copy
//! ```

mod deep;
mod object;

use std::sync::Arc;

pub use deep::{deep_copy, deep_copy_into};

use super::operations::Progress;
use super::options::{ImageOption, ImageOptions};
use super::{Features, Image, ImageRef, OpenOptions, Pool, clone, create, throttle, trash};
use crate::errno::{Errno, Result};

/// Copies what is open to a new image. Writes what was used into `options`. Zeros are left out in
/// pieces of `sparse_size` bytes (0: of an object's size). Errors are those of [`create::create`].
pub async fn copy(
    from: &Arc<Image>,
    pool: &Pool,
    name: &str,
    options: &mut ImageOptions,
    sparse_size: u64,
    progress: &Progress,
) -> Result<()> {
    if options.is_set(ImageOption::Flatten) || options.is_set(ImageOption::CloneFormat) {
        return Err(Errno::EINVAL.because("options of clones"));
    }
    take_over(from, options)?;
    create::create(pool, name, from.size()?, options).await?;
    let to = open_made(pool, name).await?;
    let copied = copy_into(from, &to, sparse_size, progress).await;
    finish(&to, copied).await
}

/// Sets what the caller left open to what the original image has. `-ENOSYS` for unknown features.
fn take_over(from: &Image, options: &mut ImageOptions) -> Result<()> {
    let header = from.header();
    options.or_put(ImageOption::Format, 2);
    options.or_put(ImageOption::StripeUnit, header.layout.stripe_unit());
    options.or_put(ImageOption::StripeCount, header.layout.stripe_count());
    options.or_put(ImageOption::Order, header.layout.order().into());
    let features = options.or_put(ImageOption::Features, header.features.bits());
    match Features::all().contains(Features::from_bits_retain(features)) {
        true => Ok(()),
        false => Err(Errno::ENOSYS.because("unknown features")),
    }
}

/// Copies what is open to another image that is there. `-EINVAL` if that is smaller. Progress
/// counts bytes.
pub async fn copy_into(
    from: &Arc<Image>,
    to: &Arc<Image>,
    sparse_size: u64,
    progress: &Progress,
) -> Result<()> {
    let size = from.size()?;
    if to.size()? < size {
        return Err(Errno::EINVAL.because("the destination is too small"));
    }
    from.settle().await;
    clone::copy_metadata(from.pool(), from.id(), to.pool(), to.id()).await?;
    let layout = from.header().layout;
    let sparse_size = match sparse_size {
        0 => to.header().layout.object_size(),
        size => size,
    };
    let piece = |set: u64| {
        let offset = set * layout.period();
        (offset, layout.period().min(size - offset))
    };
    let start: throttle::Start<'_> = Box::new(|set| {
        let mut objects = set * layout.stripe_count()..(set + 1) * layout.stripe_count();
        if !objects.any(|object| throttle::may_exist(from, object) || covers(from, object)) {
            return None;
        }
        let (offset, len) = piece(set);
        progress(offset, size);
        Some(Box::pin(copy_piece(from, to, offset, len, sparse_size)))
    });
    let sets = size.div_ceil(layout.period());
    let quiet = super::no_progress();
    throttle::run(0..sets, throttle::concurrency(from), &quiet, start).await?;
    progress(size, size);
    Ok(())
}

/// Whether an object that the image does not have shows what the parent has.
fn covers(image: &Image, object: u64) -> bool {
    image.parent().is_some_and(|(_, overlap)| object < image.header().layout.object_count(overlap))
}

async fn copy_piece(
    from: &Arc<Image>,
    to: &Arc<Image>,
    offset: u64,
    len: u64,
    sparse_size: u64,
) -> Result<()> {
    let len = usize::try_from(len).map_err(|_| Errno::EFBIG)?;
    let data = from.read_at(offset, len).await?;
    let piece = usize::try_from(sparse_size).unwrap_or(usize::MAX).max(1);
    for (start, end) in data_runs(&data, piece) {
        to.write_at(offset + start as u64, data.slice(start..end)).await?;
    }
    Ok(())
}

/// Runs of pieces that are not all zeros.
fn data_runs(data: &[u8], piece: usize) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, bytes) in data.chunks(piece).enumerate() {
        if bytes.iter().all(|byte| *byte == 0) {
            continue;
        }
        let (start, end) = (at * piece, at * piece + bytes.len());
        match runs.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => runs.push((start, end)),
        }
    }
    runs
}

/// Opens an image just made.
async fn open_made(pool: &Pool, name: &str) -> Result<Arc<Image>> {
    let which = ImageRef::Name(name.to_owned());
    Image::open(pool.clone(), which, OpenOptions::default()).await
}

/// Closes the destination and keeps the first error.
async fn finish(to: &Arc<Image>, result: Result<()>) -> Result<()> {
    if result.is_err() {
        trash::close(to).await;
        return result;
    }
    to.close().await
}

#[cfg(test)]
mod tests {
    use super::data_runs;

    #[test]
    fn zeros_are_left_out_piece_by_piece() {
        let data = [0, 0, 1, 0, 0, 2, 0, 0, 3];
        assert_eq!(data_runs(&data, 2), [(2, 6), (8, 9)]);
        assert_eq!(data_runs(&data, 100), [(0, 9)]);
        assert!(data_runs(&[0; 8], 3).is_empty());
    }
}
