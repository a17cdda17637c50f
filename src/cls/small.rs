//! Small classes: `hello`, `numops`, `refcount` and `version`.

use std::collections::{BTreeMap, BTreeSet};

calls! { "numops":
    /// Adds a decimal number to the one an omap key holds, 0 if it holds none: `-EINVAL` for no
    /// number, `-EBADMSG` if the key holds none.
    NumAdd = "add" {
        /// The key.
        key: String,
        /// The number.
        number: String,
    } -> ();
    /// Multiplies the number an omap key holds.
    NumMul = "mul" {
        /// The key.
        key: String,
        /// The number.
        number: String,
    } -> ();
}

versioned! {
    /// Adds a reference.
    RefGet (1, 1) {
        /// Whose.
        tag: String;
        /// Whether an object without references has one that nobody named.
        implicit: bool;
    }
    /// Drops a reference; the object goes with the last one.
    RefPut (1, 1) {
        /// Whose.
        tag: String;
        /// Whether an object without references has one that nobody named.
        implicit: bool;
    }
    /// Replaces all references; without any the object goes.
    RefSet (1, 1) {
        /// Whose.
        refs: Vec<String>;
    }
    /// Lists the references.
    RefRead (1, 1) {
        /// Whether an object without references has one that nobody named.
        implicit: bool;
    }
    /// Reply of [`RefRead`].
    Refs (1, 1) {
        /// Whose.
        refs: Vec<String>;
    }
    /// The xattr `refcount`.
    StoredRefs (2, 1) {
        /// References that are held.
        refs: BTreeMap<String, bool>;
        /// References that were dropped.
        retired: BTreeSet<String>, since 2;
    }

    /// The xattr `ceph.objclass.version`.
    ObjectVersion (1, 1) {
        /// Counts changes.
        version: u64;
        /// Tells apart objects of one name.
        tag: String;
    }
    /// What a version must be.
    VersionCondition (1, 1) {
        /// Compared with.
        version: ObjectVersion;
        /// How: 0 not, 1 equal, 2 greater, 3 not less, 4 less, 5 not greater, 6 same tag, 7 another
        /// tag.
        how: u32;
    }
    /// Sets the version.
    VersionSet (1, 1) {
        /// To what.
        version: ObjectVersion;
    }
    /// Counts a change: `-ECANCELED` unless the conditions are met.
    VersionInc (1, 1) {
        /// Not used.
        version: ObjectVersion;
        /// What the version must be before.
        conditions: Vec<VersionCondition>;
    }
    /// Fails with `-ECANCELED` unless the conditions are met.
    VersionCheck (1, 1) {
        /// Not used.
        version: ObjectVersion;
        /// What the version must be.
        conditions: Vec<VersionCondition>;
    }
    /// Reply of [`VersionRead`].
    VersionIs (1, 1) {
        /// The version.
        version: ObjectVersion;
    }
}

plain! {
    /// The version; its input is empty.
    VersionRead {}
}

methods! { "refcount":
    RefGet = "get" -> ();
    RefPut = "put" -> ();
    RefSet = "set" -> ();
    RefRead = "read" -> Refs;
}

methods! { "version":
    VersionSet = "set" -> ();
    VersionInc = "inc" -> ();
    VersionRead = "read" -> VersionIs;
    VersionCheck = "check_conds" -> ();
}
