//! Where a client finds its key: the options `key`, `keyfile` and `keyring`.
//!
//! Measured on 16.2.15: `keyring` is a list separated by `,` or `;` (blanks are part of a name), of
//! which the first file that exists is read; it must be right even if `key` or `keyfile` decide. A
//! `keyfile` that is not there hides a keyring that is.

use std::collections::BTreeMap;

use super::cephx::CryptoKey;
use crate::conf::{ConfFile, EntityName, Settings};
use crate::errno::{Errno, Error, Result};

/// Keys by name, as a keyring file has them.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    keys: BTreeMap<String, CryptoKey>,
}

/// Reads a whole file.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>>;

impl Keyring {
    /// The keys of a client with these settings.
    ///
    /// # Errors
    /// `ENOENT` when nothing is there, `EIO` for a keyring and `EINVAL` for an option that cannot
    /// be understood, and what reading a file failed with. None of them shows a key.
    pub fn find(settings: &impl Settings, name: &EntityName, read: ReadFile<'_>) -> Result<Self> {
        let of_file = Keyring::of_files(&settings.text("keyring"), read);
        let (key, path) = (settings.text("key"), settings.text("keyfile"));
        let text = match (key.is_empty(), path.is_empty()) {
            (false, _) => key,
            (true, false) => {
                let bytes = read(&path)
                    .map_err(|error| error.context(format!("option keyfile: {path}")))?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
            (true, true) => return of_file,
        };
        let option = if path.is_empty() { "key" } else { "keyfile" };
        let key = CryptoKey::from_base64(&text)
            .map_err(|error| error.context(format!("option {option}: not a key")))?;
        let mut keyring = of_file.unwrap_or_default();
        keyring.keys.insert(name.as_str().to_owned(), key);
        Ok(keyring)
    }

    /// From the text of a file, named `path` in errors.
    ///
    /// # Errors
    /// `EIO`.
    pub fn parse(path: &str, text: &[u8]) -> Result<Self> {
        let bad = |what: String| Errno::EIO.because(format!("keyring {path}: {what}"));
        let file = ConfFile::parse(text).map_err(bad)?;
        let mut keyring = Keyring::default();
        for (name, section) in file.sections().filter(|(name, _)| *name != "global") {
            if EntityName::parse(name).is_none() {
                return Err(bad(format!("[{name}] is not the name of a client or daemon")));
            }
            for (key, value) in section {
                match key.as_str() {
                    "key" => {
                        let key = CryptoKey::from_base64(value).map_err(|error: Error| {
                            bad(format!("key of {name}: {}", error.what().unwrap_or_default()))
                        })?;
                        keyring.keys.insert(name.to_owned(), key);
                    }
                    // What the key is good for is the monitors' to decide; owners are history.
                    "auid" => {}
                    caps if caps.len() > 5 && caps.starts_with("caps_") => {}
                    other => return Err(bad(format!("[{name}] has an unknown setting {other}"))),
                }
            }
        }
        Ok(keyring)
    }

    /// The key of one client or daemon.
    #[must_use]
    pub fn get(&self, name: &EntityName) -> Option<&CryptoKey> {
        self.keys.get(name.as_str())
    }

    fn of_files(list: &str, read: ReadFile<'_>) -> Result<Self> {
        for path in list.split([',', ';']).filter(|path| !path.is_empty()) {
            match read(path) {
                Err(error) if error == Errno::ENOENT => {}
                Err(error) => return Err(error.context(format!("option keyring: {path}"))),
                Ok(text) => return Keyring::parse(path, &text),
            }
        }
        Err(Errno::ENOENT.because(format!("unable to find a keyring on {list}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Config;

    const KEY: &str = "AQDFNHRg0jmsNBAAVS6PWbDs6zZ87hVqLG4V7Q==";
    const OTHER: &str = "AQASLXRg41YTKxAAUSfIRCPUgdCrzMHdPG2GTQ==";

    /// A directory in memory.
    fn file(path: &str) -> Result<Vec<u8>> {
        let text = match path {
            "/good" => {
                format!("[client.admin]\n\tkey = {KEY}\n\tcaps mon = \"allow *\"\n auid = 0\n")
            }
            "/other" => format!("[client.other]\nkey = {OTHER}\n"),
            "/global" => format!("[global]\nx = y\n[client.admin]\nkey = {KEY}\n"),
            "/keyfile" => format!("{KEY}\n"),
            "/garbage" => "[client.admin\nkey\n".into(),
            "/badkey" => "[client.admin]\nkey = AAAA\n".into(),
            "/badname" => format!("[foo]\nkey = {KEY}\n"),
            "/badmod" => format!("[client.admin]\nkey = {KEY}\nbla = 3\n"),
            "/nonl" => format!("[client.admin]\nkey = {KEY}"),
            "/empty" => String::new(),
            "/dir" => return Err(Errno::EISDIR.into()),
            _ => return Err(Errno::ENOENT.into()),
        };
        Ok(text.into_bytes())
    }

    fn find(options: &[(&str, &str)]) -> Result<bool> {
        let name = EntityName::client("admin");
        let config = Config::new("ceph", name.clone());
        for (option, value) in options {
            config.set(option, value).unwrap();
        }
        let keyring = Keyring::find(&config, &name, &file)?;
        let good = CryptoKey::from_base64(KEY).unwrap();
        let key = keyring.get(&name);
        Ok(key.is_some_and(|key| key.secret().expose() == good.secret().expose()))
    }

    #[test]
    fn a_key_is_found_where_16_2_15_finds_it() {
        let found = [
            vec![("keyring", "/good")],
            vec![("keyring", "/nope;/good")],
            vec![("keyring", "/nope,,/global")],
            vec![("keyring", "/other"), ("key", KEY)],
            vec![("keyring", "/nope"), ("key", KEY)],
            vec![("keyring", "/nope"), ("keyfile", "/keyfile")],
            vec![("keyring", "/garbage"), ("key", KEY), ("keyfile", "/nope")],
        ];
        for options in found {
            assert!(find(&options).unwrap(), "{options:?}");
        }
        for path in ["/other", "/empty"] {
            assert!(!find(&[("keyring", path)]).unwrap(), "{path}");
        }
    }

    #[test]
    fn what_is_wrong_fails_as_on_16_2_15() {
        let wrong = [
            (Errno::ENOENT, vec![("keyring", "/nope")]),
            (Errno::ENOENT, vec![("keyring", "/nope, /good")]),
            (Errno::ENOENT, vec![("keyring", "/nope /good")]),
            (Errno::ENOENT, vec![("keyring", "")]),
            (Errno::ENOENT, vec![("keyring", "/good"), ("keyfile", "/nope")]),
            (Errno::EINVAL, vec![("keyring", "/nope"), ("key", "zzz")]),
            (Errno::EISDIR, vec![("keyring", "/dir,/good")]),
            (Errno::EIO, vec![("keyring", "/garbage")]),
            (Errno::EIO, vec![("keyring", "/badkey")]),
            (Errno::EIO, vec![("keyring", "/badname")]),
            (Errno::EIO, vec![("keyring", "/badmod")]),
            (Errno::EIO, vec![("keyring", "/nonl")]),
        ];
        for (errno, options) in wrong {
            let error = find(&options).unwrap_err();
            assert_eq!(error, errno, "{options:?}");
            assert!(!error.to_string().contains(&KEY[..8]), "{error}");
        }
    }
}
