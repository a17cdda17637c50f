//! Picks the engine a handle uses.
