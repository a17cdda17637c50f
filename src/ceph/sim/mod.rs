//! A simulated network: sessions between the code under test and simulated daemons, with a clock
//! moved by hand and every choice made from a seed.

pub(crate) mod auth;
