//! What one client of a store says to another.

use super::wire::{Answer, Request};

pub(in crate::local) fn wire(bytes: &[u8]) {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(Request::decode(&request.encode()).ok(), Some(request));
    }
    if let Ok(answer) = Answer::decode(bytes) {
        assert_eq!(Answer::decode(&answer.encode()).ok(), Some(answer));
    }
}
