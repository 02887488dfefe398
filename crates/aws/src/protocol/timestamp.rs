//! Times as services write them: ISO 8601, RFC 822, seconds since the epoch. Milliseconds are kept, no more.

use models::TimestampFormat;

const MILLIS_PER_DAY: i64 = 86_400_000;
/// From the year 1 to the year 9999.
const SECONDS: std::ops::RangeInclusive<f64> = -62_135_596_800.0..=253_402_300_799.0;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The epoch was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A time between the years 1 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp {
    /// Milliseconds since the epoch.
    millis: i64,
}

/// A time on the calendar, in UTC.
struct Calendar {
    year: i64,
    month: i64,
    day: i64,
    /// Milliseconds since midnight.
    time: i64,
}

impl Timestamp {
    /// That many seconds after the epoch.
    pub(super) fn from_seconds(seconds: f64) -> Option<Self> {
        SECONDS.contains(&seconds).then(|| Self { millis: (seconds * 1000.0).round() as i64 })
    }

    /// Milliseconds since the epoch.
    pub(crate) fn millis(self) -> i64 {
        self.millis
    }

    /// A time in any of the three formats.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.parse::<f64>() {
            Ok(seconds) => Self::from_seconds(seconds),
            Err(_) => Self::parse_iso8601(text).or_else(|| Self::parse_rfc822(text)),
        }
    }

    /// `2015-01-01T00:00:00Z`, with a fraction or an offset. A time without a zone is UTC.
    pub(crate) fn parse_iso8601(text: &str) -> Option<Self> {
        let (date, rest) = (text.get(..10)?, text.get(10..)?);
        let [year, month, day] = numbers(date, '-')?;
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
        let (clock, zone) = rest.split_at(zone_at);
        Self::from_calendar(&Calendar { year, month, day, time: milliseconds(clock)? })?.minus(offset(zone)?)
    }

    /// `Thu, 01 Jan 2015 00:00:00 GMT`
    pub(super) fn parse_rfc822(text: &str) -> Option<Self> {
        let text = text.split_once(',').map_or(text, |(_, rest)| rest);
        let mut words = text.split_ascii_whitespace();
        let (day, month, year) = (words.next()?, words.next()?, words.next()?);
        let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? as i64 + 1;
        let time = milliseconds(words.next()?)?;
        let offset = match words.next()? {
            "GMT" | "UTC" => 0,
            zone => offset(zone)?,
        };
        Self::from_calendar(&Calendar { year: number(year)?, month, day: number(day)?, time })?.minus(offset)
    }

    /// The text in that format.
    pub(super) fn format(self, format: TimestampFormat) -> String {
        match format {
            TimestampFormat::Iso8601 => self.iso8601(),
            TimestampFormat::Rfc822 => self.rfc822(),
            TimestampFormat::Unix => self.unix(),
        }
    }

    /// `2015-01-01T00:00:00Z`, with milliseconds where these are not 0.
    pub(super) fn iso8601(self) -> String {
        let Calendar { year, month, day, time } = self.calendar();
        let (clock, millis) = (Clock(time), time % 1000);
        match millis {
            0 => format!("{year:04}-{month:02}-{day:02}T{clock}Z"),
            _ => format!("{year:04}-{month:02}-{day:02}T{clock}.{millis:03}Z"),
        }
    }

    fn rfc822(self) -> String {
        let Calendar { year, month, day, time } = self.calendar();
        let weekday = WEEKDAYS[self.millis.div_euclid(MILLIS_PER_DAY).rem_euclid(7) as usize];
        let month = MONTHS[(month - 1) as usize];
        format!("{weekday}, {day:02} {month} {year:04} {} GMT", Clock(time))
    }

    /// Seconds since the epoch, with a fraction where that is not 0.
    fn unix(self) -> String {
        match self.whole_seconds() {
            Some(seconds) => seconds.to_string(),
            None => self.seconds().to_string(),
        }
    }

    /// Seconds since the epoch.
    pub(super) fn seconds(self) -> f64 {
        self.millis as f64 / 1000.0
    }

    /// Seconds since the epoch, where these are whole.
    pub(super) fn whole_seconds(self) -> Option<i64> {
        (self.millis % 1000 == 0).then_some(self.millis / 1000)
    }

    fn minus(self, millis: i64) -> Option<Self> {
        Self::from_seconds((self.millis - millis) as f64 / 1000.0)
    }

    /// Days are counted from March, so that the leap day ends the year (Howard Hinnant, "chrono-compatible low-level
    /// date algorithms").
    fn from_calendar(at: &Calendar) -> Option<Self> {
        if !(1..=9999).contains(&at.year) || !(1..=12).contains(&at.month) {
            return None;
        }
        if !(1..=days_in_month(at.year, at.month)).contains(&at.day) {
            return None;
        }
        let year = if at.month <= 2 { at.year - 1 } else { at.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((at.month + 9) % 12) + 2) / 5 + at.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        Some(Self { millis: days * MILLIS_PER_DAY + at.time })
    }

    /// The reverse of [`Timestamp::from_calendar`].
    fn calendar(self) -> Calendar {
        let days = self.millis.div_euclid(MILLIS_PER_DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Calendar { year, month, day, time: self.millis.rem_euclid(MILLIS_PER_DAY) }
    }
}

