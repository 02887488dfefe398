//! Dates read by a picture, or as ISO 8601 has them.

use super::super::failure::{Evaluated, Failure};
use super::super::function::Host;
use super::super::regex::Regex;
use super::calendar::{MILLIS_MAX, Moment, millis};
use super::date::{DAYS, MONTHS, Marker, Part, nameless, number, parts};
use super::integer::Kind;
use super::words;

/// Bytes of a picture that is matched with a text, and of that text.
const MATCHED_MAX: usize = 4_096;

/// The components of a date that are read, by their letters.
#[derive(Default)]
struct Components {
    found: Vec<(char, f64)>,
}

impl Components {
    fn get(&self, component: char) -> Option<f64> {
        self.found.iter().rev().find(|(known, _)| *known == component).map(|(_, value)| *value)
    }
}

fn incomplete() -> Failure {
    let said = "The date/time picture string is missing specifiers required to parse the timestamp";
    Failure::coded("D3136", said)
}

/// Milliseconds since 1970 of a text that is written by a picture; `None` where it is not. What the picture leaves out
/// before its first part is that of today.
pub(in super::super) fn read(text: &str, picture: &str, host: &dyn Host) -> Evaluated<Option<f64>> {
    if text.len().max(picture.len()) > MATCHED_MAX {
        return Err(Failure::Size);
    }
    let parts = parts(picture, host)?;
    let mut pattern = String::from("^");
    for part in &parts {
        pattern.push('(');
        match part {
            Part::Literal(literal) => literal.chars().for_each(|character| escape(character, &mut pattern)),
            Part::Marker(marker) => marker.pattern(&mut pattern)?,
        }
        pattern.push(')');
    }
    pattern.push('$');
    host.budget().charge_bytes(pattern.len() as u64 * 64)?;
    let regex = Regex::parse(&pattern, "i").map_err(|_| Failure::Size)?;
    let Some(found) = regex.find(text, 0, host.budget())? else { return Ok(None) };
    let mut components = Components::default();
    for (part, range) in parts.iter().zip(&found.groups) {
        if let (Part::Marker(marker), Some((start, end))) = (part, range) {
            components.found.extend(marker.value(&text[*start..*end])?.map(|value| (marker.component, value)));
        }
    }
    instant(&components, host.scope().now)
}

fn escape(character: char, pattern: &mut String) {
    if character.is_ascii_punctuation() {
        pattern.push('\\');
    }
    pattern.push(character);
}

impl Marker {
    fn pattern(&self, pattern: &mut String) -> Evaluated<()> {
        let Some(integer) = &self.integer else {
            if self.names.is_some() && !"MxFPCE".contains(self.component) {
                return Err(nameless(self.component));
            }
            pattern.push_str("[a-zA-Z]+");
            return Ok(());
        };
        if matches!(self.component, 'Z' | 'z') {
            pattern.push_str(if self.component == 'z' { "GMT" } else { "" });
            pattern.push_str("[\\-+][0-9]+");
            if let Kind::Decimal { separators, .. } = &integer.kind
                && let Some((_, separator)) = separators.first()
            {
                escape(*separator, pattern);
                pattern.push_str("[0-9]+");
            }
            return Ok(());
        }
        match &integer.kind {
            Kind::Letters(_) => pattern.push_str("[A-Z]+"),
            Kind::Roman(_) => pattern.push_str("[MDCLXVI]+"),
            Kind::Words(_) => pattern.push_str(&words::pattern()),
            Kind::Decimal { separators, .. } => {
                pattern.push_str("[0-9");
                separators.iter().for_each(|(_, separator)| escape(*separator, pattern));
                pattern.push(']');
                match self.read_digits {
                    Some(digits) => pattern.push_str(&format!("{{{digits}}}")),
                    None => pattern.push('+'),
                }
                pattern.push_str(if integer.is_ordinal { "(?:th|st|nd|rd)" } else { "" });
            }
        }
        Ok(())
    }

