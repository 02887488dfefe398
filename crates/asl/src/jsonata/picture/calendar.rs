//! Milliseconds since 1970 as parts of a date, and back, as JavaScript counts them.

use crate::timestamp::{civil_from_days, days_from_civil};

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
        let (year, month, day) = civil_from_days(days);
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
        self.days - days_from_civil(self.year, 1, 1) + 1
    }

    /// 1 for Monday to 7 for Sunday.
    pub(super) fn day_of_week(self) -> i64 {
        weekday(self.days)
    }

    /// The ISO week of the year.
    pub(super) fn week_of_year(self) -> i64 {
        let week = |year: i64| (self.days - first_week(days_from_civil(year, 1, 1))).div_euclid(7) + 1;
        match week(self.year) {
            53.. if self.days >= first_week(days_from_civil(self.year + 1, 1, 1)) => 1,
            ..1 => week(self.year - 1),
            week => week,
        }
    }

    /// The year that the ISO week belongs to.
    pub(super) fn week_year(self) -> i64 {
        if self.days < first_week(days_from_civil(self.year, 1, 1)) {
            self.year - 1
        } else if self.days >= first_week(days_from_civil(self.year + 1, 1, 1)) {
            self.year + 1
        } else {
            self.year
        }
    }

    /// The week of the month, counted as those of the year.
    pub(super) fn week_of_month(self) -> i64 {
        let week =
            |(year, month): (i64, i64)| (self.days - first_week(days_from_civil(year, month, 1))).div_euclid(7) + 1;
        match week((self.year, self.month)) {
            5.. if self.days >= first_week(month_start(self.next_month())) => 1,
            ..1 => week(self.last_month()),
            week => week,
        }
    }

    /// The month that the week belongs to.
    pub(super) fn week_month(self) -> i64 {
        if self.days < first_week(days_from_civil(self.year, self.month, 1)) {
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
    days_from_civil(year, month, 1)
}

fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// The Monday of the first week: the one with the first Thursday.
fn first_week(first_day: i64) -> i64 {
    let weekday = weekday(first_day);
    if weekday > 4 { first_day + 8 - weekday } else { first_day - (weekday - 1) }
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
    let days = days_from_civil(year_of_month, (month as i64).rem_euclid(12) + 1, 1) as f64 + day - 1.0;
    let [hour, minute, second, millisecond] = time.map(f64::trunc);
    let millis = days * DAY + hour * 3_600_000.0 + minute * 60_000.0 + second * 1_000.0 + millisecond;
    (millis.abs() <= MILLIS_MAX).then_some(millis)
}
