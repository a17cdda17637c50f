//! Who a cluster handle is: its key, what the monitors gave it for the key, and a share of both for
//! every connection.
//!
//! ```text
//!   monitor session 1 -- Attempt --+
//!   monitor session 2 -- Attempt --+-- adopt: the one that is kept --> granted
//!   OSD, manager      <-- authorizer, made of what is granted -----------+
//! ```

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::cephx::{CryptoKey, Login};
use super::keyring::{Keyring, ReadFile};
use super::policy::Policy;
use super::{
    AuthClient, AuthDone, AuthNone, AuthRequest, AuthSource, METHOD_CEPHX, METHOD_NONE, PAYLOAD_MON,
};
use crate::ceph::clock::Clock;
use crate::ceph::types::EntityKind;
use crate::codec::Writer;
use crate::conf::{EntityName, Settings};
use crate::errno::{Errno, Result};

/// Who we are, and what proves it. One per cluster handle; the transport's [`AuthSource`].
#[derive(Debug)]
pub struct Credentials {
    name: EntityName,
    key: Option<CryptoKey>,
    /// Why no keyring was found, if one was looked for.
    missing: Option<String>,
    policy: Policy,
    clock: Clock,
    granted: Mutex<Option<Granted>>,
}

/// What a monitor gave.
#[derive(Clone, Debug)]
struct Granted {
    global_id: u64,
    /// `None` if the method is "none".
    login: Option<Login>,
}

/// One attempt to log in at a monitor, seen by who opened the session.
#[derive(Clone, Debug)]
pub struct Attempt {
    credentials: Arc<Credentials>,
    /// We are one who was here before, and want to stay who we were.
    before: Option<Granted>,
    outcome: Arc<Mutex<Option<Granted>>>,
}

impl Credentials {
    /// From the settings; `read` reads files.
    ///
    /// # Errors
    /// `ENOENT` when no method is left: the only one allowed is cephx, and there is no keyring.
    /// Else what was wrong with the keyring, see [`Keyring::find`].
    pub fn new(
        settings: &impl Settings,
        name: &EntityName,
        read: ReadFile<'_>,
        clock: Clock,
    ) -> Result<Arc<Self>> {
        let mut policy = Policy::new(settings);
        let (mut key, mut missing) = (None, None);
        if policy.methods.contains(&METHOD_CEPHX) {
            match Keyring::find(settings, name, read) {
                Ok(keyring) => key = keyring.get(name).cloned(),
                Err(error) if error == Errno::ENOENT => {
                    policy.methods.retain(|method| *method != METHOD_CEPHX);
                    if policy.methods.is_empty() {
                        return Err(error.context("no key for cephx (options keyring, key)"));
                    }
                    log::info!(target: "auth", "{error}; disabling cephx");
                    missing = error.what().map(str::to_owned);
                }
                Err(error) => return Err(error),
            }
        }
        if policy.methods.is_empty() {
            let what = "no method of authentication is left (option auth_client_required)";
            return Err(Errno::ENOENT.because(what));
        }
        let granted = Mutex::new(None);
        Ok(Arc::new(Credentials { name: name.clone(), key, missing, policy, clock, granted }))
    }

    /// With a key found already.
    #[must_use]
    pub fn with_key(
        name: EntityName,
        key: Option<CryptoKey>,
        policy: Policy,
        clock: Clock,
    ) -> Arc<Self> {
        let granted = Mutex::new(None);
        Arc::new(Credentials { name, key, missing: None, policy, clock, granted })
    }

    /// Begins to log in at a monitor, as who we were before if we were.
    #[must_use]
    pub fn attempt(self: &Arc<Self>) -> Attempt {
        let before = self.granted.lock().clone();
        Attempt { credentials: self.clone(), before, outcome: Arc::default() }
    }

    /// Begins to log in beside the session that stands, for a single command: what is granted there
    /// is not for keeping.
    #[must_use]
    pub fn attempt_apart(self: &Arc<Self>) -> Attempt {
        Attempt { credentials: self.clone(), before: None, outcome: Arc::default() }
    }

    /// From now on what this attempt was granted counts.
    ///
    /// # Errors
    /// `EACCES` when the attempt did not come to its end.
    pub fn adopt(&self, attempt: &Attempt) -> Result<()> {
        let new = attempt.outcome.lock().take();
        let new = new.ok_or_else(|| Errno::EACCES.because("a session that never logged in"))?;
        let (id, old) = (new.global_id, self.granted.lock().replace(new));
        if let Some(old) = old.filter(|old| old.global_id != id) {
            log::error!(target: "monc", "global_id changed from {} to {id}", old.global_id);
        }
        Ok(())
    }

    /// Forgets who we were: the monitors do not want to see us as that any more. `false` if we were
    /// nobody yet.
    pub fn forget(&self) -> bool {
        self.granted.lock().take().is_some()
    }

    /// The method in use and what to ask the monitor for (`MAuth`), if tickets are about to expire.
    pub fn renewal(&self) -> Result<Option<(u32, Bytes)>> {
        let now = self.clock.now();
        match &*self.granted.lock() {
            Some(Granted { global_id, login: Some(login) }) => {
                let request = login.renewal(*global_id, now)?;
                Ok(request.map(|request| (METHOD_CEPHX, request)))
            }
            _ => Ok(None),
        }
    }

    /// Takes the answer to [`Credentials::renewal`]: `result` is 0 or a negative error number.
    pub fn renewed(&self, result: i32, payload: &[u8]) -> Result<()> {
        if let Some(errno) = Errno::from_c(result) {
            return Err(errno.because("the monitor refuses new tickets"));
        }
        let now = self.clock.now();
        match self.granted.lock().as_mut().and_then(|granted| granted.login.as_mut()) {
            Some(login) => login.renewed(payload, now),
            None => Err(Errno::EBADMSG.because("tickets that were not asked for")),
        }
    }

