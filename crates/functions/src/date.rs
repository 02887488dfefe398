//! Dates as Lambda writes them. Only what is needed: the Gregorian calendar in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// The date as Lambda's `LastModified` has it: `2026-11-21T07:13:05.123+0000`. Times before 1970 count as 1970.
pub(crate) fn last_modified(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil(since.as_secs() / 86_400);
    let second = since.as_secs() % 86_400;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}+0000",
        second / 3_600,
        second / 60 % 60,
        second % 60,
        since.subsec_millis()
    )
}

/// The day as the names of log streams begin with it: `2026/11/21`.
pub(crate) fn log_stream_day(time: SystemTime) -> String {
    let days = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400;
    let (year, month, day) = civil(days);
    format!("{year:04}/{month:02}/{day:02}")
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 1 March of the year 0, so that the leap day is a year's last and an era of 400 years is alike.
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_follow_the_gregorian_calendar() {
        let cases = [
            (0, "1970-01-01T00:00:00.000+0000"),
            (951_782_400_000, "2000-02-29T00:00:00.000+0000"),
            (951_868_799_999, "2000-02-29T23:59:59.999+0000"),
            (1_795_245_185_123, "2026-11-21T07:13:05.123+0000"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000+0000"),
        ];
        for (millis, text) in cases {
            let time = UNIX_EPOCH + Duration::from_millis(millis);
            assert_eq!(last_modified(time), text);
            assert_eq!(log_stream_day(time), text[..10].replace('-', "/"));
        }
    }
}
