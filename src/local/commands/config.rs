//! Settings that the store keeps for its clients, and keys that programs keep in it.

use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};

use super::request::{Answer, Outcome, Request, Spec};
use super::text::Table;
use crate::conf::{self, EntityName};
use crate::errno::{Errno, Result};

macro_rules! spec {
    ($prefix:literal, $args:literal, $help:literal, $perm:literal, $run:path) => {
        Spec { prefix: $prefix, args: $args, help: $help, perm: $perm, mgr: false, run: $run }
    };
}

pub(super) const COMMANDS: &[Spec] = &[
    spec!(
        "config set",
        "name=who,type=CephString name=name,type=CephString \
        name=value,type=CephString name=force,type=CephBool,req=false",
        "set an option",
        "rw",
        set
    ),
    spec!(
        "config rm",
        "name=who,type=CephString name=name,type=CephString",
        "forget a setting",
        "rw",
        rm
    ),
    spec!(
        "config get",
        "name=who,type=CephString name=key,type=CephString,req=false",
        "show an entity's settings",
        "r",
        get
    ),
    spec!("config dump", "", "show all settings", "r", dump),
    spec!("config ls", "", "list options", "r", ls),
    spec!("config-key get", "name=key,type=CephString", "show a key's value", "r", key_get),
    spec!(
        "config-key set",
        "name=key,type=CephString name=val,type=CephString,req=false",
        "keep a value",
        "rw",
        key_set
    ),
    spec!(
        "config-key put",
        "name=key,type=CephString name=val,type=CephString,req=false",
        "keep a value",
        "rw",
        key_set
    ),
    spec!("config-key rm", "name=key,type=CephString", "forget a value", "rw", key_rm),
    spec!("config-key del", "name=key,type=CephString", "forget a value", "rw", key_rm),
    spec!(
        "config-key exists",
        "name=key,type=CephString",
        "tell whether there is a value",
        "r",
        key_exists
    ),
    spec!("config-key ls", "", "list keys", "r", key_ls),
    spec!("config-key list", "", "list keys", "r", key_ls),
    spec!(
        "config-key dump",
        "name=key,type=CephString,req=false",
        "show keys and values",
        "r",
        key_dump
    ),
];

/// Who a setting is for, its name and its value.
struct Setting {
    who: String,
    name: String,
    value: String,
}

