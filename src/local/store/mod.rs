//! local/store
