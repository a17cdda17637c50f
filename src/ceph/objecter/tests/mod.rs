//! The objecter against OSDs that do as they are told (`fake`; `script`, `watches`), and against
//! ones that behave like OSDs over a bad network, by seed (`sim`) or on threads (`threads`).

mod fake;
mod history;
mod script;
mod sim;
mod threads;
mod watches;
