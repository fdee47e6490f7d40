//! Calendar days and civil times, as settings and cameras write them. Reads no
//! clock.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use jiff::civil;
use jiff::{Timestamp, tz::TimeZone};

/// A day of the Gregorian calendar, written `2027-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The day, in UTC, on which `time` falls; the last one there is for times
    /// beyond the calendar.
    pub fn of(time: SystemTime) -> Self {
        let time = Timestamp::try_from(time).unwrap_or(Timestamp::MAX);
        Self(TimeZone::UTC.to_datetime(time).date())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The library takes other ways of writing a day as well.
        (text.parse::<civil::Date>().ok())
            .filter(|date| date.to_string() == text)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a date; write it as 2027-01-31"))
    }
}

/// Milliseconds from 1970-01-01 00:00 to this time of the same clock, whatever
/// its time zone. `None` for times that cannot be, such as the zeros of an unset
/// clock. A leap second is the second after 59.
pub fn civil_milliseconds(date: (u16, u8, u8), time: (u8, u8, u8)) -> Option<i64> {
    let ((year, month, day), (hour, minute, second)) = (date, time);
    let (second, leap) = if second == 60 {
        (59, 1000)
    } else {
        (second, 0)
    };
    let small = |number: u8| i8::try_from(number).ok();
    let time = civil::DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    );
    let since = (time.ok()?).duration_since(civil::date(1970, 1, 1).to_datetime(civil::Time::MIN));
    Some(since.as_secs() * 1000 + leap)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn time_falls_on_its_day_in_utc() {
        let day = |seconds| Date::of(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (days, text) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (20_779, "2026-11-22"),
        ] {
            let first = days * 86_400;
            assert_eq!(day(first).to_string(), text);
            assert_eq!(day(first + 86_399).to_string(), text);
            assert_eq!(text.parse(), Ok(day(first)));
        }
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-1",
            "20260101",
            "2026-01-01T00:00",
            "31.01.2027",
            "",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert!("2028-02-29".parse::<Date>().is_ok());
    }

    #[test]
    fn civil_time_is_counted_from_1970() {
        // date -u -d '2019-07-01 12:30:05' +%s
        let time = civil_milliseconds((2019, 7, 1), (12, 30, 5));
        assert_eq!(time, Some(1_561_984_205_000));
        assert_eq!(civil_milliseconds((1970, 1, 1), (0, 0, 60)), Some(60_000));
        assert_eq!(
            civil_milliseconds((1969, 12, 31), (23, 59, 59)),
            Some(-1000)
        );
    }

    #[test]
    fn unset_clock_and_impossible_times_have_no_milliseconds() {
        assert_eq!(civil_milliseconds((0, 0, 0), (0, 0, 0)), None);
        assert_eq!(civil_milliseconds((2019, 2, 30), (0, 0, 0)), None);
        assert_eq!(civil_milliseconds((2019, 2, 1), (24, 0, 0)), None);
        assert_eq!(civil_milliseconds((2019, 2, 1), (0, 0, 61)), None);
    }
}