    fn refusal(&self, tried: u32, result: i32, allowed: &[u32]) -> String {
        let name = &self.name;
        match (tried, allowed.contains(&METHOD_CEPHX)) {
            (METHOD_CEPHX, true) if self.key.is_none() => {
                format!("no key for {name} in the keyring (options keyring, key, keyfile)")
            }
            (METHOD_CEPHX, true) => format!(
                "the monitor does not know {name}, or not by this key, or it has no mon caps \
                 ({result}; options keyring, key, keyfile)"
            ),
            (_, true) if !self.policy.methods.contains(&METHOD_CEPHX) => {
                let why = match &self.missing {
                    Some(missing) => format!("{missing} (options keyring, key, keyfile)"),
                    None => "it may not use it (option auth_client_required)".to_owned(),
                };
                format!("the monitor wants cephx of {name}: {why}")
            }
            _ => format!(
                "the monitor refuses {name} ({result}) and takes methods {allowed:?} only (option \
                 auth_client_required)"
            ),
        }
    }
}

impl AuthSource for Credentials {
    fn client(&self, peer: EntityKind) -> Result<Box<dyn AuthClient>> {
        if peer == EntityKind::Mon {
            // The sessions of the monitor client bring their own.
            return Err(Errno::EACCES.because("a monitor session without an attempt to log in"));
        }
        let granted = self.granted.lock();
        let granted = granted.as_ref().ok_or_else(|| Errno::EACCES.because("not logged in yet"))?;
        let name = self.name.as_str();
        match &granted.login {
            Some(login) => {
                let modes = self.policy.modes(peer, METHOD_CEPHX);
                Ok(Box::new(login.authorizer(peer, granted.global_id, modes)?))
            }
            None => {
                let modes = self.policy.modes(peer, METHOD_NONE);
                Ok(Box::new(AuthNone::new(peer, name, granted.global_id, modes)?))
            }
        }
    }

    fn entity_name(&self) -> String {
        self.name.to_string()
    }

    fn global_id(&self) -> u64 {
        self.granted.lock().as_ref().map_or(0, |granted| granted.global_id)
    }
}

impl Attempt {
    /// The side of it that the session's handshake talks to.
    #[must_use]
    pub fn client(&self) -> Box<dyn AuthClient> {
        let key = self.credentials.key.clone();
        let login = self.before.as_ref().and_then(|before| before.login.clone());
        let login = login.or_else(|| key.map(Login::new));
        let method = self.credentials.policy.methods.first().copied().unwrap_or(METHOD_NONE);
        Box::new(MonitorClient { attempt: self.clone(), method, login })
    }

    /// Whether it wants to go on as who we were.
    #[must_use]
    pub fn is_return(&self) -> bool {
        self.before.is_some()
    }
}

/// The client's side of a login, whatever the method.
struct MonitorClient {
    attempt: Attempt,
    method: u32,
    login: Option<Login>,
}

impl MonitorClient {
    fn login(&mut self) -> Result<&mut Login> {
        match &mut self.login {
            Some(login) if self.method == METHOD_CEPHX => Ok(login),
            _ => Err(Errno::EBADMSG.because("the method \"none\" has no second step")),
        }
    }
}

impl AuthClient for MonitorClient {
    fn request(&mut self) -> Result<AuthRequest> {
        let Credentials { name, policy, .. } = &*self.attempt.credentials;
        let kind = EntityKind::from_text(name.kind())
            .ok_or_else(|| Errno::EINVAL.because(format!("{name} is nobody's name")))?;
        let modes = policy.modes(EntityKind::Mon, self.method);
        if modes.is_empty() {
            let what = "no connection mode is left (option ms_mon_client_mode)";
            // Not a refusal: the original tries until `client_mount_timeout` (16.2.15).
            return Err(Errno::EOPNOTSUPP.because(what));
        }
        let global_id = self.attempt.before.as_ref().map_or(0, |before| before.global_id);
        let mut payload = Writer::new();
        payload.u8(PAYLOAD_MON).u32(kind as u32).bytes(name.id()).u64(global_id);
        Ok(AuthRequest { method: self.method, modes, payload: payload.into_bytes() })
    }

    fn bad_method(
        &mut self,
        method: u32,
        result: i32,
        allowed_methods: &[u32],
        _allowed_modes: &[u32],
    ) -> Result<AuthRequest> {
        let credentials = &self.attempt.credentials;
        let ours = &credentials.policy.methods;
        let untried = ours.iter().skip_while(|ours| **ours != method).skip(1);
        match untried.copied().find(|method| allowed_methods.contains(method)) {
            Some(method) => {
                self.method = method;
                self.request()
            }
            None => {
                let what = credentials.refusal(method, result, allowed_methods);
                Err(Errno::EACCES.because(what))
            }
        }
    }

    fn more(&mut self, payload: &[u8]) -> Result<Bytes> {
        let now = self.attempt.credentials.clock.now();
        if self.method == METHOD_CEPHX && self.login.is_none() {
            // Without a key there is no proof. An empty answer brings the monitor's refusal, and
            // with it the next method.
            return Ok(Bytes::new());
        }
        self.login()?.answer(payload, now)
    }

    fn done(&mut self, global_id: u64, _mode: u32, payload: &[u8]) -> Result<AuthDone> {
        let now = self.attempt.credentials.clock.now();
        let mut done = AuthDone::default();
        let mut granted = Granted { global_id, login: None };
        if self.method == METHOD_CEPHX {
            let login = self.login()?;
            done = login.done(payload, now)?;
            granted.login = Some(login.clone());
        }
        *self.attempt.outcome.lock() = Some(granted);
        Ok(done)
    }
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
