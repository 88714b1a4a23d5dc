//! The days that a digest is about.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use crate::error::Error;

/// What was asked for; without dates the seven days that end at the newest commit.
#[derive(Clone, Debug, Default)]
pub struct Days {
    /// The first day, `2026-08-17`.
    pub since: Option<String>,
    /// The last day, which belongs to it.
    pub until: Option<String>,
    /// `UTC`, an offset such as `+02:00`, or a name such as `Europe/Berlin`.
    pub tz: Option<String>,
}

/// Two moments, and the days that they are called by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first second.
    pub since: i64,
    /// The first second after it.
    pub until: i64,
    /// The first day.
    pub first: String,
    /// The last day.
    pub last: String,
}

/// How many days a digest covers unless asked otherwise.
const WEEK: i64 = 7;

impl Days {
    /// Finds the window; `newest` is the time of the newest commit.
    pub fn window(&self, newest: i64) -> Result<Window, Error> {
        let zone = zone(self.tz.as_deref().unwrap_or("UTC"))?;
        let day_of = |seconds: i64| {
            let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
            moment.to_zoned(zone.clone()).date()
        };
        let last = match &self.until {
            Some(text) => date(text)?,
            None if self.since.is_some() => {
                day_of(newest).max(date(self.since.as_deref().unwrap_or_default())?)
            }
            None => day_of(newest),
        };
        let first = match &self.since {
            Some(text) => date(text)?,
            None => last.saturating_sub(jiff::Span::new().days(WEEK - 1)),
        };
        if first > last {
            return Err(Error::Usage(format!("--since {first} lies after --until {last}")));
        }
        let start = |day: Date| {
            let moment = day.to_zoned(zone.clone()).map(|zoned| zoned.timestamp().as_second());
            moment.map_err(|_| Error::Usage(format!("{day} does not exist in that time zone")))
        };
        Ok(Window {
            since: start(first)?,
            until: start(last.saturating_add(jiff::Span::new().days(1)))?,
            first: first.to_string(),
            last: last.to_string(),
        })
    }
}

fn date(text: &str) -> Result<Date, Error> {
    let malformed = || Error::Usage(format!("{text:?} is no day: write it as 2026-08-17"));
    text.parse::<Date>().map_err(|_| malformed())
}

fn zone(name: &str) -> Result<TimeZone, Error> {
    if name.eq_ignore_ascii_case("utc") || name == "Z" {
        return Ok(TimeZone::UTC);
    }
    if let Some(seconds) = offset(name) {
        return Offset::from_seconds(seconds).map(TimeZone::fixed).map_err(|_| unknown(name));
    }
    TimeZone::get(name).map_err(|_| unknown(name))
}

fn unknown(name: &str) -> Error {
    Error::Usage(format!("this machine knows no time zone {name:?}: write an offset such as +02:00"))
}

/// `+02:00`, `-0330`, `+2` in seconds.
fn offset(text: &str) -> Option<i32> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|letter| *letter != ':').collect();
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let split = if digits.len() > 2 { digits.len() - 2 } else { digits.len() };
    let (hours, minutes) = digits.split_at(split);
    let minutes: i32 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    Some(sign * (hours.parse::<i32>().ok()? * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(since: Option<&str>, until: Option<&str>, tz: Option<&str>) -> Days {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Days { since: own(since), until: own(until), tz: own(tz) }
    }

    #[test]
    fn a_window_holds_its_last_day_in_its_time_zone() {
        let week = days(Some("2026-08-17"), Some("2026-08-21"), None).window(0).expect("a window");
        assert_eq!((week.since, week.until), (1_786_924_800, 1_786_924_800 + 5 * 86_400));
        let east = days(Some("2026-08-17"), Some("2026-08-21"), Some("+05:30")).window(0).expect("a window");
        assert_eq!(week.since - east.since, 5 * 3600 + 1800);
        let newest = days(None, None, None).window(week.until - 1).expect("a window");
        assert_eq!((newest.first.as_str(), newest.last.as_str()), ("2026-08-15", "2026-08-21"));
    }

    #[test]
    fn what_is_no_day_or_zone_is_said() {
        for (since, until, tz) in [
            (Some("yesterday"), None, None),
            (Some("2026-08-21"), Some("2026-08-17"), None),
            (None, None, Some("Atlantis/City")),
            (None, None, Some("+99:99")),
        ] {
            assert!(days(since, until, tz).window(0).is_err(), "{since:?} {until:?} {tz:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[-+]?\\PC{0,8}") {
            let _ = days(Some(&text), None, Some(&text)).window(0);
        }
    }
}
