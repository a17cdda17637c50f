//! Options of pools.
