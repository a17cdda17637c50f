//! `auth_*_required = none`: we say who we are and are believed.

use bytes::Bytes;

use super::{
    AuthClient, AuthDone, AuthRequest, AuthSource, METHOD_NONE, PAYLOAD_AUTHORIZER, PAYLOAD_MON,
};
use crate::ceph::types::EntityKind;
use crate::codec::Writer;
use crate::errno::{Errno, Result};

/// The side of a client of the method "none".
#[derive(Clone, Debug)]
pub struct AuthNone {
    request: AuthRequest,
}

impl AuthNone {
    /// For `name`, as in `client.admin`, speaking to a daemon of the kind `peer`; `global_id` is 0
    /// before a monitor has given one. `modes` are `MODE_*`, the one wanted most first.
    pub fn new(peer: EntityKind, name: &str, global_id: u64, modes: Vec<u32>) -> Result<Self> {
        let kind = name.split_once('.').and_then(|(kind, id)| {
            let kinds = [EntityKind::Client, EntityKind::Mon, EntityKind::Osd];
            let more = [EntityKind::Mds, EntityKind::Mgr];
            kinds.into_iter().chain(more).find(|k| k.text() == kind).map(|kind| (kind, id))
        });
        let Some((kind, id)) = kind else {
            return Err(Errno::EINVAL.because(format!("{name} is not the name of a client")));
        };
        // AuthNoneProtocol.h for daemons, MonClient.cc for monitors: the same fields.
        let mut payload = Writer::new();
        payload.u8(if peer == EntityKind::Mon { PAYLOAD_MON } else { PAYLOAD_AUTHORIZER });
        payload.u32(kind as u32).bytes(id).u64(global_id);
        let request = AuthRequest { method: METHOD_NONE, modes, payload: payload.into_bytes() };
        Ok(AuthNone { request })
    }
}

impl AuthClient for AuthNone {
    fn request(&mut self) -> Result<AuthRequest> {
        Ok(self.request.clone())
    }

    fn bad_method(
        &mut self,
        _method: u32,
        result: i32,
        allowed_methods: &[u32],
        _allowed_modes: &[u32],
    ) -> Result<AuthRequest> {
        Err(Errno::EACCES.because(format!(
            "the daemon wants a method of {allowed_methods:?}, not \"none\" ({result})"
        )))
    }

    fn more(&mut self, _payload: &[u8]) -> Result<Bytes> {
        Err(Errno::EBADMSG.because("the method \"none\" has no second step"))
    }

    fn done(&mut self, _global_id: u64, _mode: u32, _payload: &[u8]) -> Result<AuthDone> {
        Ok(AuthDone::default())
    }
}

/// A source of [`AuthNone`]s, for clusters without authentication.
#[derive(Debug)]
pub struct AuthNoneSource {
    /// `client.admin`.
    pub name: String,
    /// What a monitor gave, or 0.
    pub global_id: u64,
    /// `MODE_*`, the one wanted most first.
    pub modes: Vec<u32>,
}

impl AuthSource for AuthNoneSource {
    fn client(&self, peer: EntityKind) -> Result<Box<dyn AuthClient>> {
        Ok(Box::new(AuthNone::new(peer, &self.name, self.global_id, self.modes.clone())?))
    }

    fn entity_name(&self) -> String {
        self.name.clone()
    }

    fn global_id(&self) -> u64 {
        self.global_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceph::auth::MODE_CRC;

    #[test]
    fn the_payload_names_us_and_the_kind_of_peer() {
        let mut mon = AuthNone::new(EntityKind::Mon, "client.admin", 0, vec![MODE_CRC]).unwrap();
        let payload = mon.request().unwrap().payload;
        assert_eq!(&payload[..], b"\x0a\x08\0\0\0\x05\0\0\0admin\0\0\0\0\0\0\0\0");
        let mut osd = AuthNone::new(EntityKind::Osd, "client.a.b", 7, vec![]).unwrap();
        let payload = osd.request().unwrap().payload;
        assert_eq!(&payload[..], b"\x01\x08\0\0\0\x03\0\0\0a.b\x07\0\0\0\0\0\0\0");
        assert!(AuthNone::new(EntityKind::Mon, "admin", 0, vec![]).is_err());
    }
}
