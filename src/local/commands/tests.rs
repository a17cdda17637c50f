use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::conf::{Config, EntityName};
use crate::local::engine::LocalEngine;
use crate::model::Engine;
use crate::runtime::block_on;

struct Fixture {
    _dir: tempfile::TempDir,
    engine: Arc<LocalEngine>,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::new("ceph", EntityName::client("admin"));
        let engine = LocalEngine::open(dir.path(), &config).unwrap();
        Fixture { _dir: dir, engine }
    }

    fn send(&self, target: CommandTarget, text: &str) -> (i32, String, String) {
        let reply =
            block_on(self.engine.command(target, vec![text.into()], Bytes::from_static(b"in")));
        let reply = reply.unwrap();
        (reply.code, String::from_utf8(reply.out.to_vec()).unwrap(), reply.status)
    }

    fn mon(&self, args: &Value) -> (i32, String, String) {
        self.send(CommandTarget::Mon, &args.to_string())
    }

    /// The status sentence of a command that must answer with this code.
    fn says(&self, code: i32, args: &Value) -> String {
        let (got, _, status) = self.mon(args);
        assert_eq!(got, code, "{args}: {status}");
        status
    }

    fn value(&self, args: &Value) -> Value {
        let mut args = args.clone();
        args["format"] = json!("json");
        let (code, out, status) = self.mon(&args);
        assert_eq!(code, 0, "{args}: {status}");
        serde_json::from_str(&out).unwrap()
    }

    fn plain(&self, prefix: &str) -> String {
        let (code, out, _) = self.mon(&json!({ "prefix": prefix }));
        assert_eq!(code, 0, "{prefix}");
        out
    }
}