fn settings(db: &Connection) -> Result<Vec<Setting>> {
    let mut query = db.prepare_cached("SELECT who, name, value FROM setting ORDER BY who, name")?;
    let rows = query.query_map([], |row| {
        Ok(Setting { who: row.get(0)?, name: row.get(1)?, value: row.get(2)? })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// How closely a setting is meant for an entity; `None`: not at all.
fn closeness(who: &str, name: &EntityName) -> Option<u8> {
    match who {
        "global" => Some(0),
        who if who == name.kind() => Some(1),
        who if who == name.as_str() => Some(2),
        _ => None,
    }
}

/// The settings that count for an entity, the closest of each option.
pub fn settings_for(db: &Connection, name: &EntityName) -> Result<Vec<(String, String)>> {
    Ok(closest(db, name)?.into_iter().map(|found| (found.name, found.value)).collect())
}

fn closest(db: &Connection, name: &EntityName) -> Result<Vec<Setting>> {
    let mut all = settings(db)?;
    all.retain(|setting| closeness(&setting.who, name).is_some());
    all.sort_by(|a, b| {
        a.name.cmp(&b.name).then(closeness(&b.who, name).cmp(&closeness(&a.who, name)))
    });
    all.dedup_by(|later, first| later.name == first.name);
    Ok(all)
}

fn set(request: &Request<'_>) -> Outcome {
    let (who, value) = (request.needed("who")?, request.text("value"));
    let name = request.needed("name")?.replace([' ', '-'], "_");
    let unknown = || Errno::EINVAL.because(format!("unrecognized config option '{name}'"));
    let option = conf::options::find(&name).ok_or_else(unknown)?;
    if let Err(error) = conf::Value::parse(&option, &value) {
        let why = error.what().unwrap_or_default().to_owned();
        return Err(Errno::EINVAL.because(format!("error parsing value: {why}")));
    }
    request.session.store.db().write(|tx| {
        let insert = "INSERT OR REPLACE INTO setting (who, name, value) VALUES (?1, ?2, ?3)";
        Ok(tx.execute(insert, (&who, &name, &value))?)
    })?;
    Ok(Answer::default())
}

fn rm(request: &Request<'_>) -> Outcome {
    let (who, name) = (request.needed("who")?, request.needed("name")?.replace([' ', '-'], "_"));
    request.session.store.db().write(|tx| {
        Ok(tx.execute("DELETE FROM setting WHERE who = ?1 AND name = ?2", (&who, &name))?)
    })?;
    Ok(Answer::default())
}

fn table(settings: &[Setting], indent: &str) -> String {
    let mut table = Table::new(&["<WHO", "<MASK", "<LEVEL", "<OPTION", "<VALUE", "<RO"]);
    for setting in settings {
        let who = match &*setting.who {
            "global" => "global".to_owned(),
            who => format!("{indent}{who}"),
        };
        let (name, value) = (setting.name.clone(), setting.value.clone());
        table.row([who, String::new(), "advanced".into(), name, value, String::new()]);
    }
    table.spell()
}

fn get(request: &Request<'_>) -> Outcome {
    let who = request.needed("who")?;
    let entity = EntityName::parse(&who).unwrap_or_else(|| EntityName::client(""));
    let db = request.session.store.db();
    let mut found = db.read(|db| closest(db, &entity))?;
    if EntityName::parse(&who).is_none() {
        // A section, such as `client`.
        found = db.read(settings)?;
        found.retain(|setting| setting.who == "global" || setting.who == who);
    }
    if request.has("key") {
        let key = request.text("key").replace([' ', '-'], "_");
        let unknown = || Errno::ENOENT.because(format!("unrecognized key '{key}'"));
        let option = conf::options::find(&key).ok_or_else(unknown)?;
        let value = found.into_iter().find(|setting| setting.name == key).map(|s| s.value);
        let value = value.unwrap_or_else(|| option.default.to_owned());
        return Ok(Answer::plain(format!("{value}\n")));
    }
    let fields = || {
        let field = |s: &Setting| {
            let value = json!({
                "value": s.value, "section": s.who, "mask": {}, "can_update_at_runtime": true,
            });
            (s.name.clone(), value)
        };
        Value::Object(found.iter().map(field).collect())
    };
    Ok(Answer::either(request, fields, || table(&found, "")))
}

fn dump(request: &Request<'_>) -> Outcome {
    let all = request.session.store.db().read(settings)?;
    let entry = |s: &Setting| {
        json!({
            "section": s.who, "name": s.name, "value": s.value, "level": "advanced",
            "can_update_at_runtime": true, "mask": "",
        })
    };
    let entries = || Value::Array(all.iter().map(entry).collect());
    Ok(Answer::either(request, entries, || table(&all, "  ")))
}

fn ls(request: &Request<'_>) -> Outcome {
    let names = || conf::options::all().map(|option| option.name);
    let list = || Value::Array(names().map(Value::from).collect());
    Ok(Answer::either(request, list, || names().map(|name| format!("{name}\n")).collect()))
}

fn value_of(request: &Request<'_>, key: &str) -> Result<Option<Vec<u8>>> {
    request.session.store.db().read(|db| {
        let query = "SELECT value FROM config_key WHERE key = ?1";
        Ok(db.query_row(query, [key], |row| row.get(0)).optional()?)
    })
}

fn keys(request: &Request<'_>, prefix: &str) -> Result<Vec<(String, Vec<u8>)>> {
    request.session.store.db().read(|db| {
        let mut query = db.prepare_cached("SELECT key, value FROM config_key ORDER BY key")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut all: Vec<(String, Vec<u8>)> = rows.collect::<std::result::Result<_, _>>()?;
        all.retain(|(key, _)| key.starts_with(prefix));
        Ok(all)
    })
}

fn key_get(request: &Request<'_>) -> Outcome {
    match value_of(request, &request.needed("key")?)? {
        Some(out) => Ok(Answer { out, ..Answer::default() }),
        None => Err(Errno::ENOENT.because("")),
    }
}

fn key_set(request: &Request<'_>) -> Outcome {
    let key = request.needed("key")?;
    let value = match request.has("val") {
        true => request.text("val").into_bytes(),
        false => request.input.to_vec(),
    };
    request.session.store.db().write(|tx| {
        let insert = "INSERT OR REPLACE INTO config_key (key, value) VALUES (?1, ?2)";
        Ok(tx.execute(insert, (&key, value))?)
    })?;
    Ok(Answer::said(format!("set {key}")))
}

fn key_rm(request: &Request<'_>) -> Outcome {
    let key = request.needed("key")?;
    let delete = "DELETE FROM config_key WHERE key = ?1";
    request.session.store.db().write(|tx| Ok(tx.execute(delete, [&key])?))?;
    Ok(Answer::said("key deleted"))
}

fn key_exists(request: &Request<'_>) -> Outcome {
    let key = request.needed("key")?;
    match value_of(request, &key)? {
        Some(_) => Ok(Answer::said(format!("key '{key}' exists"))),
        None => Err(Errno::ENOENT.because(format!("key '{key}' doesn't exist"))),
    }
}

fn key_ls(request: &Request<'_>) -> Outcome {
    let names = keys(request, "")?.into_iter().map(|(key, _)| Value::from(key));
    Ok(Answer::json(request, &Value::Array(names.collect())))
}

fn key_dump(request: &Request<'_>) -> Outcome {
    let spelled = |value: Vec<u8>| match String::from_utf8(value) {
        Ok(text) => text,
        Err(bad) => format!("<<< binary blob of length {} >>>", bad.as_bytes().len()),
    };
    let all = keys(request, &request.text("key"))?;
    let fields = all.into_iter().map(|(key, value)| (key, Value::from(spelled(value))));
    Ok(Answer::json(request, &Value::Object(fields.collect())))
}
