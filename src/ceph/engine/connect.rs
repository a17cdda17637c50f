//! Bringing up a connection: which monitors, who we are, the first session, the first maps.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::hub::Hub;
use super::monitor::within;
use super::settings::{self, EngineConfig};
use super::{CephEngine, pending};
use crate::ceph::auth::{AuthSource, Credentials};
use crate::ceph::clock::Clock;
use crate::ceph::mgr::MgrClient;
use crate::ceph::mon::{MonClient, MonConfig, MonEvents, MonMap, SystemResolver};
use crate::ceph::net::{Net, Settings};
use crate::ceph::objecter::Objecter;
use crate::ceph::transport::Transport;
use crate::conf::Config;
use crate::errno::{Error, Result};
use crate::runtime;

/// How long to wait for the monitors' part of the configuration, which they send unasked with the
/// first session; one that has none to send is not waited for longer.
const CONFIG_WAIT: Duration = Duration::from_secs(5);

/// What there is before the first session.
struct Start {
    credentials: Arc<Credentials>,
    net: Arc<Net>,
    hub: Arc<Hub>,
    monitors: Arc<MonClient>,
}

impl Start {
    async fn new(config: &Config) -> Result<Self> {
        let clock = Clock::system();
        let monitors = find_monitors(config).await?;
        let credentials = Credentials::new(config, config.name(), &read_file, clock.clone())?;
        let source: Arc<dyn AuthSource> = credentials.clone();
        let net = Arc::new(Net::new(Settings::from_config(config), source)?);
        let hub = Hub::new(config);
        let monitors = MonClient::new(
            MonConfig::new(config, monitors, &host_name(), clock),
            credentials.clone(),
            net.clone(),
            hub.clone() as Arc<dyn MonEvents>,
        );
        hub.set_monitors(&monitors);
        Ok(Start { credentials, net, hub, monitors })
    }
}

/// Asks one monitor for a sign of life, without connecting.
pub(super) async fn ping(config: &Config, name: &str) -> Result<Bytes> {
    let Start { hub, monitors, .. } = Start::new(config).await?;
    let answer = pending(|done| monitors.ping(name, done)).await;
    monitors.shutdown();
    drop(monitors);
    hub.wake_up();
    answer.map(Bytes::from)
}

/// Connects.
pub(super) async fn connect(config: &Config) -> Result<CephEngine> {
    let Start { credentials, net, hub, monitors } = Start::new(config).await?;
    let transport: Arc<dyn Transport> = net.clone();
    let configured = hub.configured();
    // Asked before it starts: a refusal that comes at once has to find whom to tell.
    let session = pending(|done| monitors.authenticated(done));
    monitors.start(Instant::now());
    if let Err(error) = session.await {
        monitors.shutdown();
        return Err(error);
    }
    if tokio::time::timeout(CONFIG_WAIT, configured).await.is_err() {
        log::info!(target: "monc", "the monitors have not told their configuration");
    }

    // Only now: what the monitors have set counts for what follows.
    monitors.configure(|own| own.update(config));
    let own = EngineConfig::new(config);
    let fsid = monitors.fsid();
    let managers = MgrClient::new(own.of_mgr(fsid), transport.clone());
    let objecter =
        Objecter::new(settings::of_objecter(config, fsid), transport, hub.clone(), hub.clone());
    hub.set_rest(&managers, &objecter);
    let observer = settings::follow(config, &monitors, &managers, &objecter);
    monitors.subscribe("mgrmap", 0, false);
    let is_shut = AtomicBool::new(false);
    let engine = CephEngine {
        config: own,
        _observer: observer,
        fsid,
        net,
        credentials,
        monitors,
        managers,
        objecter,
        hub,
        is_shut,
    };
    engine.first_map().await?;
    Ok(engine)
}

impl CephEngine {
    async fn first_map(&self) -> Result<()> {
        let first = pending(|done| self.objecter.wait_for_map(1, done));
        within(self.config.connect_timeout(), "the first map of the OSDs", first).await
    }
}

/// The monitors that `mon_host` and the other options name. Names are looked up on a thread that
/// may wait for it.
async fn find_monitors(config: &Config) -> Result<MonMap> {
    let config = config.clone();
    let find = move || MonMap::initial(&config, &config.monitors(), &read_file, &SystemResolver);
    pending(|done| runtime::spawn_blocking(move || done(find()))).await
}

fn read_file(path: &str) -> Result<Vec<u8>> {
    // Who asked says which file it was.
    std::fs::read(path).map_err(|error| Error::from(error).errno().into())
}

/// This machine's name, for the monitors' list of sessions.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}
