//! The configuration as a whole: what a handle answers, facts of 16.2.15.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proptest::prelude::*;

use super::rbd::{self, Overlay, Source};
use super::*;
use crate::errno::Errno;

fn config() -> Config {
    Config::new("ceph", EntityName::default())
}

fn set_and_get(key: &str, value: &str) -> Result<String, Errno> {
    let config = config();
    config.set(key, value).map_err(|error| error.errno())?;
    config.get(key).map_err(|error| error.errno())
}

#[test]
fn defaults_are_values_of_their_options() {
    for option in options::all() {
        let default = Value::default_of(&option);
        let text = default.to_string();
        match option.kind {
            options::Kind::Float => assert!(text.parse::<f64>().is_ok()),
            options::Kind::Addrs => {}
            _ => assert_eq!(text, option.default, "{}", option.name),
        }
    }
}

#[test]
fn values_are_normalised_as_ceph_prints_them() {
    let is = |key, value, expected: &str| {
        assert_eq!(set_and_get(key, value).as_deref(), Ok(expected), "{key} {value}");
    };
    is("rbd_cache", "FALSE", "false");
    is("rbd cache", "7", "true");
    is("rbd_cache_size", "64M", "67108864");
    is("rbd_cache_size", "1KB", "1024");
    is("rbd_op_threads", "2K", "2000");
    is("osd_op_complaint_time", "1.5e3", "1500.000000");
    is("osd_op_complaint_time", "0x10", "16.000000");
    is("osd_op_complaint_time", "nan", "nan");
    is("rados_osd_op_timeout", "2h 30m", "9000");
    is("rados_osd_op_timeout", "", "0");
    is("public_addr", "1.2.3.4:5", "v2:1.2.3.4:5/0");
    is("public_addr", "v1:[::1]:5/6", "v1:[::1]:5/6");
    is("public_addrv", "[v2:1.2.3.4:5,v1:1.2.3.4:6]", "[v2:1.2.3.4:5/0,v1:1.2.3.4:6/0]");
    is("fsid", "1111111111111111111111111111111a", "11111111-1111-1111-1111-11111111111a");
    is("debug_ms", "5/x", "5/5");
    is("debug_ms", "1/2", "1/2");
    is("rbd_default_features", "layering, striping", "3");
    is("rbd_default_pool", "a/b", "rbd");
}

#[test]
fn bad_values_and_options_are_refused() {
    let is = |key, value, errno| assert_eq!(set_and_get(key, value), Err(errno), "{key} {value}");
    is("rbd_cache", "yes", Errno::EINVAL);
    is("rbd_op_threads", "-1", Errno::EINVAL);
    is("rbd_op_threads", "7 ", Errno::EINVAL);
    is("rbd_op_threads", "1B", Errno::EINVAL);
    is("rbd_cache_size", "9223372036854775808", Errno::EINVAL);
    is("osd_op_complaint_time", "1e400", Errno::EINVAL);
    is("osd_pool_default_size", "11", Errno::EINVAL);
    is("rbd_cache_policy", "none", Errno::EINVAL);
    is("rbd_discard_granularity_bytes", "5000", Errno::EINVAL);
    is("rbd_default_features", "256", Errno::EINVAL);
    is("debug_ms", "100", Errno::ERANGE);
    is("debug_ms", "x", Errno::EINVAL);
    is("cephsqlite_lock_renewal_interval", "2000", Errno::EINVAL);
    is("nope", "1", Errno::ENOENT);
    is("mon-host", "1", Errno::ENOENT);
    is("", "1", Errno::EINVAL);
    assert_eq!(config().get(" ").unwrap_err(), Errno::EINVAL);
    assert_eq!(config().get("nope").unwrap_err(), Errno::ENOENT);
}

