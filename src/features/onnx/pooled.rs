//! Makes one vector of whatever a model gives for an image. Knows no model.

use super::Layout;

/// One vector for each of the `count` first images of an output of this
/// shape, `layout` telling where the channels of a map stand.
///
/// - `[N, D]`: as it is.
/// - `[N, T, D]`, tokens: the first where `T` is one more than a square, because
///   that is the class token before a square of patches; else the mean.
/// - `[N, D, H, W]` (or `[N, H, W, D]`), a map: the mean over its places.
pub(super) fn pooled(
    shape: &[usize],
    data: &[f32],
    count: usize,
    layout: Layout,
) -> Result<Vec<Vec<f32>>, String> {
    let messages =
        || format!("it gives an output of shape {shape:?}, of which no vector can be made");
    let [batch, rest @ ..] = shape else {
        return Err(messages());
    };
    if *batch < count || rest.is_empty() || rest.len() > 3 || rest.contains(&0) {
        return Err(messages());
    }
    let each: usize = rest.iter().product();
    if data.len() != batch * each {
        return Err(messages());
    }
    let vectors = data.chunks_exact(each).take(count);
    Ok(match (rest, layout) {
        (&[tokens, dim], _) if has_class_token(tokens) => {
            vectors.map(|vector| vector[..dim].to_vec()).collect()
        }
        (&[tokens, dim], _) => vectors.map(|v| mean_of_rows(v, tokens, dim)).collect(),
        (&[dim, height, width], Layout::Nchw) => vectors
            .map(|v| mean_of_columns(v, dim, height * width))
            .collect(),
        (&[height, width, dim], Layout::Nhwc) => vectors
            .map(|v| mean_of_rows(v, height * width, dim))
            .collect(),
        _ => vectors.map(<[f32]>::to_vec).collect(),
    })
}

fn has_class_token(tokens: usize) -> bool {
    tokens > 1 && (tokens - 1).isqrt().pow(2) == tokens - 1
}

fn mean_of_rows(data: &[f32], rows: usize, dim: usize) -> Vec<f32> {
    let mut mean = vec![0.0; dim];
    for row in data.chunks_exact(dim) {
        mean.iter_mut().zip(row).for_each(|(m, v)| *m += v);
    }
    mean.iter_mut().for_each(|m| *m /= rows as f32);
    mean
}

fn mean_of_columns(data: &[f32], dim: usize, places: usize) -> Vec<f32> {
    let mut mean: Vec<f32> = data
        .chunks_exact(places)
        .map(|of_one| of_one.iter().sum::<f32>() / places as f32)
        .collect();
    mean.truncate(dim);
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_is_what_a_person_would_take_of_each_shape() {
        let take = |shape: &[usize], data: &[f32], layout| pooled(shape, data, 1, layout);
        let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let of = |vector: &[f32]| Ok(vec![vector.to_vec()]);
        assert_eq!(take(&[1, 8], &data, Layout::Nchw), of(&data));
        assert_eq!(take(&[2, 4], &data, Layout::Nchw), of(&data[..4]));
        // A class token and one patch; four patches.
        assert_eq!(take(&[1, 2, 4], &data, Layout::Nchw), of(&data[..4]));
        assert_eq!(take(&[1, 4, 2], &data, Layout::Nchw), of(&[4.0, 5.0]));
        assert_eq!(take(&[1, 2, 2, 2], &data, Layout::Nchw), of(&[2.5, 6.5]));
        assert_eq!(take(&[1, 2, 2, 2], &data, Layout::Nhwc), of(&[4.0, 5.0]));
        assert_eq!(take(&[1, 8, 1, 1], &data, Layout::Nchw), of(&data));
        for shape in [&[8][..], &[1, 9], &[0, 8], &[1, 1, 1, 1, 8]] {
            assert!(take(shape, &data, Layout::Nchw).is_err(), "{shape:?}");
        }
    }
}