#[test]
fn what_is_no_command_is_refused_in_a_monitors_words() {
    let store = Fixture::new();
    let refused = |text: &str| store.send(CommandTarget::Mon, text);
    assert_eq!(refused("not json"), (-22, String::new(), "unparseable JSON not json".into()));
    assert_eq!(refused("[]").2, "not JSON object []");
    assert_eq!(refused("{}").2, "command prefix not found");
    assert_eq!(refused(r#"{"prefix":"nope nope"}"#).2, "command not known");
    let mgr = store.send(CommandTarget::Mgr, r#"{"prefix":"df"}"#);
    assert_eq!((mgr.0, &*mgr.2), (-22, "No handler found for 'df'"));
    assert_eq!(store.send(CommandTarget::Osd(7), "{}").0, -2);
}

#[test]
fn every_command_without_arguments_answers_in_both_forms() {
    let store = Fixture::new();
    block_on(store.engine.pool_create("p", None)).unwrap();
    let optional =
        |spec: &&Spec| spec.args.split(' ').all(|arg| arg.is_empty() || arg.contains("req=false"));
    let all = TABLES.iter().flat_map(|table| table.iter());
    for spec in all.filter(|spec| spec.perm == "r").filter(optional) {
        let (code, out, _) = store.mon(&json!({ "prefix": spec.prefix, "format": "json" }));
        assert_eq!(code, 0, "{}", spec.prefix);
        let is_json = serde_json::from_str::<Value>(&out).is_ok();
        let exceptions =
            ["osd blocklist ls", "osd blacklist ls", "osd get-require-min-compat-client"];
        assert!(is_json || exceptions.contains(&spec.prefix), "{}: {out}", spec.prefix);
        let (code, out, _) = store.mon(&json!({ "prefix": spec.prefix }));
        assert!(code == 0 && (out.is_empty() || out.ends_with('\n')), "{}", spec.prefix);
    }
}

#[test]
fn pools_are_made_told_of_renamed_and_removed() {
    let store = Fixture::new();
    let create = json!({ "prefix": "osd pool create", "pool": "a", "pg_num": 8 });
    assert_eq!(store.says(0, &create), "pool 'a' created");
    assert_eq!(store.says(0, &create), "pool 'a' already exists");
    assert_eq!(store.value(&json!({ "prefix": "osd pool ls" })), json!(["a"]));
    assert_eq!(store.plain("osd lspools"), "1 a\n");
    let size = json!({ "prefix": "osd pool get", "pool": "a", "var": "pg_num" });
    assert_eq!(store.value(&size), json!({ "pool": "a", "pool_id": 1, "pg_num": 8 }));
    let nope = json!({ "prefix": "osd pool get", "pool": "a", "var": "nope" });
    assert_eq!(store.says(-22, &nope), "pool 'a': invalid variable: 'nope'");
    let missing = json!({ "prefix": "osd pool get", "pool": "x", "var": "size" });
    assert_eq!(store.says(-2, &missing), "unrecognized pool 'x'");
    let rename = json!({ "prefix": "osd pool rename", "srcpool": "a", "destpool": "b" });
    assert_eq!(store.says(0, &rename), "pool 'a' renamed to 'b'");
    let set = |val| json!({ "prefix": "osd pool set", "pool": "b", "var": "nodelete", "val": val });
    store.says(0, &set("1"));
    let delete = json!({
        "prefix": "osd pool delete", "pool": "b", "pool2": "b",
        "yes_i_really_really_mean_it": true,
    });
    assert!(store.says(-1, &delete).contains("unset nodelete"));
    assert!(block_on(store.engine.pool_delete("b")).is_err_and(|error| error == Errno::EPERM));
    store.says(0, &set("false"));
    assert!(store.says(-1, &json!({"prefix": "osd pool rm", "pool": "b"})).starts_with("WARNING"));
    assert_eq!(store.says(0, &delete), "pool 'b' removed");
    assert_eq!(store.says(0, &delete), "pool 'b' does not exist");
}

#[test]
fn what_a_store_cannot_do_is_not_answered_with_success() {
    let store = Fixture::new();
    block_on(store.engine.pool_create("p", None)).unwrap();
    for (var, val) in [("size", "3"), ("compression_mode", "force"), ("target_max_bytes", "9")] {
        let set = json!({ "prefix": "osd pool set", "pool": "p", "var": var, "val": val });
        store.says(-95, &set);
    }
    let quota =
        json!({ "prefix": "osd pool set-quota", "pool": "p", "field": "max_bytes", "val": "9" });
    store.says(-95, &quota);
}

#[test]
fn settings_reach_the_next_client() {
    let store = Fixture::new();
    let set = |who, name, value| {
        let prefix = "config set";
        json!({ "prefix": prefix, "who": who, "name": name, "value": value })
    };
    store.says(0, &set("client", "rbd_cache", "false"));
    store.says(0, &set("global", "rbd_cache", "true"));
    store.says(-22, &set("client", "nope", "false"));
    store.says(-22, &set("client", "rbd_cache_size", "xx"));
    let config = Config::new("ceph", EntityName::client("admin"));
    let other = LocalEngine::open(store._dir.path(), &config).unwrap();
    assert_eq!(config.get("rbd_cache").unwrap(), "false");
    assert_eq!(other.fsid(), store.engine.fsid());
    let get = json!({ "prefix": "config get", "who": "client.admin", "key": "rbd_cache" });
    assert_eq!(store.mon(&get).1, "false\n");
    store.says(0, &json!({ "prefix": "config-key set", "key": "k" }));
    assert_eq!(store.mon(&json!({ "prefix": "config-key get", "key": "k" })).1, "in");
}

#[test]
fn the_blocklist_is_told_as_a_monitor_tells_it() {
    let store = Fixture::new();
    let add = json!({
        "prefix": "osd blocklist", "blocklistop": "add", "addr": "1.2.3.4:0/77", "expire": 100.5,
    });
    let said = store.says(0, &add);
    assert!(
        said.starts_with("blocklisting 1.2.3.4:0/77 until 20") && said.ends_with("(100.5 sec)")
    );
    let (_, out, status) = store.mon(&json!({ "prefix": "osd blocklist ls", "format": "json" }));
    assert_eq!(status, "listed 1 entries");
    assert!(out.starts_with(r#"[{"addr":"1.2.3.4:0/77","until":"20"#) && out.ends_with("}][]"));
    let remove = json!({ "prefix": "osd blacklist", "blacklistop": "rm", "addr": "1.2.3.4:0/77" });
    assert_eq!(store.says(0, &remove), "un-blocklisting 1.2.3.4:0/77");
    assert_eq!(store.says(0, &remove), "1.2.3.4:0/77 isn't blocklisted");
    let bad = json!({ "prefix": "osd blocklist", "blocklistop": "add", "addr": "garbage" });
    assert_eq!(store.says(-22, &bad), "unable to parse address garbage");
}

#[test]
fn services_are_told() {
    let store = Fixture::new();
    let metadata = [("k".to_owned(), "v".to_owned())].into();
    block_on(store.engine.service_register("mysvc", "d1", metadata)).unwrap();
    let again = store.engine.service_register("mysvc", "d1", BTreeMap::new());
    assert_eq!(block_on(again).unwrap_err(), Errno::EEXIST);
    let status = [("state".to_owned(), "good".to_owned())].into();
    block_on(store.engine.service_status(status)).unwrap();
    let dump = store.value(&json!({ "prefix": "service dump" }));
    assert_eq!(dump["services"]["mysvc"]["daemons"]["d1"]["metadata"]["k"], "v");
    let told = store.value(&json!({ "prefix": "service status" }));
    assert_eq!(told["mysvc"]["d1"]["status"], json!({ "state": "good" }));
    assert!(store.plain("status").contains("mysvc: 1 daemon active"));
}
