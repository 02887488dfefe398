//! Milliseconds since 1970 as parts of a date, and back, as JavaScript counts them.

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// Milliseconds before and after 1970 that are a date (ECMA-262, 21.4.1.1).
pub(in super::super) const MILLIS_MAX: f64 = 8.64e15;

/// An instant, in UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Days since 1970.
    days: i64,
    /// Milliseconds of the day.
    millis: i64,
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    pub(super) day: i64,
}

impl Moment {
    /// That many milliseconds since 1970, within [`MILLIS_MAX`].
    pub(super) fn of(millis: f64) -> Self {
        let millis = millis.clamp(-MILLIS_MAX, MILLIS_MAX).trunc() as i64;
        let days = millis.div_euclid(DAY as i64);
        let (year, month, day) = civil(days);
        Self { days, millis: millis.rem_euclid(DAY as i64), year, month, day }
    }

    pub(super) fn hour(self) -> i64 {
        self.millis / 3_600_000
    }

    pub(super) fn minute(self) -> i64 {
        self.millis / 60_000 % 60
    }

    pub(super) fn second(self) -> i64 {
        self.millis / 1_000 % 60
    }

    pub(super) fn millisecond(self) -> i64 {
        self.millis % 1_000
    }

    pub(super) fn day_of_year(self) -> i64 {
        self.days - days(self.year, 1, 1) + 1
    }

    /// 1 for Monday to 7 for Sunday.
    pub(super) fn day_of_week(self) -> i64 {
        weekday(self.days)
    }

    /// The ISO week of the year.
    pub(super) fn week_of_year(self) -> i64 {
        let week = |year: i64| (self.days - first_week(days(year, 1, 1))).div_euclid(7) + 1;
        match week(self.year) {
            53.. if self.days >= first_week(days(self.year + 1, 1, 1)) => 1,
            ..1 => week(self.year - 1),
            week => week,
        }
    }

    /// The year that the ISO week belongs to.
    pub(super) fn week_year(self) -> i64 {
        if self.days < first_week(days(self.year, 1, 1)) {
            self.year - 1
        } else if self.days >= first_week(days(self.year + 1, 1, 1)) {
            self.year + 1
        } else {
            self.year
        }
    }

    /// The week of the month, counted as those of the year.
    pub(super) fn week_of_month(self) -> i64 {
        let week = |(year, month): (i64, i64)| (self.days - first_week(days(year, month, 1))).div_euclid(7) + 1;
        match week((self.year, self.month)) {
            5.. if self.days >= first_week(month_start(self.next_month())) => 1,
            ..1 => week(self.last_month()),
            week => week,
        }
    }

    /// The month that the week belongs to.
    pub(super) fn week_month(self) -> i64 {
        if self.days < first_week(days(self.year, self.month, 1)) {
            self.last_month().1
        } else if self.days >= first_week(month_start(self.next_month())) {
            self.next_month().1
        } else {
            self.month
        }
    }

    fn next_month(self) -> (i64, i64) {
        if self.month == 12 { (self.year + 1, 1) } else { (self.year, self.month + 1) }
    }

    fn last_month(self) -> (i64, i64) {
        if self.month == 1 { (self.year - 1, 12) } else { (self.year, self.month - 1) }
    }
}

fn month_start((year, month): (i64, i64)) -> i64 {
    days(year, month, 1)
}

fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// The Monday of the first week: the one with the first Thursday.
fn first_week(first_day: i64) -> i64 {
    let weekday = weekday(first_day);
    if weekday > 4 { first_day + 8 - weekday } else { first_day - (weekday - 1) }
}

/// Days since 1970 of a date in the Gregorian calendar. Years begin in March here.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Milliseconds since 1970 of a date and a time, each of which may be beyond its range; months count from 0. `None`
/// where that is no date.
pub(super) fn millis(date: [f64; 3], time: [f64; 4]) -> Option<f64> {
    let [year, month, day] = date.map(f64::trunc);
    if ![year, month, day].iter().all(|part| part.abs() < 1e9) {
        return None;
    }
    // Years of two digits are of the last century, as everywhere in JavaScript.
    let year = if (0.0..100.0).contains(&year) { year + 1900.0 } else { year };
    let year_of_month = year as i64 + (month as i64).div_euclid(12);
    let days = days(year_of_month, (month as i64).rem_euclid(12) + 1, 1) as f64 + day - 1.0;
    let [hour, minute, second, millisecond] = time.map(f64::trunc);
    let millis = days * DAY + hour * 3_600_000.0 + minute * 60_000.0 + second * 1_000.0 + millisecond;
    (millis.abs() <= MILLIS_MAX).then_some(millis)
}
