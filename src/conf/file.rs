//! The grammar of ceph.conf.
//!
//! ```text
//! # comment            ; comment
//! [global]
//! mon host = a, b      a key's white space is an underscore; the value is trimmed
//! log file = x\#y      a backslash takes the next character as it is
//! keyring = "a b"      quotes around a whole value; nothing may follow them but a comment
//! key = a \
//!       b              a backslash at the end of a line joins the next
//! ```
//!
//! What the original accepts follows from how its parser skips: before each *token* a comment or a
//! joined line is passed over, and outside quotes every character is a token. So the functions here
//! that start with [`Parser::skip`] are tokens, and must. Measured by comparing thousands of
//! generated files with 16.2.15 (`ctests/conf/`). There is no `include`. One thing is kinder here:
//! 16.2.15 aborts the process at a character beyond ASCII, which here is text.

use std::collections::BTreeMap;
use std::ops::Range;

use super::options::normalize;

/// The largest file read; the original's limit is a gigabyte, which no configuration needs.
pub(super) const MAX_LEN: u64 = 64 << 20;

/// A parsed file: keys and values, spelled as the option table does, of each section. Keyrings have
/// the same grammar.
#[derive(Debug, Default, PartialEq)]
pub struct ConfFile {
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

impl ConfFile {
    /// Reads a whole file.
    ///
    /// # Errors
    /// What was expected, in which line.
    pub fn parse(bytes: &[u8]) -> Result<ConfFile, String> {
        if let Err(error) = std::str::from_utf8(bytes) {
            let line = line_of(bytes, error.valid_up_to());
            return Err(format!("invalid UTF-8 in line {line}"));
        }
        let mut parser = Parser { bytes, at: 0, only_blanks: 0..0, file: ConfFile::default() };
        match parser.file() {
            Ok(()) => Ok(parser.file),
            Err(expected) => {
                Err(format!("expected {expected} in line {}", line_of(bytes, parser.at)))
            }
        }
    }

    /// The sections by name, and the keys and values of each by key.
    pub fn sections(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, String>)> {
        self.sections.iter().map(|(name, section)| (name.as_str(), section))
    }

    /// The keys a client of these sections sees; the first section that has a key decides.
    pub(super) fn visible(&self, sections: &[&str]) -> BTreeMap<&str, &str> {
        let mut visible = BTreeMap::new();
        for section in sections.iter().rev().filter_map(|name| self.sections.get(*name)) {
            visible.extend(section.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        }
        visible
    }

    fn insert(&mut self, section: &str, key: String, value: String) {
        self.sections.entry(section.to_owned()).or_default().insert(key, value);
    }
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    bytes[..at.min(bytes.len())].iter().filter(|&&b| b == b'\n').count() + 1
}

/// Past this point the file has to be right: what was expected.
type Must<T> = Result<T, &'static str>;

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Blanks known to have no comment behind them, so that a long run is not looked at once per
    /// blank.
    only_blanks: Range<usize>,
    file: ConfFile,
}

impl Parser<'_> {
    /// A single `key = value`, which counts as global, or any number of sections.
    fn file(&mut self) -> Must<()> {
        if let Some((key, value)) = self.key_value()? {
            self.file.insert("global", key, value);
        } else {
            self.ends_of_lines();
            while self.section()? {}
        }
        self.skip();
        if self.at == self.bytes.len() { Ok(()) } else { Err("a section or the end of the file") }
    }

    fn section(&mut self) -> Must<bool> {
        let Some(name) = self.heading()? else { return Ok(false) };
        self.file.sections.entry(name.clone()).or_default();
        loop {
            let start = self.at;
            if self.heading()?.is_some() {
                self.at = start;
                break;
            }
            let Some((key, value)) = self.key_value()? else { break };
            self.file.insert(&name, key, value);
        }
        self.ends_of_lines();
        Ok(true)
    }

