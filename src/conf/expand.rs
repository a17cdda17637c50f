//! Metavariables in values: `$cluster`, `${name}`, `$other_option`.

use super::name::EntityName;
use super::options;
use super::value::Value;

/// What a value is expanded against.
pub(super) trait Scope {
    fn cluster(&self) -> &str;
    fn name(&self) -> &EntityName;
    /// The host name set as option `host`, or empty.
    fn host(&self) -> String;
    /// A number of this configuration, for `$cctid`.
    fn id(&self) -> usize;
    /// An option's value before expansion.
    fn raw(&self, option: &options::Opt) -> Value;
}

/// Options may name options that name options: an evil file could make that exponential.
const MAX_STEPS: u32 = 4096;
const MAX_LEN: usize = 1 << 20;

pub(super) struct Expander<'a, S: Scope> {
    scope: &'a S,
    /// The options being expanded. An option met again while it is here is a loop. As in the
    /// original, an option left through a loop stays here.
    open: Vec<&'static str>,
    steps: u32,
}

impl<'a, S: Scope> Expander<'a, S> {
    pub(super) fn new(scope: &'a S) -> Expander<'a, S> {
        Expander { scope, open: Vec::new(), steps: 0 }
    }

    /// An option's value as text, expanded when it is text.
    pub(super) fn option(&mut self, option: &options::Opt) -> String {
        match self.scope.raw(option) {
            Value::Text(text) => self.text(&text, Some(option.name)),
            value => value.to_string(),
        }
    }

    /// A text that is no option's value, or that of `option`.
    pub(super) fn text(&mut self, text: &str, option: Option<&'static str>) -> String {
        if !text.contains('$') {
            return text.to_owned();
        }
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return text.to_owned();
        }
        self.open.extend(option);
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let (name, after) = variable(&rest[at..]);
            if name.is_empty() {
                out.push('$');
            } else if name == "home" {
                // The original forgets what stood before it; so a path has to start with it.
                out = std::env::var("HOME").unwrap_or_default();
            } else if let Some(value) = self.special(name) {
                out.push_str(&value);
            } else if let Some(option) = options::find(name) {
                if self.open.contains(&option.name) {
                    return format!("${name}");
                }
                out.push_str(&self.option(&option));
            } else {
                out.push_str(&rest[at..rest.len() - after.len()]);
            }
            rest = after;
            if out.len() > MAX_LEN {
                break;
            }
        }
        out.push_str(rest);
        if option.is_some() {
            self.open.pop();
        }
        out
    }

    fn special(&self, name: &str) -> Option<String> {
        let scope = self.scope;
        Some(match name {
            "cluster" => scope.cluster().to_owned(),
            "name" => scope.name().to_string(),
            "type" => scope.name().kind().to_owned(),
            "id" | "num" => scope.name().id().to_owned(),
            "host" => match scope.host() {
                host if host.is_empty() => short_hostname(),
                host => host,
            },
            "pid" => std::env::var("PID").unwrap_or_else(|_| std::process::id().to_string()),
            "cctid" => scope.id().to_string(),
            _ => return None,
        })
    }
}

/// The name after the `$` that `text` starts with, and what follows. The name is empty for a `$`
/// that starts none; of a `${` that is not closed, what was passed over is lost, as in the
/// original.
fn variable(text: &str) -> (&str, &str) {
    let end_of_name = |from: usize| {
        let name = |b: u8| b.is_ascii_lowercase() || b == b'_';
        text.bytes().skip(from).position(|b| !name(b)).map_or(text.len(), |at| from + at)
    };
    if text.as_bytes().get(1) == Some(&b'{') {
        let end = end_of_name(2);
        if text.as_bytes().get(end) == Some(&b'}') {
            return (&text[2..end], &text[end + 1..]);
        }
        return ("", &text[end..]);
    }
    let end = end_of_name(1);
    (&text[1..end], &text[end..])
}

/// This machine's name up to its first dot.
fn short_hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().split('.').next().unwrap_or_default().to_owned()
}
