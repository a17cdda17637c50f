//! Numbers as the C library and Ceph's own helpers read them, which is what decides which values
//! an option accepts. All facts measured on 16.2.15.

/// Why a number was not read, in words for the log.
pub(super) type Why = String;

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// `strtoll(3)` in base ten over the whole text: leading white space and a sign are allowed,
/// anything behind the digits is not, and a number beyond 64 bits is an error.
pub(super) fn integer(text: &str) -> Result<i64, Why> {
    let start = text.bytes().position(|b| !is_space(b)).unwrap_or(text.len());
    let digits = &text[start..];
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("expected an integer, got '{text}'"));
    }
    digits.parse().map_err(|_| format!("'{text}' does not fit in 64 bits"))
}

/// An integer with a decimal suffix: K is 1000, and so on to E. A lone `B` is refused, as Ceph
/// does.
fn decimal(text: &str, minimum: i128, maximum: i128) -> Result<i128, Why> {
    if text.is_empty() {
        return Err("no value".into());
    }
    let mut digits = text;
    let mut factor: i128 = 1;
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'+' || b == b'-') {
        let exponent = match text.as_bytes()[text.len() - 1] {
            b'K' => 3,
            b'M' => 6,
            b'G' => 9,
            b'T' => 12,
            b'P' => 15,
            b'E' => 18,
            b'B' => 0,
            _ => return Err(format!("unknown unit in '{text}'")),
        };
        if exponent > 0 {
            digits = &text[..text.len() - 1];
        }
        factor = 10i128.pow(exponent);
    }
    let number = i128::from(integer(digits)?);
    if number < minimum / factor || number > maximum / factor {
        return Err(format!("'{text}' is out of range"));
    }
    Ok(number * factor)
}

/// A signed integer with a decimal suffix.
pub(super) fn signed(text: &str) -> Result<i64, Why> {
    let number = decimal(text, i64::MIN.into(), i64::MAX.into())?;
    i64::try_from(number).map_err(|_| format!("'{text}' is out of range"))
}

/// An unsigned integer with a decimal suffix; what is written before the suffix is below 2^63.
pub(super) fn unsigned(text: &str) -> Result<u64, Why> {
    let number = decimal(text, 0, u64::MAX.into())?;
    u64::try_from(number).map_err(|_| format!("'{text}' is out of range"))
}

/// A number of bytes with a binary suffix: K, Ki and KB are all 1024, and so on to E; B is one.
pub(super) fn bytes(text: &str) -> Result<u64, Why> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '+' && c != '-');
    let (digits, unit) = text.split_at(at.unwrap_or(text.len()));
    if unit.len() > 2 || unit == "Bi" {
        return Err(format!("unknown unit '{unit}'"));
    }
    let shift = match unit.bytes().next() {
        None | Some(b'B') => 0,
        Some(b'K') => 10,
        Some(b'M') => 20,
        Some(b'G') => 30,
        Some(b'T') => 40,
        Some(b'P') => 50,
        Some(b'E') => 60,
        Some(_) => return Err(format!("unknown unit '{unit}'")),
    };
    let number = u64::try_from(integer(digits)?).map_err(|_| format!("'{text}' is negative"))?;
    if number > u64::MAX >> shift {
        return Err(format!("'{text}' is too large"));
    }
    Ok(number << shift)
}

/// A truth value: the words in any case, or an integer of 32 bits.
pub(super) fn boolean(text: &str) -> Result<bool, Why> {
    if text.eq_ignore_ascii_case("false") {
        return Ok(false);
    }
    if text.eq_ignore_ascii_case("true") {
        return Ok(true);
    }
    let number = integer(text)?;
    let number = i32::try_from(number).map_err(|_| format!("'{text}' is out of range"))?;
    Ok(number != 0)
}