    fn heading(&mut self) -> Must<Option<String>> {
        let start = self.at;
        self.skip();
        if !self.accept(b'[') {
            self.at = start;
            return Ok(None);
        }
        let mut name = Vec::new();
        loop {
            self.skip();
            if self.peek() == Some(b']') {
                break;
            }
            let Some(byte) = self.text_char() else { break };
            name.push(byte);
        }
        if name.is_empty() {
            return Err("a section's name");
        }
        self.skip();
        if !self.accept(b']') {
            return Err("']'");
        }
        self.empty_lines()?;
        Ok(Some(String::from_utf8_lossy(&name).into_owned()))
    }

    fn key_value(&mut self) -> Must<Option<(String, String)>> {
        let start = self.at;
        self.skip();
        self.blanks();
        let key = self.key();
        self.skip();
        self.blanks();
        self.skip();
        let (Some(key), true) = (key, self.peek() == Some(b'=')) else {
            self.at = start;
            return Ok(None);
        };
        self.at += 1;
        self.skip();
        self.blanks();
        let value = self.value()?;
        self.empty_lines()?;
        let value = String::from_utf8_lossy(&value);
        let space = |c: char| c.is_ascii_whitespace() || c == '\x0b';
        Ok(Some((key, value.trim_matches(space).to_owned())))
    }

    /// Words with blanks between them. Comments inside become part of the key, and so does a
    /// backslash, which makes the key one that no option has.
    fn key(&mut self) -> Option<String> {
        self.skip();
        let start = self.at;
        if !self.word() {
            self.at = start;
            return None;
        }
        loop {
            let end = self.at;
            let mut blanks = 0;
            loop {
                let before = self.at;
                self.skip();
                if !self.accept(b' ') && !self.accept(b'\t') {
                    self.at = before;
                    break;
                }
                blanks += 1;
            }
            if blanks == 0 || !self.word() {
                self.at = end;
                break;
            }
        }
        Some(normalize(&String::from_utf8_lossy(&self.bytes[start..self.at])))
    }

    fn word(&mut self) -> bool {
        let start = self.at;
        loop {
            let before = self.at;
            self.skip();
            if matches!(self.peek(), Some(b'=' | b'[' | b' ')) || self.text_char().is_none() {
                self.at = before;
                return self.at > start;
            }
        }
    }

    fn value(&mut self) -> Must<Vec<u8>> {
        self.skip();
        let mut value = Vec::new();
        if let Some(quote @ (b'"' | b'\'')) = self.peek() {
            self.at += 1;
            while self.peek() != Some(quote) {
                value.push(self.text_char().ok_or("a closing quote")?);
            }
            self.at += 1;
            return Ok(value);
        }
        loop {
            let before = self.at;
            self.skip();
            let Some(byte) = self.text_char() else {
                self.at = before;
                return Ok(value);
            };
            value.push(byte);
        }
    }

    /// The end of this line, then lines with nothing but blanks and comments.
    fn empty_lines(&mut self) -> Must<()> {
        let mut found = false;
        loop {
            let before = self.at;
            self.skip();
            self.blanks();
            if !self.end_of_line() {
                self.at = before;
                return if found { Ok(()) } else { Err("the end of the line") };
            }
            found = true;
        }
    }

    fn ends_of_lines(&mut self) {
        loop {
            let before = self.at;
            self.skip();
            if !self.end_of_line() {
                self.at = before;
                return;
            }
        }
    }

    /// Passes over comments, with the blanks before them, and joined lines.
    fn skip(&mut self) {
        loop {
            let start = self.at;
            if self.accept(b'\\') {
                if self.end_of_line() {
                    continue;
                }
                self.at = start;
                return;
            }
            if self.only_blanks.contains(&self.at) {
                return;
            }
            self.blanks();
            if !matches!(self.peek(), Some(b'#' | b';')) {
                self.only_blanks = start..self.at;
                self.at = start;
                return;
            }
            while !matches!(self.peek(), None | Some(b'\r' | b'\n')) {
                self.at += 1;
            }
        }
    }

