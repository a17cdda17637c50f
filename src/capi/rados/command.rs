//! Commands to monitors, managers, OSDs and placement groups, and what goes with them.

use std::collections::BTreeMap;
use std::time::Duration;

use libc::{c_char, c_int};

use super::cluster::ClusterHandle;
use crate::capi::buffer;
use crate::capi::guard::exports;
use crate::capi::handle;
use crate::capi::memory;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{BlocklistExpiry, CommandTarget};
use crate::runtime;

/// Where a command's answer goes: output and status, each a buffer and its length.
struct Answer {
    out: (*mut *mut c_char, *mut usize),
    status: (*mut *mut c_char, *mut usize),
}

/// A command as C passes it: an array of strings, and input.
struct Command {
    words: (*mut *const c_char, usize),
    input: (*const c_char, usize),
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn command(
    cluster: rados_t,
    target: CommandTarget,
    command: Command,
    answer: Answer,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        // Callers free these whatever is returned.
        give(answer.out, b"")?;
        give(answer.status, b"")?;
        let engine = handle::get::<ClusterHandle>(cluster)?.engine()?;
        let words = buffer::strings(command.words.0.cast_const(), None, command.words.1)?;
        let words = words.into_iter().map(|word| String::from_utf8_lossy(word).into_owned());
        let input = memory::copy(command.input.0, command.input.1)?;
        let reply = runtime::block_on(engine.command(target, words.collect(), input))?;
        give(answer.out, &reply.out)?;
        give(answer.status, reply.status.as_bytes())?;
        Ok(reply.code)
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn give((buf, len): (*mut *mut c_char, *mut usize), value: &[u8]) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe { buffer::give_sized(buf, len, value) }
}

/// The fields of a dict as `rados_service_register` takes it: keys and values in turn, each ended
/// by a zero byte, the whole by another.
///
/// # Safety
/// `dict` is such a dict, or null.
unsafe fn dict(dict: *const c_char) -> Result<BTreeMap<String, String>> {
    if dict.is_null() {
        return Err(Errno::EINVAL.into());
    }
    let mut found = BTreeMap::new();
    let mut at = dict;
    // SAFETY: the caller's contract: the loop ends at the empty key.
    unsafe {
        while *at != 0 {
            let key = buffer::string(at)?;
            at = at.add(key.len() + 1);
            let value = buffer::string(at)?;
            at = at.add(value.len() + 1);
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            found.insert(text(key), text(value));
        }
    }
    Ok(found)
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn blocklist(cluster: rados_t, addr: *const c_char, seconds: u32) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        let engine = handle::get::<ClusterHandle>(cluster)?.engine()?;
        let expiry = match seconds {
            0 => BlocklistExpiry::Default,
            seconds => BlocklistExpiry::After(Duration::from_secs(seconds.into())),
        };
        runtime::block_on(engine.blocklist_add(buffer::text(addr)?, expiry))?;
    }
    Ok(0)
}

