//! Command line arguments, as `rados_conf_parse_argv` and `CEPH_ARGS` give them.
//!
//! ```text
//! --debug-ms=1  --debug_ms 1     any option, - and _ alike; = or the next argument
//! --rbd-cache  --rbd-cache false  --no-rbd-cache
//! --default-log-file=x           changes the default only
//! -m HOST  -k KEYRING  -K KEYFILE  -M MONMAP  -r MOUNTPOINT  --bind ADDRESS  -d  -f
//! --                             ends it; what follows is not ours
//! ```
//!
//! `-c`, `-n`, `-i`, `--id`, `--name`, `--user`, `--cluster` are for whoever creates the handle:
//! they are left over here, as in the original. Two manners of the original are not copied: it ends
//! the process when a short option lacks its argument (here `EINVAL`) and for `--show_conf`.

use std::io::Read;

use super::config::{Level, State};
use super::options::{self, Kind, Opt};
use crate::errno::{Errno, Result};

/// Applies arguments to a state; returns the positions of those that are not ours, in order.
///
/// # Errors
/// `EINVAL` or `ERANGE` at the first bad value; what came before it stays set.
pub(super) fn parse(state: &mut State, args: &[&str], level: Level) -> Result<Vec<usize>> {
    let mut left = Vec::new();
    let mut arguments = Arguments { args, at: 0 };
    while let Some(&argument) = args.get(arguments.at) {
        if argument == "--" {
            left.extend(arguments.at..args.len());
            break;
        }
        let spelled = underscores(argument);
        let ours = common(state, &mut arguments, &spelled)?
            || any_option(state, &mut arguments, &spelled, level)?;
        if !ours {
            left.push(arguments.at);
            arguments.at += 1;
        }
    }
    Ok(left)
}

struct Arguments<'a> {
    args: &'a [&'a str],
    at: usize,
}

impl Arguments<'_> {
    /// Takes the argument if it is one of `names`, with the value behind its `=` or after it.
    fn with_value(&mut self, spelled: &str, names: &[&str]) -> Option<Result<String>> {
        for name in names {
            let Some(rest) = spelled.strip_prefix(name) else { continue };
            if let Some(value) = rest.strip_prefix('=') {
                self.at += 1;
                return Some(Ok(value.to_owned()));
            }
            if rest.is_empty() {
                self.at += 1;
                let Some(value) = self.args.get(self.at) else {
                    let what = format!("option {name} requires an argument");
                    return Some(Err(Errno::EINVAL.because(what)));
                };
                self.at += 1;
                return Some(Ok((*value).to_owned()));
            }
        }
        None
    }
}

/// `--a-b=c-d` as `--a_b=c-d`: what the original compares. The first two characters stay.
fn underscores(argument: &str) -> String {
    let (name, value) = match argument.find('=') {
        Some(at) if at >= 2 => argument.split_at(at),
        _ => (argument, ""),
    };
    let spell = |(at, c): (usize, char)| if at >= 2 && c == '-' { '_' } else { c };
    name.char_indices().map(spell).chain(value.chars()).collect()
}

/// Arguments with a meaning of their own. They set at the strongest level, wherever they come from.
fn common(state: &mut State, arguments: &mut Arguments<'_>, spelled: &str) -> Result<bool> {
    const VALUED: [(&[&str], &str); 6] = [
        (&["--monmap", "-M"], "monmap"),
        (&["--mon_host", "-m"], "mon_host"),
        (&["--bind"], "public_addr"),
        (&["--keyring", "-k"], "keyring"),
        (&["--client_mountpoint", "-r"], "client_mountpoint"),
        (&["--show_config_value"], ""),
    ];
    let settings: &[(&str, &str)] = match spelled {
        "--show_conf" | "--show_config" | "--no_mon_config" | "--mon_config" => &[],
        "--foreground" | "-f" => &[("daemonize", "false")],
        "-d" => &[
            ("fuse_debug", "true"),
            ("daemonize", "false"),
            ("log_file", ""),
            ("log_to_stderr", "true"),
            ("err_to_stderr", "true"),
            ("log_to_syslog", "false"),
        ],
        _ => {
            for (names, option) in VALUED {
                if let Some(value) = arguments.with_value(spelled, names) {
                    let value = value?;
                    if !option.is_empty() {
                        state.set_named(option, &value, Level::Override)?;
                    }
                    return Ok(true);
                }
            }
            if let Some(path) = arguments.with_value(spelled, &["--keyfile", "-K"]) {
                if let Some(key) = read_key(&path?) {
                    state.set_named("key", &key, Level::Override)?;
                }
                return Ok(true);
            }
            return Ok(false);
        }
    };
    for (option, value) in settings {
        state.set_named(option, value, Level::Override)?;
    }
    arguments.at += 1;
    Ok(true)
}

/// The content of a key file, or of standard input for `-`; nothing when it cannot be read.
fn read_key(path: &str) -> Option<String> {
    let mut key = String::new();
    if path == "-" {
        std::io::stdin().take(1024).read_to_string(&mut key).ok()?;
    } else {
        std::fs::File::open(path).ok()?.take(1 << 20).read_to_string(&mut key).ok()?;
    }
    Some(key)
}

fn any_option(
    state: &mut State,
    arguments: &mut Arguments<'_>,
    spelled: &str,
    level: Level,
) -> Result<bool> {
    let Some(body) = spelled.strip_prefix("--") else { return Ok(false) };
    let key = body.split('=').next().unwrap_or(body);
    let plain = options::find(key).map(|option| (option, Form::Plain));
    let default = key.strip_prefix("default_").and_then(options::find);
    let default = default.map(|option| (option, Form::Default));
    let no = body.strip_prefix("no_").and_then(options::find);
    let no = no.filter(|option| option.kind == Kind::Bool).map(|option| (option, Form::No));
    // The original tries option after option in the order of their names.
    let Some((option, form)) =
        [plain, default, no].into_iter().flatten().min_by_key(|(option, _)| option.name)
    else {
        return Ok(false);
    };
    match form {
        Form::No => {
            arguments.at += 1;
            state.set(&option, "false", level)?;
        }
        Form::Plain if option.kind == Kind::Bool => {
            let value = flag_value(arguments, &option, body)?;
            state.set(&option, if value { "true" } else { "false" }, level)?;
        }
        Form::Plain | Form::Default => {
            let Some(value) = arguments.with_value(spelled, &[&format!("--{key}")]) else {
                return Ok(false);
            };
            let level = if matches!(form, Form::Default) { Level::Default } else { level };
            state.set(&option, &value?, level)?;
        }
    }
    Ok(true)
}

enum Form {
    Plain,
    Default,
    No,
}

/// The value of `--flag`, `--flag=false`, `--flag 0`. Only these spellings; the next argument is
/// left alone if it is none of them.
fn flag_value(arguments: &mut Arguments<'_>, option: &Opt, body: &str) -> Result<bool> {
    let known = |text: &str| match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    arguments.at += 1;
    if let Some((_, value)) = body.split_once('=') {
        let name = option.name;
        return known(value)
            .ok_or_else(|| Errno::EINVAL.because(format!("{name}: '{value}' is no flag")));
    }
    let next = arguments.args.get(arguments.at).and_then(|next| known(next));
    if next.is_some() {
        arguments.at += 1;
    }
    Ok(next.unwrap_or(true))
}
