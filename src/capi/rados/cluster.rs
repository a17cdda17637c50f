//! `rados_t`: configure, connect, ask, shut down.

use std::collections::BTreeMap;
use std::sync::Arc;

use libc::{c_char, c_int, c_void};
use parking_lot::Mutex;

use super::pool::engine;
use crate::capi::buffer;
use crate::capi::fork;
use crate::capi::guard::exports;
use crate::capi::handle::{self, Handle};
use crate::capi::types::*;
use crate::conf::{Config, EntityName, logging};
use crate::errno::{Errno, Result};
use crate::model::Engine;
use crate::rados::Cluster;
use crate::runtime;

/// A service and its metadata, to be registered when connected.
type Service = (String, String, BTreeMap<String, String>);

/// What stands behind a `rados_t`.
pub(crate) struct ClusterHandle {
    cluster: Cluster,
    /// The handle of the configuration, for `rados_cct`.
    config: *mut c_void,
    service: Mutex<Option<Service>>,
}

// SAFETY: `config` is a handle, which any thread may use; it ends with this value.
unsafe impl Send for ClusterHandle {}
// SAFETY: as above.
unsafe impl Sync for ClusterHandle {}

impl Handle for ClusterHandle {
    const TAG: [u8; 8] = *b"cluster\0";
}

impl Drop for ClusterHandle {
    fn drop(&mut self) {
        // SAFETY: new() made the handle and nobody else ends it.
        drop(unsafe { handle::destroy::<ConfigHandle>(self.config) });
    }
}

/// What stands behind a `rados_config_t`.
struct ConfigHandle(Config);

impl Handle for ConfigHandle {
    const TAG: [u8; 8] = *b"config\0\0";
}

impl ClusterHandle {
    fn new(config: Config) -> Self {
        fork::watch();
        let handle = handle::create(ConfigHandle(config.clone()));
        ClusterHandle { cluster: Cluster::new(config), config: handle, service: Mutex::default() }
    }

    /// The engine; `-ENOTCONN` before `rados_connect`.
    pub(crate) fn engine(&self) -> Result<Arc<dyn Engine>> {
        self.cluster.engine()
    }

    /// The cluster, connected or not.
    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The configuration.
    pub(crate) fn config(&self) -> &Config {
        self.cluster.config()
    }

    pub(super) fn config_handle(&self) -> rados_config_t {
        self.config
    }

    fn connect(&self) -> Result<()> {
        logging::follow(self.config());
        runtime::block_on(self.cluster.connect())
            .inspect_err(|error| log::error!(target: "rados", "cannot connect: {error}"))?;
        if let Ok(engine) = self.engine() {
            let (name, number) = (self.config().name(), engine.instance_id());
            log::info!(target: "rados", "connected to {} as {name}, {number}", engine.fsid());
        }
        let service = self.service.lock().clone();
        if let Some((service, daemon, metadata)) = service {
            let engine = self.engine()?;
            runtime::block_on(engine.service_register(&service, &daemon, metadata))?;
        }
        Ok(())
    }

