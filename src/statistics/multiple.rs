//! Many questions at once: p-values adjusted for their number.

/// Adjusts p-values for the false discovery rate (Benjamini & Hochberg 1995):
/// those at or below a level are false at most at that rate. In the order given.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let count = p_values.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| p_values[b].total_cmp(&p_values[a]).then(a.cmp(&b)));
    let mut adjusted = vec![1.0; count];
    let mut smallest = 1.0f64;
    for (from_last, index) in order.into_iter().enumerate() {
        let rank = count - from_last;
        smallest = smallest.min(p_values[index] * count as f64 / rank as f64);
        adjusted[index] = smallest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_question_is_not_adjusted() {
        assert_eq!(benjamini_hochberg(&[0.03]), [0.03]);
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    #[test]
    fn adjusted_values_keep_the_order_of_the_raw_ones() {
        let raw = [0.04, 0.001, 0.2, 0.03];
        let adjusted = benjamini_hochberg(&raw);
        for (i, j) in [(1, 3), (3, 0), (0, 2)] {
            assert!(adjusted[i] <= adjusted[j]);
        }
        assert!(
            raw.iter()
                .zip(&adjusted)
                .all(|(raw, adjusted)| raw <= adjusted)
        );
    }
}