#[test]
fn metavariables_are_expanded_when_read() {
    let config = Config::new("", EntityName::client("me"));
    assert!(config.get("keyring").unwrap().starts_with("/etc/ceph/.client.me.keyring,"));
    config.read_text("/x/zoo.conf", b"[global]\nlog_file = $cluster-$name-$type-$id\n").unwrap();
    assert_eq!(config.get("log_file").unwrap(), "zoo-client.me-client-me");
    config.set("log_file", "<${mon_host}$nope$$>").unwrap();
    config.set("mon_host", "h").unwrap();
    assert_eq!(config.get("log_file").unwrap(), "<h$nope$$>");
    // A loop ends with the name of the option that closed it.
    config.set("mon_host", "H$log_file").unwrap();
    config.set("log_file", "x $mon_host").unwrap();
    assert_eq!(config.get("log_file").unwrap(), "x $log_file");
}

#[test]
fn options_that_multiply_end() {
    let config = config();
    let names: Vec<_> = options::all()
        .filter(|option| option.kind == options::Kind::Str && option.permitted().is_none())
        .map(|option| option.name)
        .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .take(100)
        .collect();
    for pair in names.windows(2) {
        let _ = config.set(pair[0], &format!("${}${}x", pair[1], pair[1]));
    }
    assert!(config.get(names[0]).unwrap().len() < 4 << 20);
}

#[test]
fn stronger_levels_win_whenever_they_were_set() {
    let config = config();
    config.set("log_file", "set").unwrap();
    config.parse_argv(&["--mon-host=args", "--log-file=args", "--debug-ms", "3"]).unwrap();
    let file = b"[global]\nlog_file=file\nmon_host=file\nkeyring=file\ndebug_ms=4\n";
    config.read_text("ceph.conf", file).unwrap();
    config.set_from_monitors([("rbd_cache", "false"), ("keyring", "mon"), ("mon_host", "mon")]);
    let get = |key: &str| config.get(key).unwrap();
    assert_eq!(
        (get("log_file"), get("mon_host"), get("keyring"), get("debug_ms"), get("rbd_cache")),
        ("set".into(), "args".into(), "file".into(), "3/3".into(), "false".into())
    );
    config.unset("log_file").unwrap();
    assert_eq!(get("log_file"), "args");
    assert_eq!(config.unset("log_file").unwrap_err(), Errno::ENOENT);
    config.set_from_monitors([]);
    assert_eq!(get("rbd_cache"), "true");
    let names: Vec<_> = config.changed().iter().map(|s| (s.name, s.level)).collect();
    assert_eq!(
        names,
        [
            ("debug_ms", Level::CommandLine),
            ("keyring", Level::File),
            ("log_file", Level::CommandLine),
            ("mon_host", Level::Override)
        ]
    );
}

#[test]
fn arguments_that_are_not_ours_are_left_in_place() {
    let config = config();
    let left = |args: &[&str]| {
        let left = config.parse_argv(args).unwrap();
        left.into_iter().map(|at| args[at].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(left(&["x", "-m", "h", "--nope=1", "--", "-m"]), ["x", "--nope=1", "--", "-m"]);
    assert_eq!(left(&["--rbd-cache", "0", "--no-rbd-cache", "y"]), ["y"]);
    assert_eq!(left(&["-c", "/x", "-i", "a"]), ["-c", "/x", "-i", "a"]);
    assert_eq!(config.parse_argv(&["--rbd-cache=maybe"]).unwrap_err(), Errno::EINVAL);
    assert_eq!(config.parse_argv(&["--log-file"]).unwrap_err(), Errno::EINVAL);
    assert_eq!(config.parse_argv(&["-m"]).unwrap_err(), Errno::EINVAL);
}

#[test]
fn a_connected_handle_refuses_what_comes_too_late() {
    let config = config();
    config.set("osd_objectstore", "memstore").unwrap();
    config.fix();
    assert_eq!(config.set("osd_objectstore", "bluestore").unwrap_err(), Errno::EPERM);
    config.set("osd_objectstore", "memstore").unwrap();
    config.set("rbd_cache", "false").unwrap();
    assert_eq!(config.read_file(Some("/nonexistent")).unwrap_err(), Errno::ENOSYS);
    assert_eq!(config.parse_argv(&[]).unwrap_err(), Errno::ENOSYS);
}

#[test]
fn files_are_searched_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("good.conf"), "[global]\nmon_host = $cluster\n").unwrap();
    std::fs::write(path("bad.conf"), "[global\n").unwrap();
    let config = Config::new("", EntityName::default());
    let missing = path("missing.conf");
    assert_eq!(config.read_file(Some(&missing)).unwrap_err(), Errno::ENOENT);
    assert_eq!(config.read_file(Some(&path(""))).unwrap_err(), Errno::ENOENT);
    let bad_first = format!("{},{}", path("bad.conf"), path("good.conf"));
    assert_eq!(config.read_file(Some(&bad_first)).unwrap_err(), Errno::EINVAL);
    assert_eq!(config.cluster(), "");
    config.read_file(Some(&format!("{missing};{}", path("good.conf")))).unwrap();
    assert_eq!(config.get("mon_host").unwrap(), "good");
    config.read_file(Some(&missing)).unwrap();
}

