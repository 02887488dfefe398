//! Pictures of dates such as `[Y0001]-[M01]-[D01]`, and dates written by them.

use super::super::datum::Datum;
use super::super::failure::{Evaluated, Failure, quoted};
use super::super::function::Host;
use super::calendar::Moment;
use super::integer::{Case, Kind, Picture as IntegerPicture};

/// Characters and widths of all markers of a picture together.
const EXTENT_MAX: usize = 1_024;

/// Markers of a picture.
const MARKERS_MAX: usize = 64;

/// Digits of a year: it is divided by a power of ten.
const YEAR_DIGITS_MAX: usize = 18;

/// Months from January, as names.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days from Monday, as names.
pub(super) const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The components that are numbers.
const NUMBERS: &str = "YMDdFWwXxHhmsf";

/// A picture's part.
#[derive(Debug)]
pub(super) enum Part {
    Literal(String),
    Marker(Marker),
}

/// What stands in brackets.
#[derive(Debug)]
pub(super) struct Marker {
    pub(super) component: char,
    pub(super) names: Option<Case>,
    pub(super) integer: Option<IntegerPicture>,
    /// `t` behind a timezone: nothing is written as `Z`.
    is_zulu: bool,
    pub(super) width_max: Option<usize>,
    /// The digits of a year that are written.
    year_digits: Option<u32>,
    /// The digits that are read, where another number follows at once.
    pub(super) read_digits: Option<usize>,
}

/// The parts of a picture.
pub(super) fn parts(picture: &str, host: &dyn Host) -> Evaluated<Vec<Part>> {
    host.charge_text(picture.len().saturating_mul(4))?;
    host.budget().charge_steps(picture.len() as u64)?;
    let mut parts: Vec<Part> = Vec::new();
    let mut literal = String::new();
    let (mut rest, mut extent, mut markers) = (picture, 0usize, 0usize);
    while let Some(at) = rest.find('[') {
        literal.push_str(&rest[..at].replace("]]", "]"));
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('[') {
            literal.push('[');
            rest = after;
            continue;
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        }
        let Some((inside, after)) = rest.split_once(']') else {
            return Err(Failure::coded("D3135", "No matching closing bracket ']' in date/time picture string"));
        };
        rest = after;
        let inside: String = inside.split_whitespace().collect();
        let marker = Marker::parse(&inside, host, &mut extent)?;
        extent = extent.saturating_add(inside.len());
        markers += 1;
        if extent > EXTENT_MAX || markers > MARKERS_MAX {
            return Err(Failure::Size);
        }
        if let (Some(Part::Marker(last)), Some(_)) = (parts.last_mut(), &marker.integer)
            && let Some(digits) = last.least_digits()
        {
            last.read_digits = Some(digits);
        }
        parts.push(Part::Marker(marker));
    }
    literal.push_str(&rest.replace("]]", "]"));
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

fn unknown(component: &str) -> Failure {
    let component = quoted(&Datum::text(component));
    Failure::coded("D3132", format!("Unknown component specifier {component} in date/time picture string"))
}

/// A component that has no names.
pub(super) fn nameless(component: char) -> Failure {
    let component = quoted(&Datum::text(component.to_string()));
    let said = "The 'name' modifier can only be applied to months and days in the date/time picture string, not";
    Failure::coded("D3133", format!("{said} {component}"))
}

impl Marker {
    fn parse(inside: &str, host: &dyn Host, extent: &mut usize) -> Evaluated<Self> {
        let Some(component) = inside.chars().next() else { return Err(unknown("")) };
        let default = match component {
            'Y' | 'M' | 'D' | 'd' | 'W' | 'w' | 'X' | 'x' | 'H' | 'h' | 'f' => "1",
            'F' | 'P' | 'C' | 'E' => "n",
            'm' | 's' => "01",
            'Z' | 'z' => "01:01",
            _ => return Err(unknown(&component.to_string())),
        };
        let (presentation, width) = inside[1..].rsplit_once(',').unwrap_or((&inside[1..], ""));
        let (least, most) = width.split_once('-').unwrap_or((width, ""));
        let (width_min, width_max): (Option<usize>, Option<usize>) = (least.parse().ok(), most.parse().ok());
        *extent = extent.saturating_add(width_min.unwrap_or(0)).saturating_add(width_max.unwrap_or(0));
        if *extent > EXTENT_MAX {
            return Err(Failure::Size);
        }
        let modifier = presentation.chars().next_back().filter(|last| "atco".contains(*last));
        let modifier = modifier.filter(|_| presentation.chars().count() > 1);
        let primary = match modifier {
            Some(_) => &presentation[..presentation.len() - 1],
            None if presentation.is_empty() => default,
            None => presentation,
        };
        let mut marker = Self {
            component,
            names: names(primary),
            integer: None,
            is_zulu: modifier == Some('t'),
            width_max,
            year_digits: None,
            read_digits: None,
        };
        if matches!(component, 'Z' | 'z') {
            marker.integer = Some(IntegerPicture::parse(primary, host)?);
        } else if marker.names.is_none() && NUMBERS.contains(component) {
            let mut integer = IntegerPicture::parse(primary, host)?;
            integer.is_ordinal |= modifier == Some('o');
            marker.set_widths(&mut integer, width_min)?;
            marker.integer = Some(integer);
        }
        Ok(marker)
    }

    fn set_widths(&mut self, integer: &mut IntegerPicture, width_min: Option<usize>) -> Evaluated<()> {
        let is_year = self.component == 'Y';
        let mut digits = None;
        if let Kind::Decimal { least, optional, .. } = &mut integer.kind {
            *least = (*least).max(width_min.unwrap_or_default());
            if let Some(most) = self.width_max.filter(|_| is_year) {
                *least = most;
            }
            digits = Some(*least + *optional);
        }
        if is_year {
            let digits = self.width_max.or(digits.filter(|digits| *digits >= 2));
            if digits.is_some_and(|digits| digits > YEAR_DIGITS_MAX) {
                return Err(Failure::Size);
            }
            self.year_digits = digits.map(|digits| digits as u32);
        }
        Ok(())
    }

    fn least_digits(&self) -> Option<usize> {
        match &self.integer.as_ref()?.kind {
            Kind::Decimal { least, .. } => Some(*least),
            _ => None,
        }
    }
}

/// The case of names, where a presentation asks for names.
fn names(presentation: &str) -> Option<Case> {
    let mut letters = presentation.chars();
    match (letters.next(), letters.next()) {
        (Some('n'), _) => Some(Case::Lower),
        (Some('N'), Some('n')) => Some(Case::Title),
        (Some('N'), _) => Some(Case::Upper),
        _ => None,
    }
}

/// A component of an instant, where it is a number.
pub(super) fn number(instant: Moment, component: char) -> i64 {
    match component {
        'Y' => instant.year,
        'M' => instant.month,
        'D' => instant.day,
        'd' => instant.day_of_year(),
        'F' => instant.day_of_week(),
        'W' => instant.week_of_year(),
        'w' => instant.week_of_month(),
        'X' => instant.week_year(),
        'x' => instant.week_month(),
        'H' => instant.hour(),
        'h' => (instant.hour() + 11) % 12 + 1,
        'P' => i64::from(instant.hour() >= 12),
        'm' => instant.minute(),
        's' => instant.second(),
        'f' => instant.millisecond(),
        _ => 0,
    }
}

/// Milliseconds since 1970 as a picture has them; `timezone` is `+HHMM`, in which the hours and minutes are told.
pub(in super::super) fn format(
    millis: f64,
    picture: &str,
    timezone: Option<&str>,
    host: &dyn Host,
) -> Evaluated<String> {
    let offset = timezone.map_or(Ok(0), offset)?;
    let (hours, minutes) = ((offset as f64 / 100.0).floor() as i64, offset % 100);
    let instant = Moment::of(millis + (60 * hours + minutes) as f64 * 60_000.0);
    let mut written = String::new();
    for part in parts(picture, host)? {
        match part {
            Part::Literal(literal) => written.push_str(&literal),
            Part::Marker(marker) => written.push_str(&marker.format(instant, hours, minutes, host)?),
        }
    }
    host.charge_text(written.len())?;
    Ok(written)
}

/// A timezone as a number of four digits; what is no number is none.
fn offset(timezone: &str) -> Evaluated<i64> {
    let timezone = timezone.trim();
    let (sign, digits) = match timezone.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, timezone.strip_prefix('+').unwrap_or(timezone)),
    };
    let end = digits.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(digits.len());
    if end == 0 {
        return Ok(0);
    }
    match digits[..end].parse::<i64>() {
        Ok(number) if number <= 9_999 => Ok(sign * number),
        _ => Err(timezone_digits()),
    }
}

