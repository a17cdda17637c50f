//! Errors: what failed, as the error number the C API will return, with a sentence for the log.
//!
//! RADOS itself speaks in Linux error numbers: an OSD's reply, an object class and a monitor
//! command all carry one. So [`Errno`] is the kind of every [`Error`] here, on all layers, and the
//! edge to C is one negation. May use: std. Must not use: anything of ours.

use std::borrow::Cow;
use std::fmt;

/// A Linux error number, positive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($name:ident = $text:literal),* $(,)?) => {
        impl Errno {
            $(#[doc = $text] pub const $name: Errno = Errno(libc::$name);)*
            /// The symbolic name, such as `ENOENT`, or `None` for a number not in our table.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                match self { $(Errno::$name => Some(stringify!($name)),)* _ => None }
            }
            /// What the number says, in words.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Errno::$name => $text,)* _ => "unknown error" }
            }
        }
    };
}

errnos! {
    EPERM = "operation not permitted", ENOENT = "not found", EINTR = "interrupted",
    EIO = "input/output error", ENXIO = "no such device or address",
    E2BIG = "argument list too long",
    EBADF = "bad handle", EAGAIN = "try again", ENOMEM = "out of memory",
    EACCES = "permission denied", EFAULT = "bad address", EBUSY = "busy", EEXIST = "already exists",
    EXDEV = "cross-pool link", ENODEV = "no such device", ENOTDIR = "not a directory",
    EISDIR = "is a directory", EINVAL = "invalid argument", EMFILE = "too many open files",
    EFBIG = "too large", ENOSPC = "no space left", EROFS = "read-only", EPIPE = "broken pipe",
    EDOM = "out of the function's domain", ERANGE = "result or buffer out of range",
    EDEADLK = "deadlock avoided", ENAMETOOLONG = "name too long", ENOSYS = "not implemented",
    ENOTEMPTY = "not empty", ELOOP = "too many links", ENODATA = "no data", ETIME = "timer expired",
    EPROTO = "protocol error", EBADMSG = "bad message", EOVERFLOW = "value too large",
    EILSEQ = "illegal byte sequence", ENOTSUP = "not supported", ENOTCONN = "not connected",
    ESHUTDOWN = "shut down: this client is blocklisted", ETIMEDOUT = "timed out",
    ECONNREFUSED = "connection refused", ECONNRESET = "connection reset",
    ECONNABORTED = "connection aborted", EALREADY = "already in progress",
    EINPROGRESS = "in progress", ESTALE = "stale", EDQUOT = "quota exceeded",
    ECANCELED = "cancelled", ENOTBLK = "not a block device", EISCONN = "already connected",
}

impl Errno {
    /// The number `-EOPNOTSUPP`, which Linux shares with `ENOTSUP`.
    pub const EOPNOTSUPP: Errno = Errno(libc::EOPNOTSUPP);

    /// The number as the C API returns it: negative.
    #[must_use]
    pub fn to_c(self) -> i32 {
        -self.0
    }

    /// From a negative return value; `None` for zero and positive ones.
    #[must_use]
    pub fn from_c(ret: i32) -> Option<Errno> {
        (ret < 0).then(|| Errno(ret.saturating_neg()))
    }

    /// An error of this kind with a sentence that says what was being done to what.
    pub fn because(self, what: impl Into<Cow<'static, str>>) -> Error {
        Error { errno: self, what: Some(Box::new(what.into())) }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "Errno({})", self.0),
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({self:?})", self.text())
    }
}

/// An error number and, where there is something to say, its cause in words.
///
/// Two words in size, so that a `Result` on the hot path costs nothing.
#[derive(Clone)]
pub struct Error {
    errno: Errno,
    what: Option<Box<Cow<'static, str>>>,
}

/// The result of anything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The kind of the error.
    #[must_use]
    pub fn errno(&self) -> Errno {
        self.errno
    }

    /// The number as the C API returns it: negative.
    #[must_use]
    pub fn to_c(&self) -> i32 {
        self.errno.to_c()
    }

    /// The sentence that says what was being done, if there is one.
    #[must_use]
    pub fn what(&self) -> Option<&str> {
        self.what.as_deref().map(|what| &**what)
    }

    /// The same error with a sentence in front of what it said before.
    #[must_use]
    pub fn context(self, doing: impl fmt::Display) -> Error {
        let text = match &self.what {
            Some(what) => format!("{doing}: {what}"),
            None => doing.to_string(),
        };
        self.errno.because(text)
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Error {
        Error { errno, what: None }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        use std::io::ErrorKind;
        let errno = error.raw_os_error().map(Errno).unwrap_or(match error.kind() {
            ErrorKind::NotFound => Errno::ENOENT,
            ErrorKind::TimedOut => Errno::ETIMEDOUT,
            ErrorKind::WriteZero => Errno::ENOSPC,
            _ => Errno::EIO,
        });
        errno.because(error.to_string())
    }
}

impl PartialEq<Errno> for Error {
    fn eq(&self, other: &Errno) -> bool {
        self.errno == *other
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Some(what) => write!(f, "{:?}: {what}", self.errno),
            None => write!(f, "{:?}", self.errno),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Some(what) => write!(f, "{what}: {}", self.errno),
            None => write!(f, "{}", self.errno),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_two_words_and_reads_well() {
        assert_eq!(size_of::<Error>(), 16);
        let error = Errno::ENOENT.because("object foo").context("rados_read");
        assert_eq!(error.to_string(), "rados_read: object foo: not found (ENOENT)");
        assert_eq!(error.to_c(), -2);
    }

    #[test]
    fn c_return_values_become_numbers_and_back() {
        assert_eq!(Errno::from_c(-17), Some(Errno::EEXIST));
        assert_eq!(Errno::from_c(0), None);
        assert_eq!(Errno::from_c(i32::MIN), Some(Errno(i32::MAX)));
    }
}
