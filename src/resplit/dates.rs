//! Splits by time: what is older to train on, what is newer to be measured on.
//! Reads dates from text; balances nothing.

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// Milliseconds since 1970 of a date such as `2027-01-31`, `2027-01-31 18:05`
/// or `2027-01-31T18:05:59Z`; EXIF's colons between the parts of a day and any
/// fraction of a second are understood, a time zone is passed over.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, time.trim()),
        None => (text, ""),
    };
    let mut parts = day.split(['-', ':', '/']);
    let year: i64 = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let of_month = number(parts.next()?, 2)?;
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&of_month) {
        return None;
    }
    let mut ms = days(year, month, of_month) * DAY_MS;
    let time = time.trim_end_matches('Z');
    let time = time.split(['+', '.']).next().unwrap_or("");
    if !time.is_empty() {
        let units = [3_600_000, 60_000, 1_000];
        let mut given = time.split('-').next()?.split(':');
        for (unit, most) in units.into_iter().zip([23, 59, 60]) {
            let Some(part) = given.next() else { break };
            let value = number(part, 2).filter(|&value| value <= most)?;
            ms += unit * value;
        }
        if given.next().is_some() {
            return None;
        }
    }
    Some(ms)
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// Days from 1970-01-01 (H. Hinnant, "chrono-compatible low-level date
/// algorithms": years that begin in March put the leap day last).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Where an atom of known time goes: an index of a split, or out because it
/// lies in the gap behind a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// To that split.
    In(usize),
    /// Left out: too near behind a cut.
    InGap,
}

/// Cuts atoms, each the time of its latest sample and its size, into splits of
/// about `parts` (0 to 1), the oldest first, so that every sample before a cut
/// is older than the newest sample of each atom behind it by more than `gap`.
/// Atoms of one time are not parted.
pub(super) fn cut(atoms: &[(i64, u32)], parts: &[f64], gap: i64) -> Vec<Placed> {
    let mut order: Vec<usize> = (0..atoms.len()).collect();
    order.sort_by_key(|&index| (atoms[index].0, index));
    let total: u64 = atoms.iter().map(|&(_, size)| u64::from(size)).sum();
    let ends: Vec<f64> = parts
        .iter()
        .scan(0.0, |end, part| {
            *end += part * total as f64;
            Some(*end)
        })
        .collect();
    let mut placed = vec![Placed::InGap; atoms.len()];
    let (mut split, mut before) = (0, 0u64);
    // Nothing up to here may follow a cut.
    let mut closed = i64::MIN;
    for same_time in order.chunk_by(|&a, &b| atoms[a].0 == atoms[b].0) {
        let time = atoms[same_time[0]].0;
        let size: u64 = same_time
            .iter()
            .map(|&index| u64::from(atoms[index].1))
            .sum();
        let middle = before as f64 + size as f64 / 2.0;
        before += size;
        let earlier = split;
        while split + 1 < parts.len() && middle > ends[split] {
            split += 1;
        }
        if split > earlier
            && let Some(last) = last_time(atoms, &order, time)
        {
            closed = last.saturating_add(gap);
        }
        for &index in same_time {
            placed[index] = match gap > 0 && time <= closed {
                true => Placed::InGap,
                false => Placed::In(split),
            };
        }
    }
    placed
}

/// The latest time before `time`.
fn last_time(atoms: &[(i64, u32)], order: &[usize], time: i64) -> Option<i64> {
    let place = order.partition_point(|&index| atoms[index].0 < time);
    place.checked_sub(1).map(|place| atoms[order[place]].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_and_cameras_write_them() {
        assert_eq!(parse("1970-01-01"), Some(0));
        assert_eq!(parse("2019-07-01 12:30:05"), Some(1_561_984_205_000));
        assert_eq!(
            parse("2019:07:01 12:30:05"),
            parse("2019-07-01T12:30:05.7Z")
        );
        assert_eq!(
            parse("2000-03-01"),
            parse("2000-02-29").map(|ms| ms + DAY_MS)
        );
        for wrong in [
            "",
            "yesterday",
            "2019",
            "2019-13-01",
            "2019-1-1",
            "2019-01-01 25:00",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn older_atoms_are_trained_on_and_the_gap_is_left_out() {
        let atoms: Vec<(i64, u32)> = (0..10).map(|day| (day * DAY_MS, 1)).collect();
        let placed = cut(&atoms, &[0.8, 0.2], 0);
        assert_eq!(placed[7], Placed::In(0));
        assert_eq!(placed[8], Placed::In(1));
        let placed = cut(&atoms, &[0.8, 0.2], DAY_MS);
        assert_eq!(
            (placed[7], placed[8], placed[9]),
            (Placed::In(0), Placed::InGap, Placed::In(1))
        );
    }

    #[test]
    fn one_time_is_never_parted() {
        let atoms = [(1, 1), (2, 1), (2, 1), (2, 1), (3, 1)];
        let placed = cut(&atoms, &[0.5, 0.5], 0);
        assert!(placed[1] == placed[2] && placed[2] == placed[3]);
    }
}
