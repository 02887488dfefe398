//! ISO-8601 instants, as Wait, Choice and the context object read and write them.

const NANOSECONDS_PER_SECOND: i128 = 1_000_000_000;
const NANOSECONDS_PER_MILLISECOND: i128 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Milliseconds since the epoch, for a text such as `2016-03-14T01:59:00.123Z` or with an offset (RFC 3339: `T`
/// and `Z` or an offset are required). `None` for any other text. Finer digits than milliseconds are cut off.
pub fn parse(text: &str) -> Option<i64> {
    i64::try_from(instant(text)?.div_euclid(NANOSECONDS_PER_MILLISECOND)).ok()
}

/// Nanoseconds since the epoch, for the texts that [`parse`] reads: years 0001 to 9999, seconds 00 to 59, at
/// most nine digits of a second's fraction, offsets below a day.
pub fn instant(text: &str) -> Option<i128> {
    let mut reader = TimestampReader { rest: text.as_bytes() };
    let year = reader.digits(4)?;
    reader.expect(b'-')?;
    let month = reader.digits(2)?;
    reader.expect(b'-')?;
    let day = reader.digits(2)?;
    reader.expect(b'T')?;
    let seconds_of_day = reader.time()?;
    let fraction = reader.fraction()?;
    let offset_seconds = reader.offset()?;
    let date_is_real = year >= 1 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    if !date_is_real || !reader.rest.is_empty() {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY + seconds_of_day - offset_seconds;
    Some(i128::from(seconds) * NANOSECONDS_PER_SECOND + i128::from(fraction))
}

/// `2016-03-14T01:59:00.123Z`, always with three digits of a second.
pub fn format(milliseconds: i64) -> String {
    let (seconds, fraction) = (milliseconds.div_euclid(1_000), milliseconds.rem_euclid(1_000));
    let (days, second) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z")
}

struct TimestampReader<'a> {
    rest: &'a [u8],
}

impl TimestampReader<'_> {
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.rest = rest;
        Some(digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.rest = self.rest.strip_prefix(&[byte])?;
        Some(())
    }

    /// `hh:mm:ss` in seconds.
    fn time(&mut self) -> Option<i64> {
        let minutes = self.hours_and_minutes()?;
        self.expect(b':')?;
        let second = self.digits(2).filter(|second| *second < 60)?;
        Some(minutes * 60 + second)
    }

    /// `hh:mm` in minutes.
    fn hours_and_minutes(&mut self) -> Option<i64> {
        let hour = self.digits(2).filter(|hour| *hour < 24)?;
        self.expect(b':')?;
        let minute = self.digits(2).filter(|minute| *minute < 60)?;
        Some(hour * 60 + minute)
    }

    /// The digits after the point, in nanoseconds; 0 where there is no point.
    fn fraction(&mut self) -> Option<i64> {
        if self.expect(b'.').is_none() {
            return Some(0);
        }
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&count) {
            return None;
        }
        let missing = 9 - u32::try_from(count).ok()?;
        Some(self.digits(count)? * 10i64.pow(missing))
    }

    /// `Z` or `+hh:mm`, in seconds.
    fn offset(&mut self) -> Option<i64> {
        let (sign, rest) = self.rest.split_first()?;
        self.rest = rest;
        match sign {
            b'Z' => Some(0),
            b'+' => Some(self.hours_and_minutes()? * 60),
            b'-' => Some(-self.hours_and_minutes()? * 60),
            _ => None,
        }
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Years begin in March here, so that a leap day is
/// the last of its year.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of that day since 1970-01-01, in the same calendar.
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn timestamps_are_read_as_instants() {
        for (text, milliseconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2016-03-14T01:59:00.123Z", 1_457_920_740_123),
            ("2016-03-14T01:59:00.123999999Z", 1_457_920_740_123),
            ("2016-03-14T02:59:00.123+01:00", 1_457_920_740_123),
            ("2016-03-13T20:29:00.1-05:30", 1_457_920_740_100),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000),
        ] {
            assert_eq!(parse(text), Some(milliseconds), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_timestamps() {
        for text in [
            "",
            "Z",
            "2016-03-14",
            "2016-03-14T01:59:00",
            "2016-03-14T01:59Z",
            "2016-03-14 01:59:00Z",
            "2016-03-14t01:59:00z",
            "05-12-2016T21:29:29Z",
            "2015-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2016-13-01T00:00:00Z",
            "2016-00-01T00:00:00Z",
            "2016-04-31T00:00:00Z",
            "2016-03-14T24:00:00Z",
            "2016-03-14T01:60:00Z",
            "2016-03-14T01:59:60Z",
            "2016-03-14T01:59:00.Z",
            "2016-03-14T01:59:00.1234567890Z",
            "2016-03-14T01:59:00+0100",
            "2016-03-14T01:59:00+24:00",
            "2016-03-14T01:59:00Zx",
            "0000-03-14T01:59:00Z",
            "2016-03-1é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn nanoseconds_tell_instants_apart() {
        assert!(instant("2016-03-14T01:59:00.000000001Z") > instant("2016-03-14T01:59:00Z"));
    }

    #[test]
    fn milliseconds_are_always_written() {
        assert_eq!(format(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(format(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(format(951_782_400_007), "2000-02-29T00:00:00.007Z");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(milliseconds in -62_135_596_800_000i64..253_402_300_800_000) {
            prop_assert_eq!(parse(&format(milliseconds)), Some(milliseconds));
        }

        #[test]
        fn any_text_and_any_number_is_answered(text in "\\PC{0,40}", milliseconds: i64) {
            let _ = parse(&text);
            prop_assert!(format(milliseconds).ends_with('Z'));
        }
    }
}