exports! {
    /// Sends a command, JSON in `cmd[0]`, with input, to a monitor. `*outbuf` becomes the output
    /// and `*outs` the status sentence, to be freed with `rados_buffer_free`. Returns what the
    /// command did.
    fn rados_mon_command(
        cluster: rados_t, cmd: *mut *const c_char, cmdlen: usize, inbuf: *const c_char,
        inbuflen: usize, outbuf: *mut *mut c_char, outbuflen: *mut usize, outs: *mut *mut c_char,
        outslen: *mut usize
    ) -> c_int => command(
        cluster,
        CommandTarget::Mon,
        Command { words: (cmd, cmdlen), input: (inbuf, inbuflen) },
        Answer { out: (outbuf, outbuflen), status: (outs, outslen) },
    );
    /// Like `rados_mon_command`, to the monitor of this name.
    fn rados_mon_command_target(
        cluster: rados_t, name: *const c_char, cmd: *mut *const c_char, cmdlen: usize,
        inbuf: *const c_char, inbuflen: usize, outbuf: *mut *mut c_char, outbuflen: *mut usize,
        outs: *mut *mut c_char, outslen: *mut usize
    ) -> c_int => command(
        cluster,
        CommandTarget::MonNamed(buffer::text(name)?.to_owned()),
        Command { words: (cmd, cmdlen), input: (inbuf, inbuflen) },
        Answer { out: (outbuf, outbuflen), status: (outs, outslen) },
    );
    /// Like `rados_mon_command`, to the active manager.
    fn rados_mgr_command(
        cluster: rados_t, cmd: *mut *const c_char, cmdlen: usize, inbuf: *const c_char,
        inbuflen: usize, outbuf: *mut *mut c_char, outbuflen: *mut usize, outs: *mut *mut c_char,
        outslen: *mut usize
    ) -> c_int => command(
        cluster,
        CommandTarget::Mgr,
        Command { words: (cmd, cmdlen), input: (inbuf, inbuflen) },
        Answer { out: (outbuf, outbuflen), status: (outs, outslen) },
    );
    /// Like `rados_mgr_command`, to the manager of this name.
    fn rados_mgr_command_target(
        cluster: rados_t, name: *const c_char, cmd: *mut *const c_char, cmdlen: usize,
        inbuf: *const c_char, inbuflen: usize, outbuf: *mut *mut c_char, outbuflen: *mut usize,
        outs: *mut *mut c_char, outslen: *mut usize
    ) -> c_int => command(
        cluster,
        CommandTarget::MgrNamed(buffer::text(name)?.to_owned()),
        Command { words: (cmd, cmdlen), input: (inbuf, inbuflen) },
        Answer { out: (outbuf, outbuflen), status: (outs, outslen) },
    );
    /// Like `rados_mon_command`, to an OSD.
    fn rados_osd_command(
        cluster: rados_t, osdid: c_int, cmd: *mut *const c_char, cmdlen: usize,
        inbuf: *const c_char, inbuflen: usize, outbuf: *mut *mut c_char, outbuflen: *mut usize,
        outs: *mut *mut c_char, outslen: *mut usize
    ) -> c_int => command(
        cluster,
        CommandTarget::Osd(osdid),
        Command { words: (cmd, cmdlen), input: (inbuf, inbuflen) },
        Answer { out: (outbuf, outbuflen), status: (outs, outslen) },
    );
    /// Like `rados_mon_command`, to a placement group, `pool.hex`.
    fn rados_pg_command(
        cluster: rados_t, pgstr: *const c_char, cmd: *mut *const c_char, cmdlen: usize,
        inbuf: *const c_char, inbuflen: usize, outbuf: *mut *mut c_char, outbuflen: *mut usize,
        outs: *mut *mut c_char, outslen: *mut usize
    ) -> c_int => command(
        cluster,
        CommandTarget::Pg(buffer::text(pgstr)?.to_owned()),
        Command { words: (cmd, cmdlen), input: (inbuf, inbuflen) },
        Answer { out: (outbuf, outbuflen), status: (outs, outslen) },
    );
    /// Asks the monitor of this name for a sign of life. `*outstr` becomes its answer, to be freed
    /// with `rados_buffer_free`. Returns 0, -ENOENT where there is none of this name.
    fn rados_ping_monitor(
        cluster: rados_t, mon_id: *const c_char, outstr: *mut *mut c_char, outstrlen: *mut usize
    ) -> c_int => {
        let handle = handle::get::<ClusterHandle>(cluster)?;
        let name = buffer::text(mon_id)?.to_owned();
        let answer = runtime::block_on(handle.cluster().ping_monitor(&name))?;
        give((outstr, outstrlen), &answer)?;
        Ok(0)
    };
    /// Keeps a client, by address, from using the cluster for `expire_seconds` (0: the default).
    /// Returns 0, -EINVAL for what is no address.
    fn rados_blocklist_add(
        cluster: rados_t, client_address: *mut c_char, expire_seconds: u32
    ) -> c_int => blocklist(cluster, client_address, expire_seconds);
    /// The old name of `rados_blocklist_add`.
    #[deprecated]
    fn rados_blacklist_add(
        cluster: rados_t, client_address: *mut c_char, expire_seconds: u32
    ) -> c_int => blocklist(cluster, client_address, expire_seconds);
    /// Registers this process as a service of the cluster, with metadata: keys and values in turn,
    /// each ended by a zero byte, the whole by another. Before or after `rados_connect`, once.
    /// Returns 0,
    /// -EEXIST.
    fn rados_service_register(
        cluster: rados_t, service: *const c_char, daemon: *const c_char,
        metadata_dict: *const c_char
    ) -> c_int => {
        let cluster = handle::get::<ClusterHandle>(cluster)?;
        let (service, daemon) = (buffer::text(service)?, buffer::text(daemon)?);
        cluster.register_service(service, daemon, dict(metadata_dict)?)?;
        Ok(0)
    };
    /// Updates the status of the service, a dict as `rados_service_register` takes it. Returns 0.
    fn rados_service_update_status(cluster: rados_t, status_dict: *const c_char) -> c_int => {
        let engine = handle::get::<ClusterHandle>(cluster)?.engine()?;
        runtime::block_on(engine.service_status(dict(status_dict)?))?;
        Ok(0)
    };
}
