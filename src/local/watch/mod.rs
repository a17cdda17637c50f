//! Watching objects and notifying their watchers, across processes.
//!
//! ```text
//!   notifier                                    watcher's process
//!   reads table watch, asks who lives
//!   one connection per client ---- Notify ----> hub: thread of watches -> WatchHandler::notified
//!   gathers until all answered <---- Ack -----  hub: notify_ack
//!   or the time is over             (closed)    process dead: kernel closes, lock is free
//! ```
//!
//! Watches are rows in the database; nothing of them is cached by notifiers. A hub is one client's
//! side: its watches' handlers and the socket at which it takes notifications, opened at its first
//! watch. May use: clients, the database, codec, runtime, model.

#[cfg(debug_assertions)]
pub(super) mod fuzz;
mod hub;
mod notify;
mod wire;

pub use hub::{Hub, object_of};
pub use notify::{disconnect, notify};

#[cfg(test)]
mod tests;
