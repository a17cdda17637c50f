//! Object classes: methods that run beside an object, inside the transaction of the operation that
//! calls them.
//!
//! ```text
//!   Op::Call { class, method, input }
//!        |
//!     flags()  may it run in this operation?      call()  finds the method, decodes, runs it
//!                                                   |
//!                                        &mut dyn ClassContext   the object as the transaction
//!                                                                sees it, and who is calling
//! ```
//!
//! A method that fails has changed nothing that counts: the store drops the whole operation. Stored
//! forms are Ceph's, byte for byte, so that a dump of an object equals one taken from a cluster.
//!
//! May use: codec, model, cls (arguments and replies), errno. Must not use: the store's insides,
//! rbd.

#[macro_use]
mod table;
mod context;
mod lock;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod memory;
mod rbd;
mod small;

pub use context::{Caller, ClassContext};
pub use table::{MethodFlags, call, check, flags};

#[cfg(test)]
mod tests;