/// Milliseconds since midnight as `hh:mm:ss`.
struct Clock(i64);

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0 / 1000;
        write!(f, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// At most nine digits.
fn number(text: &str) -> Option<i64> {
    let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(number);
    let all = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(all)
}

/// Milliseconds since midnight of `hh:mm:ss.fff`. What is finer than a millisecond is cut off. A leap second counts as
/// the second before it.
fn milliseconds(clock: &str) -> Option<i64> {
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hours, minutes, seconds] = numbers(clock, ':')?;
    if hours > 23 || minutes > 59 || seconds > 60 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis = number(&format!("{:0<3}", fraction.get(..3).unwrap_or(fraction)))?;
    Some(((hours * 60 + minutes) * 60 + seconds.min(59)) * 1000 + millis)
}

/// Milliseconds east of UTC: `Z`, `+01:00`, `-0530`, nothing.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, digits) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if digits.len() != 4 {
        return None;
    }
    let digits = number(&digits)?;
    let (hours, minutes) = (digits / 100, digits % 100);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_read() {
        let cases = [
            ("2015-01-01T00:00:00Z", Some("2015-01-01T00:00:00Z")),
            ("2015-01-01T01:00:00+01:00", Some("2015-01-01T00:00:00Z")),
            ("2014-12-31T18:30:00-0530", Some("2015-01-01T00:00:00Z")),
            ("2015-01-01 00:00:00", Some("2015-01-01T00:00:00Z")),
            ("2015-01-01T00:00:00.5Z", Some("2015-01-01T00:00:00.500Z")),
            ("2015-01-01T00:00:00.1239Z", Some("2015-01-01T00:00:00.123Z")),
            ("2024-02-29T23:59:59Z", Some("2024-02-29T23:59:59Z")),
            ("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59Z")),
            ("Thu, 01 Jan 2015 00:00:00 GMT", Some("2015-01-01T00:00:00Z")),
            ("1 Jan 2015 00:00:00 +0100", Some("2014-12-31T23:00:00Z")),
            ("1420070400", Some("2015-01-01T00:00:00Z")),
            ("1420070400.25", Some("2015-01-01T00:00:00.250Z")),
            ("-1", Some("1969-12-31T23:59:59Z")),
            ("-0.5", Some("1969-12-31T23:59:59.500Z")),
            ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00Z")),
            ("9999-12-31T23:59:59Z", Some("9999-12-31T23:59:59Z")),
            ("0001-01-01T00:00:00+01:00", None),
            ("2023-02-29T00:00:00Z", None),
            ("2015-13-01T00:00:00Z", None),
            ("2015-01-01T24:00:00Z", None),
            ("2015-01-01", None),
            ("2015-01-01T00:00:00+1", None),
            ("1e300", None),
            ("NaN", None),
            ("tomorrow", None),
            ("", None),
            ("20é5-01-01T00:00:00Z", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Timestamp::parse(text).map(Timestamp::iso8601).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_format_is_written() {
        let cases = [
            ("2015-01-01T00:00:00Z", "Thu, 01 Jan 2015 00:00:00 GMT", "1420070400"),
            ("1969-12-31T23:59:58.250Z", "Wed, 31 Dec 1969 23:59:58 GMT", "-1.75"),
            ("2000-02-29T12:34:56.007Z", "Tue, 29 Feb 2000 12:34:56 GMT", "951827696.007"),
        ];
        for (iso8601, rfc822, unix) in cases {
            let time = Timestamp::parse(iso8601).unwrap();
            assert_eq!(time.format(TimestampFormat::Iso8601), iso8601);
            assert_eq!(time.format(TimestampFormat::Rfc822), rfc822);
            assert_eq!(time.format(TimestampFormat::Unix), unix);
        }
    }
}