#[test]
fn observers_hear_of_changes_until_dropped() {
    let config = config();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let observer = config.observe(&["mon_host", "debug_ms"], {
        let heard = Arc::clone(&heard);
        move |config, names| {
            let values = names.iter().map(|name| (*name, config.get(name).unwrap()));
            heard.lock().extend(values);
        }
    });
    config.set("mon_host", "a").unwrap();
    config.set("mon_host", "a").unwrap();
    config.set("log_file", "x").unwrap();
    // Weaker than what is set: no change.
    config.read_text("x", b"[global]\nmon_host=b\ndebug_ms=2\n").unwrap();
    drop(observer);
    config.set("mon_host", "c").unwrap();
    assert_eq!(*heard.lock(), [("mon_host", "a".to_owned()), ("debug_ms", "2/2".to_owned())]);
}

#[test]
fn typed_reading() {
    let config = config();
    config.set("rados_osd_op_timeout", "90s").unwrap();
    assert!(config.bool("rbd_cache"));
    assert_eq!(config.u64("rbd_cache_size"), 32 << 20);
    assert_eq!(config.u64("rbd_op_threads"), 1);
    assert_eq!(config.duration("rados_osd_op_timeout"), Duration::from_secs(90));
    assert_eq!(config.duration("mon_client_hunt_interval"), Duration::from_secs(3));
    assert_eq!(config.text("rbd_cache_policy"), "writearound");
}

#[test]
fn secrets_are_not_shown() {
    let config = config();
    config.set("key", "AQBSdFhX").unwrap();
    config.set("log_file", "seen").unwrap();
    let shown = format!("{config:?} {:?}", config.changed());
    assert!(shown.contains("seen") && !shown.contains("AQBSdFhX"), "{shown}");
    assert_eq!(config.get("key").unwrap(), "AQBSdFhX");
}

#[test]
fn images_override_pools_override_the_handle() {
    let config = config();
    let mut overlay = Overlay::new(&config);
    assert_eq!((overlay.list_image().len(), overlay.list_pool().len()), (77, 109));
    let source = |overlay: &Overlay, name: &str| {
        let list = overlay.list_image();
        let found = list.into_iter().find(|option| option.name == name).unwrap();
        (found.value, found.source)
    };
    let pool = [("conf_rbd_cache", "false"), ("conf_rbd_cache_size", "64M"), ("other", "x")];
    overlay.apply(Source::Pool, pool);
    overlay.apply(Source::Image, [("conf_rbd_cache", "true"), ("conf_nope", "1")]);
    assert_eq!(source(&overlay, "rbd_cache"), ("true".into(), Source::Image));
    // An override is listed as it was written.
    assert_eq!(source(&overlay, "rbd_cache_size"), ("64M".into(), Source::Pool));
    assert_eq!(source(&overlay, "rbd_plugins"), (String::new(), Source::Config));
    assert!(overlay.bool("rbd_cache"));
    assert_eq!(overlay.u64("rbd_cache_size"), 64 << 20);
    overlay.apply(Source::Image, []);
    assert!(!overlay.bool("rbd_cache"));
    // One that is no value is shown and does nothing.
    overlay.apply(Source::Image, [("conf_rbd_cache", "maybe")]);
    assert_eq!(source(&overlay, "rbd_cache"), ("maybe".into(), Source::Image));
    assert!(!overlay.bool("rbd_cache"));
}

