//! capi/rados
