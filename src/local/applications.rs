//! Applications of pools: what a pool is for, and notes about it.

use std::collections::BTreeMap;

use rusqlite::Transaction;

use super::pools::{self, APPLICATION_LEN_MAX, APPLICATIONS_MAX};
use crate::errno::{Errno, Result};
use crate::model::PoolId;

/// Enables an application; `-EPERM` unless `force` when the pool has another already. The errors'
/// texts are what a monitor says.
pub fn enable(tx: &Transaction<'_>, pool: PoolId, application: &str, force: bool) -> Result<()> {
    let info = pools::by_id(tx, pool)?.info;
    let mut applications = info.applications;
    if application.is_empty() {
        return Err(Errno::EINVAL.because("application name must be provided"));
    }
    if application.len() > APPLICATION_LEN_MAX {
        let max = APPLICATION_LEN_MAX;
        let text = format!("application name '{application}' too long; max length {max}");
        return Err(Errno::EINVAL.because(text));
    }
    if applications.contains_key(application) {
        return Ok(());
    }
    if !applications.is_empty() && !force {
        let text = format!(
            "Are you SURE? Pool '{}' already has an enabled application; pass \
             --yes-i-really-mean-it to proceed anyway",
            info.name
        );
        return Err(Errno::EPERM.because(text));
    }
    if applications.len() >= APPLICATIONS_MAX {
        let (name, max) = (info.name, APPLICATIONS_MAX);
        let text = format!("too many enabled applications on pool '{name}'; max {max}");
        return Err(Errno::EINVAL.because(text));
    }
    applications.insert(application.to_owned(), BTreeMap::new());
    pools::set_applications(tx, pool, &applications)
}

/// Disables an application and forgets its notes. Returns whether it was enabled.
pub fn disable(tx: &Transaction<'_>, pool: PoolId, application: &str) -> Result<bool> {
    let mut applications = pools::by_id(tx, pool)?.info.applications;
    if applications.remove(application).is_none() {
        return Ok(false);
    }
    pools::set_applications(tx, pool, &applications)?;
    Ok(true)
}

/// Sets a note; `-ENOENT` without the application, `-EINVAL` for what is too long.
pub fn set(
    tx: &Transaction<'_>,
    pool: PoolId,
    application: &str,
    key: &str,
    value: &str,
) -> Result<()> {
    let info = pools::by_id(tx, pool)?.info;
    let mut applications = info.applications;
    let notes = applications.get_mut(application);
    let notes = notes.ok_or_else(|| missing(application, &info.name))?;
    if key.is_empty() {
        return Err(Errno::EINVAL.because("key must be provided"));
    }
    let max = APPLICATION_LEN_MAX;
    if key.len() > max {
        // The monitor names the application where it means the key.
        let text = format!("key '{application}' too long; max length {max}");
        return Err(Errno::EINVAL.because(text));
    }
    if value.len() > max {
        let text = format!("value '{value}' too long; max length {max}");
        return Err(Errno::EINVAL.because(text));
    }
    notes.insert(key.to_owned(), value.to_owned());
    pools::set_applications(tx, pool, &applications)
}

/// Removes a note; `-ENOENT` without the application. Returns whether there was one.
pub fn remove(tx: &Transaction<'_>, pool: PoolId, application: &str, key: &str) -> Result<bool> {
    let info = pools::by_id(tx, pool)?.info;
    let mut applications = info.applications;
    let notes = applications.get_mut(application);
    let notes = notes.ok_or_else(|| missing(application, &info.name))?;
    if notes.remove(key).is_none() {
        return Ok(false);
    }
    pools::set_applications(tx, pool, &applications)?;
    Ok(true)
}

fn missing(application: &str, pool: &str) -> crate::errno::Error {
    Errno::ENOENT.because(format!("application '{application}' is not enabled on pool '{pool}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::store::Store;

    #[test]
    fn limits_are_a_monitors() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let run = |tx: &Transaction<'_>| -> Result<()> {
            let pool = pools::create(tx, "p", 8)?;
            let errno = |result: Result<()>| result.err().map(|error| error.errno());
            assert_eq!(errno(set(tx, pool, "rbd", "k", "v")), Some(Errno::ENOENT));
            enable(tx, pool, "rbd", false)?;
            enable(tx, pool, "rbd", false)?;
            assert_eq!(errno(enable(tx, pool, "b", false)), Some(Errno::EPERM));
            assert_eq!(errno(enable(tx, pool, "", true)), Some(Errno::EINVAL));
            assert_eq!(errno(enable(tx, pool, &"x".repeat(129), true)), Some(Errno::EINVAL));
            for name in ["b", "c", "d"] {
                enable(tx, pool, name, true)?;
            }
            assert_eq!(errno(enable(tx, pool, "e", true)), Some(Errno::EINVAL));
            set(tx, pool, "rbd", "k", "v")?;
            assert_eq!(errno(set(tx, pool, "rbd", &"k".repeat(129), "v")), Some(Errno::EINVAL));
            assert_eq!(pools::by_id(tx, pool)?.info.applications["rbd"]["k"], "v");
            assert!(remove(tx, pool, "rbd", "k")? && !remove(tx, pool, "rbd", "k")?);
            assert!(disable(tx, pool, "b")? && !disable(tx, pool, "b")?);
            Ok(())
        };
        store.db().write(run).unwrap();
    }
}
