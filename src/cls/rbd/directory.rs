//! Calls on `rbd_directory` (images) and `rbd_namespace`.
//!
//! Key `name_<name>` holds the id, `id_<id>` the name.

use std::collections::BTreeMap;

byte_enum! {
    /// Whether images may be added.
    DirectoryState: u8 {
        /// Yes.
        Ready = 0,
        /// No: the namespace is being removed.
        AddDisabled = 1,
    }
}

calls! { "rbd":
    /// An image's id: `-ENOENT`.
    DirGetId = "dir_get_id" { /** Its name. */ name: String } -> String;
    /// An image's name: `-ENOENT`.
    DirGetName = "dir_get_name" { /** Its id. */ id: String } -> String;
    /// Ids by name, behind a name.
    DirList = "dir_list" {
        /// Only names behind this one.
        start: String,
        /// Most entries.
        max: u64,
    } -> BTreeMap<String, String>;
    /// Adds an image: `-EEXIST` for a name that is there, `-EBADF` for an id that is, `-EINVAL` for
    /// a bad name or id.
    DirAddImage = "dir_add_image" {
        /// Its name.
        name: String,
        /// Its id.
        id: String,
    } -> ();
    /// Removes an image: `-ENOENT`, `-ESTALE` if the name has another id.
    DirRemoveImage = "dir_remove_image" {
        /// Its name.
        name: String,
        /// Its id.
        id: String,
    } -> ();
    /// Renames an image: `-ESTALE` if `source` has another id, `-EEXIST`.
    DirRenameImage = "dir_rename_image" {
        /// Its name.
        source: String,
        /// Its name from now on.
        destination: String,
        /// Its id.
        id: String,
    } -> ();
    /// Fails with `-ENOENT` unless the directory is in this state.
    DirStateAssert = "dir_state_assert" { /** The state. */ state: DirectoryState } -> ();
    /// Sets the state: `-EBUSY` to forbid adding where images are.
    DirStateSet = "dir_state_set" { /** The state. */ state: DirectoryState } -> ();

    /// Adds a namespace to a pool: `-EEXIST`.
    NamespaceAdd = "namespace_add" { /** Its name. */ name: String } -> ();
    /// Removes one: `-ENOENT`.
    NamespaceRemove = "namespace_remove" { /** Its name. */ name: String } -> ();
    /// Lists them, behind a name.
    NamespaceList = "namespace_list" {
        /// Only names behind this one.
        start: String,
        /// Most names.
        max: u64,
    } -> Vec<String>;
}
