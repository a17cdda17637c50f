//! Authentication for simulated peers: a secret both know.

use bytes::Bytes;

use crate::ceph::auth::{AuthClient, AuthDone, AuthRequest, METHOD_NONE, MODE_CRC, Secret};
use crate::ceph::msgr2::{Accept, AuthServer};
use crate::errno::{Errno, Result};

/// Both sides of a method whose keys come from `seed`; the server wants to see a second payload.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) seed: u8,
    pub(crate) modes: Vec<u32>,
}

impl Shared {
    pub(crate) fn new(seed: u8, modes: &[u32]) -> Self {
        Shared { seed, modes: modes.to_vec() }
    }

    fn keys(&self) -> AuthDone {
        AuthDone {
            session_key: Some(Secret::new(vec![self.seed; 16])),
            connection_secret: Some(Secret::new((self.seed..self.seed + 64).collect())),
        }
    }
}

impl AuthClient for Shared {
    fn request(&mut self) -> Result<AuthRequest> {
        let payload = Bytes::from_static(b"first");
        Ok(AuthRequest { method: METHOD_NONE, modes: self.modes.clone(), payload })
    }

    fn bad_method(&mut self, _: u32, result: i32, _: &[u32], modes: &[u32]) -> Result<AuthRequest> {
        if self.modes.iter().any(|mode| modes.contains(mode)) {
            return AuthClient::request(self);
        }
        Err(Errno::from_c(result).unwrap_or(Errno::EPROTO).because("refused"))
    }

    fn more(&mut self, payload: &[u8]) -> Result<Bytes> {
        Ok(Bytes::copy_from_slice(payload))
    }

    fn done(&mut self, _: u64, _: u32, _: &[u8]) -> Result<AuthDone> {
        Ok(self.keys())
    }
}

impl AuthServer for Shared {
    fn request(&mut self, _: u32, modes: &[u32], payload: &[u8]) -> Accept {
        let both: Vec<u32> = modes.iter().copied().filter(|m| self.modes.contains(m)).collect();
        match both.first() {
            Some(mode) if payload == b"first" => {
                self.modes = vec![*mode];
                Accept::More(Bytes::from_static(b"second"))
            }
            _ => Accept::Bad {
                result: Errno::EOPNOTSUPP.to_c(),
                methods: vec![METHOD_NONE],
                modes: self.modes.clone(),
            },
        }
    }

    fn more(&mut self, payload: &[u8]) -> Accept {
        if payload != b"second" {
            return Accept::Bad { result: Errno::EACCES.to_c(), methods: vec![], modes: vec![] };
        }
        let mode = self.modes.first().copied().unwrap_or(MODE_CRC);
        Accept::Done { global_id: 4123, mode, payload: Bytes::new(), keys: self.keys() }
    }
}