#[test]
fn overrides_are_checked_before_they_are_stored() {
    let check = |source, key, value| rbd::check_override(source, key, value).map_err(|e| e.errno());
    assert_eq!(check(Source::Image, "conf_rbd_cache", "false"), Ok(()));
    assert_eq!(check(Source::Image, "note", "anything"), Ok(()));
    assert_eq!(check(Source::Image, "conf_rbd_cache", "maybe"), Err(Errno::EINVAL));
    assert_eq!(check(Source::Image, "conf_mon_host", "x"), Err(Errno::EINVAL));
    assert_eq!(check(Source::Image, "conf_rbd_default_order", "22"), Err(Errno::EINVAL));
    assert_eq!(check(Source::Pool, "conf_rbd_default_order", "22"), Ok(()));
}

/// Text made of what the grammar cares about.
fn grammatical() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "[global]\n",
        "[client]",
        "mon_host",
        "log file",
        "debug_ms",
        "=",
        " ",
        "\t",
        "\n",
        "\r",
        "\\",
        "\\\n",
        "\"",
        "'",
        "#",
        ";",
        "[",
        "]",
        "$cluster",
        "${",
        "$mon_host",
        "$log_file",
        "1/2",
        "é",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn no_file_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in grammatical()) {
        for input in [&bytes[..], text.as_bytes()] {
            let config = config();
            let _ = config.read_text("x.conf", input);
            for key in ["mon_host", "log_file", "debug_ms"] {
                prop_assert!(config.get(key).is_ok());
            }
        }
    }

    #[test]
    fn no_value_panics_and_what_is_kept_is_kept_again(
        at in 0usize..1808,
        text in "\\PC*|[-+]?[0-9]{1,21}[KMGTPEB]?i?|[0-9.:\\[\\],/v-]{0,20}|[0-9 smhd]{0,9}",
    ) {
        let option = options::all().nth(at).unwrap();
        let config = config();
        if config.set(option.name, &text).is_ok() {
            let kept = config.get(option.name).unwrap();
            // A suffix may lead beyond what is read without one, as in the original: 10^16K.
            let is_beyond = kept.parse::<u64>().is_ok_and(|number| i64::try_from(number).is_err());
            if option.kind != options::Kind::Str && !is_beyond {
                prop_assert!(config.set(option.name, &kept).is_ok(), "{} {kept}", option.name);
                prop_assert_eq!(config.get(option.name).unwrap(), kept);
            }
        }
    }

    #[test]
    fn no_arguments_panic(args in prop::collection::vec(
        prop_oneof![
            "(--|-)?[a-z_=-]{0,12}",
            prop::sample::select(vec![
                "--log-file", "--rbd-cache", "--no-rbd-cache", "--default-log-file=x", "-m", "-d",
                "-k", "--",
            ]).prop_map(str::to_owned),
        ],
        0..8,
    )) {
        // Reading a key file, or standard input, is not what this is about.
        prop_assume!(!args.iter().any(|arg| arg.starts_with("-K") || arg.starts_with("--keyfile")));
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        if let Ok(left) = config().parse_argv(&args) {
            prop_assert!(left.is_sorted() && left.iter().all(|at| *at < args.len()));
        }
    }
}
