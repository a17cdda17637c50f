//! Calls on data objects: filling a clone's object from its parent.

use std::collections::BTreeMap;

use bytes::Bytes;

byte_enum! {
    /// How a write's snapshot sequence must relate to the object's.
    SnapSeqAssert: u8 {
        /// Greater than the object's.
        Greater = 0,
        /// Less than the object's, or equal.
        LessOrEqual = 1,
    }
}

calls! { "rbd":
    /// Writes only the extents that exist, if the object does not exist.
    SparseCopyup = "sparse_copyup" {
        /// Length by offset.
        extents: BTreeMap<u64, u64>,
        /// Their bytes, one behind the other.
        data: Bytes,
    } -> ();
    /// Frees blocks that are all zeros.
    Sparsify = "sparsify" {
        /// Bytes of a block.
        block: u64,
        /// Whether to remove the object when nothing is left.
        remove_empty: bool,
    } -> ();
    /// Fails with `-ERANGE` unless the object's snapshot sequence relates so to this one.
    AssertSnapcSeq = "assert_snapc_seq" {
        /// The write's.
        seq: u64,
        /// How.
        assert: SnapSeqAssert,
    } -> ();
}

/// Writes `data` to an object that does not exist; does nothing if it does. The input is the data
/// as it is, so this has no argument struct: make the step with [`copyup`].
pub const COPYUP: &str = "copyup";

/// The step that calls [`COPYUP`].
#[must_use]
pub fn copyup(data: Bytes) -> crate::model::Op {
    crate::model::Op::Call { class: "rbd", method: COPYUP.into(), input: data }
}
