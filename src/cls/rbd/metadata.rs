//! Calls on `rbd_header.<id>`: pairs of keys and values that users keep with an image. Pools and
//! groups have them too (`rbd_info`).

use std::collections::BTreeMap;

use bytes::Bytes;

calls! { "rbd":
    /// Sets pairs.
    MetadataSet = "metadata_set" { /** The pairs. */ pairs: BTreeMap<String, Bytes> } -> ();
    /// Removes a pair, if it is there.
    MetadataRemove = "metadata_remove" { /** Its key. */ key: String } -> ();
    /// A value: `-ENOENT`.
    MetadataGet = "metadata_get" { /** Its key. */ key: String } -> Bytes;
    /// Lists pairs, behind a key.
    MetadataList = "metadata_list" {
        /// Only keys behind this one.
        start: String,
        /// Most pairs, 0 for 64.
        max: u64,
    } -> BTreeMap<String, Bytes>;
}