    fn blanks(&mut self) {
        while self.accept(b' ') || self.accept(b'\t') {}
    }

    fn text_char(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        let next = self.bytes.get(self.at + 1);
        if byte == b'\\' && !matches!(next, None | Some(b'\r' | b'\n')) {
            self.at += 2;
            return next.copied();
        }
        if matches!(byte, b'#' | b';' | b'\r' | b'\n') {
            return None;
        }
        self.at += 1;
        Some(byte)
    }

    fn end_of_line(&mut self) -> bool {
        let carriage_return = self.accept(b'\r');
        let line_feed = self.accept(b'\n');
        carriage_return || line_feed
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, key: &str) -> Option<String> {
        let file = ConfFile::parse(text.as_bytes()).ok()?;
        file.visible(&["client.admin", "client", "global"]).get(key).map(|v| (*v).to_owned())
    }

    fn global(line: &str) -> Option<String> {
        value(&format!("[global]\n{line}\n"), "mon_host")
    }

    // Each of these was answered so by 16.2.15.
    #[test]
    fn values_are_read_as_the_original_reads_them() {
        let is =
            |line, expected: &str| assert_eq!(global(line).as_deref(), Some(expected), "{line}");
        is("mon host = a b # c", "a b");
        is("mon_host = a\\#b", "a#b");
        is("mon_host = a\\nb\\\\c", "anb\\c");
        is("mon_host = a \\\n b", "a  b");
        is("mon_host =", "");
        is("mon_host = \"a\\\"b\"", "a\"b");
        is("mon_host = [v2:1.2.3.4:3300,v1:1.2.3.4:6789] # x", "[v2:1.2.3.4:3300,v1:1.2.3.4:6789]");
        is("mon  host\t=z", "z");
        is("mon_host=z\r", "z");
        is("mon_host=z\n   \n\t\nlog_file=y", "z");
    }

    #[test]
    fn bad_syntax_is_refused_as_the_original_refuses_it() {
        let bad = |text: &str| assert!(ConfFile::parse(text.as_bytes()).is_err(), "{text:?}");
        bad("[global]\nmon_host = a");
        bad("[global]\nmon_host = \"a # b\"\n");
        bad("[global]\nmon_host = \"a\" b\n");
        bad("[global]\nmon_host\n");
        bad("[global]\n= x\n");
        bad("mon_host = a\n[global]\nlog_file=x\n");
        bad("[global\nmon_host=z\n");
        bad("[global] mon_host=z\n");
        bad("[global]\nmon_host=z\n   ");
        bad("[]\nmon_host=z\n");
        bad("[global]\nkey[x] = 1\n");
        bad("  \n[global]\n");
        assert!(ConfFile::parse(b"[global]\na=\xff\n").is_err());
        assert_eq!(
            ConfFile::parse(b"[global]\na=b\n\nmon_host\n").unwrap_err(),
            "expected a section or the end of the file in line 4"
        );
    }

    #[test]
    fn a_lone_setting_is_global_and_nothing_is_a_file() {
        assert_eq!(value("mon_host = a\n", "mon_host").as_deref(), Some("a"));
        assert!(ConfFile::parse(b"").is_ok());
        assert!(ConfFile::parse(b"# c").is_ok());
    }

    #[test]
    fn the_nearest_section_wins_and_the_last_line_in_it() {
        let text = "[client]\nmon_host=c\n[client.admin]\nmon_host=ca\n[global]\nmon_host=g\n";
        assert_eq!(value(text, "mon_host").as_deref(), Some("ca"));
        let text =
            "[global]\nmon_host=g\n[global]\nmon_host=h\nmon host=i\n[ client ]\nmon_host=x\n";
        assert_eq!(value(text, "mon_host").as_deref(), Some("i"));
    }

    #[test]
    fn long_runs_of_blanks_are_linear() {
        let mut text = b"[global]\nkey = a".to_vec();
        text.resize(4 << 20, b' ');
        text.push(b'\n');
        assert!(ConfFile::parse(&text).is_ok());
    }
}
