//! Labels of arrays: a number or a name for each image, or a mark for each
//! class. Knows no images.

use super::numbers::{Kind, Numbers};

/// Classes of one array, at most: more columns are features.
const MAX_CLASSES: u64 = 10_000;

/// Numbers of labels, at most: 200 million marks take 200 MB.
const MAX_NUMBERS: u64 = 200_000_000;

/// The classes of each image, by their numbers or names.
pub(super) type Labels = Vec<Vec<String>>;

/// Whether an array of this shape can hold the labels of `images` images.
pub(super) fn fits(numbers: &Numbers, images: u64) -> bool {
    match numbers.shape[..] {
        [count] => count == images,
        [count, classes] => count == images && (1..=MAX_CLASSES).contains(&classes),
        _ => false,
    }
}

/// The labels in `bytes`, the array's own.
///
/// # Errors
/// Why they are none.
pub(super) fn of(numbers: &Numbers, bytes: &[u8]) -> Result<Labels, String> {
    let (count, columns) = match numbers.shape[..] {
        [count] => (count, 1),
        [count, columns] if columns <= MAX_CLASSES => (count, columns),
        _ => return Err("the labels have the wrong shape".to_owned()),
    };
    let all = count.saturating_mul(columns);
    if all > MAX_NUMBERS {
        return Err(format!("it holds more than {MAX_NUMBERS} labels"));
    }
    if numbers.fortran && columns > 1 {
        return Err("its labels are stored in Fortran order".to_owned());
    }
    let text = |index: u64| {
        numbers
            .text(bytes, index as usize)
            .ok_or_else(|| "its labels are cut off".to_owned())
    };
    if columns == 1 {
        return (0..count)
            .map(|row| {
                Ok(Some(text(row)?)
                    .filter(|t| !t.is_empty())
                    .into_iter()
                    .collect())
            })
            .collect();
    }
    // A mark for each class, or a class and notes on it, as in QMNIST.
    let marks = (0..all).map(|index| numbers.text(bytes, index as usize));
    let is_marks = !matches!(numbers.kind, Kind::Text(_))
        && marks
            .clone()
            .all(|mark| mark.is_some_and(|mark| mark == "0" || mark == "1"));
    if !is_marks {
        return Err(format!(
            "its labels have {columns} columns that are not only zeros and ones"
        ));
    }
    let mut labels = vec![Vec::new(); count as usize];
    for (index, mark) in marks.enumerate() {
        if mark.as_deref() == Some("1") {
            labels[index / columns as usize].push((index as u64 % columns).to_string());
        }
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(shape: &[u64]) -> Numbers {
        Numbers {
            kind: Kind::Unsigned(1),
            big_endian: false,
            fortran: false,
            shape: shape.to_vec(),
            offset: 0,
        }
    }

    #[test]
    fn labels_are_numbers_or_a_mark_for_each_class() {
        assert_eq!(
            of(&numbers(&[2]), &[7, 0]),
            Ok(vec![vec!["7".into()], vec!["0".into()]])
        );
        assert_eq!(of(&numbers(&[2, 1]), &[7, 0]), of(&numbers(&[2]), &[7, 0]));
        assert_eq!(
            of(&numbers(&[2, 3]), &[0, 1, 1, 0, 0, 0]),
            Ok(vec![vec!["1".into(), "2".into()], vec![]])
        );
        assert!(of(&numbers(&[2, 3]), &[0, 1, 2, 0, 0, 0]).is_err());
        assert!(of(&numbers(&[3]), &[7, 0]).is_err());
        assert!(of(&numbers(&[1 << 40]), &[]).is_err());
    }
}
