//! capi/rbd
