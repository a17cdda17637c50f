//! local/classes
