//! Giving an image another name.

use std::sync::Arc;

use super::{Image, Operation, calls, create, directory, no_progress};
use crate::cls::rbd::DirRenameImage;
use crate::errno::{Errno, Result};
use crate::model::Op;

/// Renames an open image; `-EEXIST`.
pub(super) async fn rename(image: &Arc<Image>, to: &str) -> Result<()> {
    if create::name_taken(image.pool(), to).await? {
        return Err(Errno::EEXIST.because(format!("image {to}")));
    }
    let renamed = image.run(Operation::Rename { name: to.to_owned() }, no_progress()).await;
    // Another client, asked twice, may have done it the first time.
    calls::unless(Errno::EEXIST, renamed)?;
    image.set_name(to);
    Ok(())
}

/// Renames the image here: the new name's id object, the directory, the old name's id object.
pub(super) async fn execute(image: &Image, to: &str) -> Result<()> {
    let pool = image.pool();
    let engine = &*pool.engine;
    let from = directory::name_of(pool, image.id()).await?;
    let contents = match calls::read_all(engine, pool.id_object(&from)).await {
        Err(error) if error == Errno::ENOENT && from == to => {
            return Err(Errno::EEXIST.because(format!("image {to}")));
        }
        contents => contents?,
    };
    let steps = [Op::Create { exclusive: true }, Op::WriteFull(contents.into())];
    calls::write(engine, pool.id_object(to), steps).await?;
    let method = DirRenameImage {
        source: from.clone(),
        destination: to.to_owned(),
        id: image.id().to_owned(),
    };
    calls::update(engine, pool.directory(), &method).await?;
    image.set_name(to);
    if let Err(error) = calls::remove_if_there(engine, pool.id_object(&from)).await {
        log::error!(target: "rbd", "id object of the old name {from}: {error}");
    }
    Ok(())
}