    pub(super) fn register_service(
        &self,
        service: &str,
        daemon: &str,
        metadata: BTreeMap<String, String>,
    ) -> Result<()> {
        let mut slot = self.service.lock();
        if slot.is_some() {
            return Err(Errno::EEXIST.because("this handle is a service already"));
        }
        if let Ok(engine) = self.engine() {
            runtime::block_on(engine.service_register(service, daemon, metadata.clone()))?;
        }
        *slot = Some((service.to_owned(), daemon.to_owned(), metadata));
        Ok(())
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn config<'a>(cluster: rados_t) -> Result<&'a Config> {
    // SAFETY: the caller's contract.
    Ok(unsafe { handle::get::<ClusterHandle>(cluster)? }.config())
}

/// Arguments as Rust has them; what is not UTF-8 is `-EINVAL`.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn arguments<'a>(argc: c_int, argv: *mut *const c_char) -> Result<Vec<&'a str>> {
    let count = usize::try_from(argc).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the caller's contract.
    unsafe {
        buffer::array(argv.cast_const(), count)?.iter().map(|&arg| buffer::text(arg)).collect()
    }
}

exports! {
    /// Makes a cluster handle for the client `client.<id>`; NULL: `client.admin`. Returns 0.
    fn rados_create(cluster: *mut rados_t, id: *const c_char) -> c_int => {
        let name = EntityName::client(buffer::opt_text(id)?.unwrap_or("admin"));
        buffer::out(cluster, handle::create(ClusterHandle::new(Config::create("", name))));
        Ok(0)
    };
    /// Makes a cluster handle for the client `name`, such as `client.admin`, of the cluster
    /// `clustername`; NULL: `client.admin` of `ceph`. Returns 0, -EINVAL where `name` is none.
    fn rados_create2(
        pcluster: *mut rados_t, clustername: *const c_char, name: *const c_char, flags: u64
    ) -> c_int => {
        let _ = flags;
        let cluster = buffer::opt_text(clustername)?.unwrap_or("ceph");
        let name = buffer::opt_text(name)?.and_then(EntityName::parse).ok_or(Errno::EINVAL)?;
        buffer::out(pcluster, handle::create(ClusterHandle::new(Config::create(cluster, name))));
        Ok(0)
    };
    /// Makes a cluster handle with the configuration of another, from `rados_cct`. A context of
    /// Ceph's own libceph-common, which rbd-fuse passes, cannot be read here: the configuration
    /// file and the environment that it was made from are. Returns 0, -EINVAL for NULL.
    fn rados_create_with_context(cluster: *mut rados_t, cct: rados_config_t) -> c_int => {
        let config = match handle::get::<ConfigHandle>(cct) {
            Ok(ours) => ours.0.clone(),
            Err(error) if cct.is_null() => return Err(error),
            Err(_) => {
                let config = Config::create("", EntityName::client("admin"));
                config.read_file(None)?;
                config.parse_env(None);
                config
            }
        };
        buffer::out(cluster, handle::create(ClusterHandle::new(config)));
        Ok(0)
    };
    /// The configuration of a cluster handle, for `rados_create_with_context`.
    fn rados_cct(cluster: rados_t) -> rados_config_t => {
        Ok(handle::get::<ClusterHandle>(cluster)?.config_handle())
    };
    /// Connects to the cluster that the configuration names: `mon_host`. Returns 0; -EISCONN;
    /// -ENOENT where it names none.
    ///
    /// A connection is its process's. A child forked from that process uses neither it nor its
    /// contexts and images, and may connect for itself; to an embedded store only if its parent
    /// did not have that store open: -EOPNOTSUPP.
    fn rados_connect(cluster: rados_t) -> c_int => {
        handle::get::<ClusterHandle>(cluster)?.connect()?;
        Ok(0)
    };
    /// Ends a cluster handle. Its I/O contexts must have been destroyed. Does nothing to a
    /// connection of the process that this one was forked from.
    fn rados_shutdown(cluster: rados_t) => {
        let cluster = handle::destroy::<ClusterHandle>(cluster)?;
        runtime::block_on(cluster.cluster.shutdown())
    };

    /// Reads a configuration file, or a list of them separated by commas of which the first that
    /// exists is read; NULL: `$CEPH_CONF`, else the usual places. Returns 0, -ENOENT, -EINVAL where
    /// it does not parse.
    fn rados_conf_read_file(cluster: rados_t, path: *const c_char) -> c_int => {
        let config = config(cluster)?;
        config.read_file(buffer::opt_text(path)?).inspect_err(|error| {
            // Nobody has connected, so nobody has said where the log is.
            logging::follow_first(config);
            log::error!(target: "rados", "no configuration: {error}");
        })?;
        Ok(0)
    };
    /// Applies command line arguments. Returns 0, -EINVAL.
    fn rados_conf_parse_argv(
        cluster: rados_t, argc: c_int, argv: *mut *const c_char
    ) -> c_int => {
        let arguments = arguments(argc, argv)?;
        config(cluster)?.parse_argv(arguments.get(1..).unwrap_or_default())?;
        Ok(0)
    };
    /// Applies command line arguments; `remargv`, `argc` long, gets those that are not ours, and
    /// NULL behind them. Returns 0, -EINVAL.
    fn rados_conf_parse_argv_remainder(
        cluster: rados_t, argc: c_int, argv: *mut *const c_char, remargv: *mut *const c_char
    ) -> c_int => {
        let given = arguments(argc, argv)?;
        let rest = config(cluster)?.parse_argv(&given)?;
        if remargv.is_null() && !given.is_empty() {
            return Err(Errno::EINVAL.into());
        }
        let rest: Vec<_> = rest.into_iter().map(|index| *argv.add(index)).collect();
        for index in 0..given.len() {
            remargv.add(index).write(rest.get(index).copied().unwrap_or(std::ptr::null()));
        }
        Ok(0)
    };
    /// Applies the arguments in an environment variable; NULL: `CEPH_ARGS`. Returns 0.
    fn rados_conf_parse_env(cluster: rados_t, var: *const c_char) -> c_int => {
        config(cluster)?.parse_env(buffer::opt_text(var)?);
        Ok(0)
    };
    /// Sets an option. Returns 0, -ENOENT for an option there is not, -EINVAL for a bad value.
    fn rados_conf_set(
        cluster: rados_t, option: *const c_char, value: *const c_char
    ) -> c_int => {
        config(cluster)?.set(buffer::text(option)?, buffer::text(value)?)?;
        Ok(0)
    };
    /// Writes an option's value and a zero byte into `buf`. Returns 0, -ENOENT, -ENAMETOOLONG where
    /// `len` is too small.
    fn rados_conf_get(
        cluster: rados_t, option: *const c_char, buf: *mut c_char, len: usize
    ) -> c_int => {
        let value = config(cluster)?.get(buffer::text(option)?)?;
        // What fits is written in any case, as snprintf does it.
        let fits = value.len().min(len.saturating_sub(1));
        if len > 0 {
            buffer::fill_string(buf, len, &value.as_bytes()[..fits])?;
        }
        if value.len() < len { Ok(0) } else { Err(Errno::ENAMETOOLONG.into()) }
    };

    /// Writes the cluster's id as text and a zero byte into `buf`. Returns its length, 36; -ERANGE
    /// where `len` is not more than that.
    fn rados_cluster_fsid(cluster: rados_t, buf: *mut c_char, len: usize) -> c_int => {
        let fsid = engine(cluster)?.fsid().to_string();
        Ok(buffer::fill_string(buf, len, fsid.as_bytes())? as c_int)
    };
    /// The number of this client in the cluster; 0 while it is not connected.
    fn rados_get_instance_id(cluster: rados_t) -> u64 => Ok(engine(cluster)?.instance_id());
    /// `*addrs` becomes this client's address, to be freed with `rados_buffer_free`. Returns 0.
    fn rados_getaddrs(cluster: rados_t, addrs: *mut *mut c_char) -> c_int => {
        let found = engine(cluster)?.addrs();
        buffer::out(addrs, buffer::give(Some(found.as_bytes()))?);
        Ok(0)
    };
    /// What the cluster has and holds, in KiB. Returns 0.
    fn rados_cluster_stat(cluster: rados_t, result: *mut rados_cluster_stat_t) -> c_int => {
        let stat = runtime::block_on(engine(cluster)?.cluster_stat())?;
        buffer::out(result, rados_cluster_stat_t {
            kb: stat.kb, kb_used: stat.kb_used, kb_avail: stat.kb_avail, num_objects: stat.objects,
        });
        Ok(0)
    };
    /// Waits until this client knows the newest map. Returns 0.
    fn rados_wait_for_latest_osdmap(cluster: rados_t) -> c_int => {
        runtime::block_on(engine(cluster)?.wait_for_latest_map())?;
        Ok(0)
    };
    /// The oldest release, as a number, that OSDs of the cluster may have. Returns 0.
    fn rados_get_min_compatible_osd(
        cluster: rados_t, require_osd_release: *mut i8
    ) -> c_int => {
        buffer::out(require_osd_release, engine(cluster)?.min_compatible()?.osd);
        Ok(0)
    };
    /// The oldest release, as a number, that clients of the cluster may have, and the one it
    /// insists on. Returns 0.
    fn rados_get_min_compatible_client(
        cluster: rados_t, min_compat_client: *mut i8, require_min_compat_client: *mut i8
    ) -> c_int => {
        let oldest = engine(cluster)?.min_compatible()?;
        buffer::out(min_compat_client, oldest.client);
        buffer::out(require_min_compat_client, oldest.required_client);
        Ok(0)
    };
}
