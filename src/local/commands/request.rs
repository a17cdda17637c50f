//! A command's arguments and its answer.

use serde_json::{Map, Value, json};

use super::Session;
use crate::errno::{Errno, Result};
use crate::local::pools::{self, Pool};

/// What a command answers, or the error and the status sentence.
pub(super) type Outcome = Result<Answer>;

/// A command: what it is called and what does it.
pub(super) struct Spec {
    /// Its words.
    pub(super) prefix: &'static str,
    /// Its arguments as `name=pool,type=CephPoolname name=...`, the fields the `ceph` program
    /// reads.
    pub(super) args: &'static str,
    /// What it does.
    pub(super) help: &'static str,
    /// `r` or `rw`.
    pub(super) perm: &'static str,
    /// Whether a manager takes it; a monitor takes all.
    pub(super) mgr: bool,
    /// Does it.
    pub(super) run: fn(&Request<'_>) -> Outcome,
}

/// A running command.
pub(super) struct Request<'a> {
    pub(super) session: Session<'a>,
    args: Map<String, Value>,
    pub(super) input: &'a [u8],
}

/// The output and the status sentence of a command that succeeded.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) out: Vec<u8>,
    pub(super) status: String,
    /// Something was removed whose content is to be cleared away before the reply.
    pub(super) is_removal: bool,
}

impl Spec {
    pub(super) fn describe(&self) -> Value {
        let mut sig: Vec<Value> = self.prefix.split(' ').map(Value::from).collect();
        for arg in self.args.split_whitespace() {
            let fields = arg.split(',').filter_map(|field| field.split_once('='));
            let named = |(key, value): (&str, &str)| {
                let value = if key == "req" { json!(value == "true") } else { json!(value) };
                (key.to_owned(), value)
            };
            sig.push(Value::Object(fields.map(named).collect()));
        }
        let module = if self.mgr { "mgr" } else { "mon" };
        json!({ "sig": sig, "help": self.help, "module": module, "perm": self.perm, "flags": 0 })
    }
}

impl<'a> Request<'a> {
    pub(super) fn new(session: Session<'a>, args: Map<String, Value>, input: &'a [u8]) -> Self {
        Request { session, args, input }
    }

    /// An argument as text, empty if it is not there. Numbers and truth values are spelled out.
    pub(super) fn text(&self, name: &str) -> String {
        match self.args.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(truth)) => truth.to_string(),
            _ => String::new(),
        }
    }

    /// Whether an argument is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.args.contains_key(name)
    }

    /// An argument that must be there and not empty.
    pub(super) fn needed(&self, name: &str) -> Result<String> {
        let text = self.text(name);
        if text.is_empty() { Err(Errno::EINVAL.because("(22) Invalid argument")) } else { Ok(text) }
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>> {
        match self.args.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) if number.is_i64() => Ok(number.as_i64()),
            Some(_) => Err(Errno::EINVAL.because(format!("bad or missing field '{name}'"))),
        }
    }

    /// A floating-point number.
    pub(super) fn float(&self, name: &str) -> Result<Option<f64>> {
        match self.args.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(_) => Err(Errno::EINVAL.because(format!("bad or missing field '{name}'"))),
        }
    }

    /// A list of texts.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>> {
        let bad = || Errno::EINVAL.because(format!("bad or missing field '{name}'"));
        let Some(Value::Array(items)) = self.args.get(name) else { return Err(bad()) };
        items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(bad)).collect()
    }

    /// A confirmation such as `yes_i_really_mean_it`.
    pub(super) fn is_set(&self, name: &str) -> bool {
        matches!(self.args.get(name), Some(Value::Bool(true)))
    }

    /// Whether JSON was asked for.
    pub(super) fn wants_json(&self) -> bool {
        matches!(self.text("format").as_str(), "json" | "json-pretty")
    }

    fn is_pretty(&self) -> bool {
        self.text("format") != "json"
    }

    /// The pool an argument names; `-ENOENT` with the monitor's words.
    pub(super) fn pool(&self, argument: &str) -> Result<Pool> {
        let name = self.text(argument);
        let found = self.session.store.db().read(|db| {
            let id = pools::by_name(db, &name)?;
            pools::by_id(db, id)
        });
        found.map_err(|error| match error.errno() {
            Errno::ENOENT => Errno::ENOENT.because(format!("unrecognized pool '{name}'")),
            _ => error,
        })
    }
}

impl Answer {
    /// Nothing but a sentence.
    pub(super) fn said(status: impl Into<String>) -> Answer {
        Answer { status: status.into(), ..Answer::default() }
    }

    /// Nothing but a sentence about a removal.
    pub(super) fn removed(status: impl Into<String>) -> Answer {
        Answer { is_removal: true, ..Answer::said(status) }
    }

    /// Plain text.
    pub(super) fn plain(text: impl Into<String>) -> Answer {
        Answer { out: text.into().into_bytes(), ..Answer::default() }
    }

    /// JSON, with line breaks unless `json` was asked for.
    pub(super) fn json(request: &Request<'_>, value: &Value) -> Answer {
        Answer::plain(spell(value, request.is_pretty()))
    }

    /// JSON if it was asked for, or else text.
    pub(super) fn either(
        request: &Request<'_>,
        value: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
    ) -> Answer {
        if request.wants_json() { Answer::json(request, &value()) } else { Answer::plain(text()) }
    }

    /// The same with a status sentence.
    pub(super) fn with_status(self, status: impl Into<String>) -> Answer {
        Answer { status: status.into(), ..self }
    }
}

fn spell(value: &Value, pretty: bool) -> String {
    if !pretty {
        return format!("{value}\n");
    }
    // Monitors indent by four; a string has no line breaks of its own in JSON.
    let mut text = String::new();
    for line in format!("{value:#}").lines() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        text.push_str(&" ".repeat(indent));
        text.push_str(line);
        text.push('\n');
    }
    text
}
