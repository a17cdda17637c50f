//! Keys of entities. A store is as open as its directory's permissions say: nobody checks a key,
//! and there is one for `client.admin` only because programs ask for it.

use serde_json::{Value, json};

use super::request::{Answer, Outcome, Request, Spec};
use crate::conf::EntityName;
use crate::errno::{Errno, Result};

/// Who has a key.
const ADMIN: &str = "client.admin";
const CAPS: [(&str, &str); 4] =
    [("mds", "allow *"), ("mgr", "allow *"), ("mon", "allow *"), ("osd", "allow *")];

pub(super) const COMMANDS: &[Spec] = &[
    Spec { prefix: "auth ls", args: "", help: "list keys", perm: "r", mgr: false, run: list },
    Spec { prefix: "auth list", args: "", help: "list keys", perm: "r", mgr: false, run: list },
    Spec {
        prefix: "auth get",
        args: "name=entity,type=CephString",
        help: "show an entity's keyring",
        perm: "r",
        mgr: false,
        run: get,
    },
    Spec {
        prefix: "auth export",
        args: "name=entity,type=CephString,req=false",
        help: "show keyrings",
        perm: "r",
        mgr: false,
        run: export,
    },
    Spec {
        prefix: "auth get-key",
        args: "name=entity,type=CephString",
        help: "show an entity's key",
        perm: "r",
        mgr: false,
        run: get_key,
    },
    Spec {
        prefix: "auth print-key",
        args: "name=entity,type=CephString",
        help: "show an entity's key",
        perm: "r",
        mgr: false,
        run: get_key,
    },
];

/// A key in the form of keyrings: type 1, time 0, 16 bytes, which are the store's id. It protects
/// nothing.
fn key(request: &Request<'_>) -> String {
    let mut key = vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0];
    key.extend_from_slice(request.session.store.fsid().as_bytes());
    base64(&key)
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let letter = ALPHABET[(word >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

fn entry(request: &Request<'_>) -> Value {
    let caps: serde_json::Map<_, _> =
        CAPS.iter().map(|(who, what)| ((*who).to_owned(), json!(what))).collect();
    json!({ "entity": ADMIN, "key": key(request), "caps": caps })
}

fn keyring(request: &Request<'_>) -> String {
    let caps: String =
        CAPS.iter().map(|(who, what)| format!("\tcaps {who} = \"{what}\"\n")).collect();
    format!("[{ADMIN}]\n\tkey = {}\n{caps}", key(request))
}

fn list(request: &Request<'_>) -> Outcome {
    let lines = || {
        let caps: String =
            CAPS.iter().map(|(who, what)| format!("\tcaps: [{who}] {what}\n")).collect();
        format!("{ADMIN}\n\tkey: {}\n{caps}\n", key(request))
    };
    let value = || json!({ "auth_dump": [entry(request)] });
    Ok(Answer::either(request, value, lines).with_status("installed auth entries:\n"))
}

/// The entity a command asks for; `-EINVAL` if it is not one.
fn entity(request: &Request<'_>) -> Result<String> {
    let entity = request.text("entity");
    match EntityName::parse(&entity) {
        Some(_) => Ok(entity),
        None => Err(Errno::EINVAL.because(format!("invalid entity_auth {entity}"))),
    }
}

fn get(request: &Request<'_>) -> Outcome {
    let entity = entity(request)?;
    if entity != ADMIN {
        return Err(Errno::ENOENT.because(format!("failed to find {entity} in keyring")));
    }
    let answer = Answer::either(request, || json!([entry(request)]), || keyring(request));
    Ok(answer.with_status(format!("exported keyring for {entity}")))
}

fn export(request: &Request<'_>) -> Outcome {
    if request.has("entity") {
        return get(request);
    }
    let answer = Answer::either(request, || json!([entry(request)]), || keyring(request));
    Ok(answer.with_status("exported master keyring"))
}

fn get_key(request: &Request<'_>) -> Outcome {
    let entity = entity(request)?;
    if entity != ADMIN {
        return Err(Errno::ENOENT.because(format!("don't have {entity}")));
    }
    Ok(Answer::either(request, || json!({ "key": key(request) }), || key(request)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_usual_one() {
        let samples =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (plain, coded) in samples {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