/// `strtod(3)` over the whole text: decimal, hexadecimal, `inf`, `nan`; overflow and underflow are
/// errors.
pub(super) fn float(text: &str) -> Result<f64, Why> {
    let wrong = || format!("expected a number, got '{text}'");
    let start = text.bytes().position(|b| !is_space(b)).ok_or_else(wrong)?;
    let signed = &text[start..];
    let body = signed.strip_prefix(['+', '-']).unwrap_or(signed);
    let sign = if signed.starts_with('-') { -1.0 } else { 1.0 };
    let lower = body.to_ascii_lowercase();
    if lower == "inf" || lower == "infinity" {
        return Ok(sign * f64::INFINITY);
    }
    if lower == "nan" || is_nan_with_payload(&lower) {
        return Ok(f64::NAN.copysign(sign));
    }
    if let Some(hex) = lower.strip_prefix("0x") {
        return hexadecimal(hex).map(|number| sign * number).ok_or_else(wrong);
    }
    if !lower.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-')) {
        return Err(wrong());
    }
    let number: f64 = lower.parse().map_err(|_| wrong())?;
    let mantissa = lower.split('e').next().unwrap_or("");
    let is_zero = !mantissa.bytes().any(|b| matches!(b, b'1'..=b'9'));
    if number.is_infinite() || (!is_zero && number < f64::MIN_POSITIVE) {
        return Err(format!("'{text}' overflows or underflows"));
    }
    Ok(sign * number)
}

fn is_nan_with_payload(lower: &str) -> bool {
    let payload = lower.strip_prefix("nan(").and_then(|rest| rest.strip_suffix(')'));
    payload.is_some_and(|p| p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// `1.8p3` after its `0x`: hexadecimal digits with a fraction, then a decimal power of two.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once('p') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut number = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        number = number * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let scale = exponent.checked_sub(i32::try_from(fraction.len()).ok()?.checked_mul(4)?)?;
    let result = number * 2f64.powi(scale);
    (result.is_finite() && (number == 0.0 || result >= f64::MIN_POSITIVE)).then_some(result)
}

/// Seconds in each unit of a time span.
const UNITS: [(&str, i64); 26] = [
    ("s", 1),
    ("sec", 1),
    ("second", 1),
    ("seconds", 1),
    ("m", 60),
    ("min", 60),
    ("minute", 60),
    ("minutes", 60),
    ("h", 3600),
    ("hr", 3600),
    ("hour", 3600),
    ("hours", 3600),
    ("d", 86_400),
    ("day", 86_400),
    ("days", 86_400),
    ("w", 604_800),
    ("wk", 604_800),
    ("week", 604_800),
    ("weeks", 604_800),
    ("mo", 2_592_000),
    ("month", 2_592_000),
    ("months", 2_592_000),
    ("y", 31_536_000),
    ("yr", 31_536_000),
    ("year", 31_536_000),
    ("years", 31_536_000),
];

/// A time span in seconds: numbers with units, added up. A number without a unit counts seconds and
/// must be the last. Nothing at all is zero.
pub(super) fn seconds(text: &str) -> Result<i64, Why> {
    let mut total: i64 = 0;
    let mut rest = trim(text);
    while !rest.is_empty() {
        let digits = rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
        if digits == 0 {
            return Err(format!("expected a digit in '{text}'"));
        }
        let number = integer(&rest[..digits])?;
        rest = trim(&rest[digits..]);
        let letters = rest.bytes().position(|b| !b.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = &rest[..letters];
        let factor = match UNITS.iter().find(|(name, _)| *name == unit) {
            Some((_, factor)) => *factor,
            None if unit.is_empty() && rest.is_empty() => 1,
            None => return Err(format!("unknown unit in '{text}'")),
        };
        total = total.wrapping_add(number.wrapping_mul(factor));
        rest = trim(&rest[letters..]);
    }
    Ok(total)
}

fn trim(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii() && is_space(c as u8))
}

/// Milliseconds: an integer, then anything, as `strtoull(3)` reads it.
pub(super) fn millis(text: &str) -> Result<i64, Why> {
    let text = trim(text);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(unsigned.len());
    let number: u64 = unsigned[..digits].parse().map_err(|_| format!("bad number '{text}'"))?;
    let number = if text.starts_with('-') { number.wrapping_neg() } else { number };
    Ok(number.cast_signed())
}

/// A leading integer of 32 bits, as `atoi(3)`: zero when there is none. Also what follows it.
pub(super) fn leading(text: &str) -> (i32, &str) {
    let body = trim(text);
    let unsigned = body.strip_prefix(['+', '-']).unwrap_or(body);
    let digits = unsigned.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(unsigned.len());
    if digits == 0 {
        return (0, text);
    }
    let sign = if body.starts_with('-') { "-" } else { "" };
    let number = format!("{sign}{}", &unsigned[..digits]);
    // The C library reads a long, which saturates, and keeps its low half.
    let saturated = if sign.is_empty() { i64::MAX } else { i64::MIN };
    let number = number.parse::<i64>().unwrap_or(saturated);
    #[allow(clippy::cast_possible_truncation)]
    (number as i32, &unsigned[digits..])
}