    /// The number that a text stands for; `None` where it says nothing of the instant.
    fn value(&self, text: &str) -> Evaluated<Option<f64>> {
        let name_in = |names: &[&str]| {
            let most = self.width_max.unwrap_or(usize::MAX);
            let is_name = |name: &&str| name.chars().take(most).eq(text.chars());
            names.iter().position(is_name).map(|at| at as f64 + 1.0)
        };
        Ok(match (self.component, &self.integer) {
            ('Z' | 'z', _) => Some(self.minutes_from_utc(text)),
            ('P', _) => Some(f64::from(u8::from(text.eq_ignore_ascii_case("pm")))),
            ('C' | 'E', _) => None,
            (_, Some(integer)) => Some(integer.read(text)?),
            ('M' | 'x', None) => Some(name_in(&MONTHS).unwrap_or(f64::NAN)),
            ('F', None) => Some(name_in(&DAYS).unwrap_or(f64::NAN)),
            _ => None,
        })
    }

    /// Minutes from UTC.
    fn minutes_from_utc(&self, text: &str) -> f64 {
        let text = text.get(if self.component == 'z' { 3 } else { 0 }..).unwrap_or_default();
        let number = |text: &str| text.trim_start_matches('+').parse::<f64>().unwrap_or(f64::NAN);
        let separator = match self.integer.as_ref().map(|integer| &integer.kind) {
            Some(Kind::Decimal { separators, .. }) => separators.first().map(|(_, separator)| *separator),
            _ => None,
        };
        let (hours, minutes) = match separator.and_then(|separator| text.split_once(separator)) {
            Some(parts) => parts,
            None if text.len() <= 3 => (text, "0"),
            None => text.split_at(3),
        };
        // Minutes count forwards even where hours count back, as in 2.0.6.
        number(hours) * 60.0 + number(minutes)
    }
}

/// Which parts of a date there are, in order, and how they are told.
fn order(components: &Components) -> Evaluated<&'static [char]> {
    let has = |letters: &str| letters.chars().any(|letter| components.get(letter).is_some());
    let only = |letters: &str| {
        has(letters) && !"YXMxWwdD".chars().any(|c| !letters.contains(c) && components.get(c).is_some())
    };
    let is_half_day = has("Ph");
    Ok(match () {
        () if only("YMD") || !has("YXMxWwdD") => {
            if is_half_day {
                &['Y', 'M', 'D', 'P', 'h', 'm', 's', 'f']
            } else {
                &['Y', 'M', 'D', 'H', 'm', 's', 'f']
            }
        }
        () if only("Yd") => {
            if is_half_day {
                &['Y', 'd', 'P', 'h', 'm', 's', 'f']
            } else {
                &['Y', 'd', 'H', 'm', 's', 'f']
            }
        }
        () if only("Xxw") || only("XW") => return Err(incomplete()),
        () if is_half_day => &['Y', 'M', 'D', 'P', 'h', 'm', 's', 'f'],
        () => &['Y', 'M', 'D', 'H', 'm', 's', 'f'],
    })
}

fn instant(components: &Components, now: i64) -> Evaluated<Option<f64>> {
    if components.found.iter().all(|(component, _)| !"YXMxWwdDFHhPmsf".contains(*component)) {
        return Ok(None);
    }
    let now = Moment::of(now as f64);
    let (mut starts, mut ends) = (false, false);
    let mut values = Vec::with_capacity(8);
    for component in order(components)? {
        let value = match components.get(*component) {
            Some(_) if ends => return Err(incomplete()),
            Some(value) => {
                starts = true;
                value
            }
            None if starts => {
                ends = true;
                if "MDd".contains(*component) { 1.0 } else { 0.0 }
            }
            None => number(now, *component) as f64,
        };
        values.push((*component, value));
    }
    let get = |component: char| values.iter().find(|(known, _)| *known == component).map(|(_, value)| *value);
    let (month, day) = match get('d') {
        Some(day) => month_and_day(get('Y').unwrap_or_default(), day).ok_or_else(incomplete)?,
        None => {
            let month = get('M').map_or(0.0, |month| if month > 0.0 { month - 1.0 } else { 0.0 });
            (month, get('D').unwrap_or(1.0))
        }
    };
    let hour = match (get('H'), get('h')) {
        (Some(hour), _) => hour,
        (None, hour) => hour.map_or(0.0, |hour| if hour == 12.0 { 0.0 } else { hour }) + 12.0 * get('P').unwrap_or(0.0),
    };
    let part = |component: char| get(component).unwrap_or_default();
    let date = [part('Y'), month, day];
    let found = millis(date, [hour, part('m'), part('s'), part('f')]).ok_or_else(incomplete)?;
    let offset = components.get('Z').or(components.get('z')).unwrap_or_default();
    Ok(Some(found - offset * 60_000.0).filter(|millis| millis.abs() <= MILLIS_MAX))
}

