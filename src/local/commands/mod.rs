//! local/commands
