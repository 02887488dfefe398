//! Functions about time.

use super::super::datum::Datum;
use super::super::failure::{Evaluated, Failure, quoted};
use super::super::function::Host;
use super::super::picture::calendar::MILLIS_MAX;
use super::super::picture::{date, date_read};
use super::text::{number, text};

/// How a time is written without a picture.
const ISO: &str = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";

/// The time of the state's step.
pub(super) fn millis(host: &mut dyn Host, _: &[Datum]) -> Evaluated {
    Ok(Datum::Number(host.scope().now as f64))
}

pub(super) fn now(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let picture = text(args, 0).map_or(ISO, |picture| picture);
    let timezone = text(args, 1).map(|timezone| &**timezone);
    date::format(host.scope().now as f64, picture, timezone, host).map(Datum::text)
}

pub(super) fn from_millis(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(millis) = number(args, 0) else { return Ok(Datum::Undefined) };
    if millis.is_nan() || millis.abs() > MILLIS_MAX {
        return Err(Failure::Internal);
    }
    let picture = text(args, 1).map_or(ISO, |picture| picture);
    let timezone = text(args, 2).map(|timezone| &**timezone);
    date::format(millis, picture, timezone, host).map(Datum::text)
}

pub(super) fn to_millis(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(written) = text(args, 0) else { return Ok(Datum::Undefined) };
    if let Some(picture) = text(args, 1) {
        let found = date_read::read(written, picture, host)?;
        return Ok(found.map_or(Datum::Undefined, Datum::Number));
    }
    host.budget().charge_reading(written.len())?;
    match date_read::read_iso(written) {
        Some(millis) => Ok(Datum::Number(millis)),
        None => {
            let written = quoted(&Datum::Text(written.clone()));
            let said = "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given";
            Err(Failure::coded("D3110", format!("{said} {written}")))
        }
    }
}