/// Month, from 0, and day of a day of a year. One behind the end of the year is one at its beginning, as in 2.0.6.
fn month_and_day(year: f64, day: f64) -> Option<(f64, f64)> {
    let moment = Moment::of(millis([year, 0.0, day], [0.0; 4])?);
    Some((moment.month as f64 - 1.0, moment.day as f64))
}

/// Milliseconds since 1970 of an ISO 8601 text, in UTC where it says no timezone; `None` where it is none, `NaN` where
/// it is one but no date.
pub(in super::super) fn read_iso(text: &str) -> Option<f64> {
    let mut reader = Reader { rest: text };
    let year = reader.digits(4)?;
    let mut date = [year, 1.0, 1.0];
    for (place, first) in [(1, "01"), (2, "0123")] {
        if let Some(after) = reader.rest.strip_prefix('-')
            && after.starts_with(|digit| first.contains(digit))
            && after.len() >= 2
            && !after.contains(':') | after.contains('T')
        {
            reader.rest = after;
            date[place] = reader.digits(2)?;
        }
    }
    let mut time = [0.0; 4];
    if let Some(after) = reader.rest.strip_prefix('T') {
        reader.rest = after;
        time[0] = reader.digits(2)?;
        time[1] = reader.colon_digits()?;
        time[2] = reader.colon_digits()?;
        if let Some(after) = reader.rest.strip_prefix('.') {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            let three: String = after[..digits].chars().chain("000".chars()).take(3).collect();
            time[3] = three.parse().ok()?;
            reader.rest = &after[digits..];
        }
    }
    let offset = reader.offset()?;
    if !reader.rest.is_empty() {
        return None;
    }
    if time[1] > 59.0 || time[2] > 59.0 {
        return None;
    }
    let is_real = (1.0..=12.0).contains(&date[1]) && (1.0..=31.0).contains(&date[2]);
    let is_time = time[0] < 24.0 || time == [24.0, 0.0, 0.0, 0.0];
    if !is_real || !is_time {
        return Some(f64::NAN);
    }
    let found = written_year(year, date, time)?;
    Some(found - offset * 60_000.0)
}

/// Years of an ISO date are what they are, even below 100.
fn written_year(year: f64, date: [f64; 3], time: [f64; 4]) -> Option<f64> {
    if year >= 100.0 {
        return millis([year, date[1] - 1.0, date[2]], time);
    }
    let cycle = millis([year + 400.0, date[1] - 1.0, date[2]], time)?;
    Some(cycle - 146_097.0 * 86_400_000.0)
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn digits(&mut self, count: usize) -> Option<f64> {
        let digits = self.rest.get(..count).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
        self.rest = &self.rest[count..];
        digits.parse().ok()
    }

    fn colon_digits(&mut self) -> Option<f64> {
        self.rest = self.rest.strip_prefix(':')?;
        self.digits(2)
    }

    /// Minutes from UTC.
    fn offset(&mut self) -> Option<f64> {
        if let Some(after) = self.rest.strip_prefix('Z') {
            self.rest = after;
            return Some(0.0);
        }
        let sign = match self.rest.chars().next() {
            Some('+') => 1.0,
            Some('-') => -1.0,
            _ => return Some(0.0),
        };
        self.rest = &self.rest[1..];
        let hours = self.digits(2)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        Some(sign * (hours * 60.0 + self.digits(2)?))
    }
}
