use bytes::Bytes;

use super::memory::MemoryObject;
use super::*;
use crate::errno::Errno;

#[test]
fn an_unknown_class_or_method_is_not_supported() {
    let mut object = MemoryObject::default();
    for (class, method) in [("nonsense", "get"), ("rbd", "nonsense")] {
        assert_eq!(flags(class, method), None);
        assert_eq!(object.call(class, method, &Bytes::new()).unwrap_err(), Errno::EOPNOTSUPP);
    }
}