fn timezone_digits() -> Failure {
    Failure::coded("D3134", "The timezone integer format specifier cannot have more than four digits")
}

impl Marker {
    fn format(&self, instant: Moment, hours: i64, minutes: i64, host: &dyn Host) -> Evaluated<String> {
        match self.component {
            'P' => {
                let half = if instant.hour() >= 12 { "pm" } else { "am" };
                Ok(if self.names == Some(Case::Upper) { half.to_uppercase() } else { half.to_owned() })
            }
            'C' | 'E' => Ok("ISO".to_owned()),
            'Z' | 'z' => self.timezone(hours, minutes, host),
            component => match (&self.integer, self.names) {
                (Some(integer), _) => {
                    let number = number(instant, component);
                    let number = match self.year_digits {
                        Some(digits) => number % 10i64.pow(digits),
                        None => number,
                    };
                    integer.format(number as f64, host)
                }
                (None, Some(case)) => self.name(instant, case),
                (None, None) => Ok(String::new()),
            },
        }
    }

    fn name(&self, instant: Moment, case: Case) -> Evaluated<String> {
        let number = number(instant, self.component);
        let name = match self.component {
            'M' | 'x' => MONTHS[(number - 1) as usize % 12],
            'F' => DAYS[(number - 1) as usize % 7],
            component => return Err(nameless(component)),
        };
        let name = match case {
            Case::Lower => name.to_lowercase(),
            Case::Upper => name.to_uppercase(),
            Case::Title => name.to_owned(),
        };
        Ok(name.chars().take(self.width_max.unwrap_or(usize::MAX)).collect())
    }

    fn timezone(&self, hours: i64, minutes: i64, host: &dyn Host) -> Evaluated<String> {
        let Some(integer) = &self.integer else { return Ok(String::new()) };
        let offset = hours * 100 + minutes;
        if offset == 0 && self.is_zulu {
            return Ok("Z".to_owned());
        }
        let digits = match &integer.kind {
            Kind::Decimal { regular: Some(_), .. } => None,
            _ => self.least_digits(),
        };
        let written = match digits {
            None | Some(3 | 4) => integer.format(offset as f64, host)?,
            Some(1 | 2) => {
                let hours = integer.format(hours as f64, host)?;
                if minutes == 0 { hours } else { format!("{hours}:{minutes:02}") }
            }
            Some(_) => return Err(timezone_digits()),
        };
        let sign = if offset >= 0 { "+" } else { "" };
        let name = if self.component == 'z' { "GMT" } else { "" };
        Ok(format!("{name}{sign}{written}"))
    }
}
