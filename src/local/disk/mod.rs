//! local/disk
