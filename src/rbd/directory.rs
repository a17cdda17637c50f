//! Names and ids of a pool's images.

use std::collections::BTreeMap;

use super::{Pool, calls, trash};
use crate::cls::rbd::{DirGetId, DirGetName, DirList, TrashSource};
use crate::codec::Reader;
use crate::errno::{Errno, Result};

/// Names read at a time, as the original reads them.
pub(super) const PAGE: u64 = 1024;

/// An image as a listing shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageSpec {
    /// Its id; empty for an image of the old format.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The id of an image; `-ENOENT`.
pub(super) async fn id_of(pool: &Pool, name: &str) -> Result<String> {
    calls::read(&*pool.engine, pool.directory(), &DirGetId { name: name.to_owned() }).await
}

/// The name of an image; `-ENOENT`.
pub(super) async fn name_of(pool: &Pool, id: &str) -> Result<String> {
    calls::read(&*pool.engine, pool.directory(), &DirGetName { id: id.to_owned() }).await
}

/// Ids by name of all images in the directory.
pub(super) async fn ids_by_name(pool: &Pool) -> Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    let mut start = String::new();
    loop {
        let method = DirList { start, max: PAGE };
        let page = match calls::read(&*pool.engine, pool.directory(), &method).await {
            Err(error) if error == Errno::ENOENT => return Ok(all),
            page => page?,
        };
        let full = page.len() as u64 == PAGE;
        start = page.last_key_value().map(|(name, _)| name.clone()).unwrap_or_default();
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

/// All images: those of the old format, those of the new by name, and those whose removal was
/// interrupted.
pub async fn list(pool: &Pool) -> Result<Vec<ImageSpec>> {
    let mut images = Vec::new();
    if pool.namespace.is_empty() {
        let old = match calls::read_all(&*pool.engine, pool.directory()).await {
            Err(error) if error == Errno::ENOENT => return Ok(images),
            data => old_format_names(&data?)?,
        };
        images.extend(old.into_iter().map(|name| ImageSpec { id: String::new(), name }));
    }
    let new = ids_by_name(pool).await?;
    images.extend(new.into_iter().map(|(name, id)| ImageSpec { id, name }));
    let trash = trash::specs(pool).await?;
    let removing = trash.into_iter().filter(|(_, spec)| spec.source == TrashSource::Removing);
    images.extend(removing.map(|(id, spec)| ImageSpec { id, name: spec.name }));
    Ok(images)
}

/// The names in a directory object of the old format: a header, then name and value of each image.
fn old_format_names(data: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if data.is_empty() {
        return Ok(names);
    }
    let mut reader = Reader::new(data);
    reader.bytes("directory header")?;
    for _ in 0..reader.count(8, "directory")? {
        names.push(reader.string("image name")?);
        reader.bytes("directory value")?;
    }
    Ok(names)
}

/// Names of all images, for `rbd_list`.
pub async fn list_names(pool: &Pool) -> Result<Vec<String>> {
    Ok(list(pool).await?.into_iter().map(|image| image.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Writer;

    #[test]
    fn a_directory_of_the_old_format_is_read() {
        let mut writer = Writer::new();
        writer.bytes("").u32(2).bytes("a").bytes("").bytes("b").bytes("x");
        let bytes = writer.into_bytes();
        assert_eq!(old_format_names(&bytes).unwrap(), ["a", "b"]);
        assert_eq!(old_format_names(&bytes[..9]).unwrap_err(), Errno::EBADMSG);
        assert!(old_format_names(b"").unwrap().is_empty());
    }
}
