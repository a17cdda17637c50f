//! Commands.

use super::request::Spec;

pub(super) const COMMANDS: &[Spec] = &[];
