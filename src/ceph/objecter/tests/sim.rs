//! Simulated OSDs.
