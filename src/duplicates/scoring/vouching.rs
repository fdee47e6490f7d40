//! Which images of a set support each other as copies of one image. Reads no pixels.

use super::logistic::{self, VOUCHED};
use super::{Detail, Registered};

/// Share of the images alike to one of two that must be alike to both, for the two to be of
/// one group of copies (shared nearest neighbours, Jarvis & Patrick 1973). In groups of copies
/// nearly all are alike; look-alikes (signs in one frame, garments) are alike by chance, each
/// to others.
const SHARED: f32 = 0.25;

/// Who is alike to whom, of images that thumbnails hold in full.
pub(crate) struct Vouching {
    /// For each image the images alike to it by pixels of their own, and itself; sorted.
    alike: Vec<Vec<u32>>,
}

impl Vouching {
    /// Of `count` images, by those of `pairs` that prove themselves; `odds` holds the log
    /// odds of each.
    pub(crate) fn of(count: usize, pairs: &[Registered], odds: &[Option<f32>]) -> Self {
        let mut alike: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (pair, odds) in pairs.iter().zip(odds) {
            if odds.is_some_and(|odds| is_alike(pair, odds)) {
                alike[pair.fixed as usize].push(pair.moving);
                alike[pair.moving as usize].push(pair.fixed);
            }
        }
        for (image, others) in (0u32..).zip(&mut alike) {
            if !others.is_empty() {
                others.push(image);
                others.sort_unstable();
                others.dedup();
            }
        }
        Self { alike }
    }

    /// The images alike to `image`, itself among them; none where it has no likes.
    pub(crate) fn alike(&self, image: u32) -> &[u32] {
        &self.alike[image as usize]
    }

    /// Whether a pair proves a copy by its pixels, given that others vouch for it, and they do.
    pub(crate) fn supports(&self, pair: &Registered, odds: f32) -> bool {
        is_alike(pair, odds + VOUCHED) && self.are_of_one_group(pair.fixed, pair.moving)
    }

    /// Whether `a` and `b` belong to one group of copies by what other images, at least one,
    /// vouch for.
    pub(crate) fn are_of_one_group(&self, a: u32, b: u32) -> bool {
        let (of_a, of_b) = (self.alike(a), self.alike(b));
        let both = of_a
            .iter()
            .filter(|image| of_b.binary_search(image).is_ok());
        let third = both.clone().any(|&image| image != a && image != b);
        let both = both.count();
        let either = of_a.len() + of_b.len() - both;
        third && both as f32 >= SHARED * either as f32
    }
}

/// Whether the pixels of a pair by themselves show that its two images are copies: it would be
/// reported if nothing else resembled them, and only noise remains between the two.
pub(crate) fn is_alike(pair: &Registered, odds: f32) -> bool {
    pair.detail == Detail::Thumbnail
        && logistic::is_reported_alone(odds)
        && logistic::of_noise_alone(&pair.measured) >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Matte;
    use crate::duplicates::registration::affine::Affine;
    use crate::duplicates::scoring::measurements::Measurements;

    /// A pair whose patches all agree to `pooled` and `median`.
    fn pair(fixed: u32, moving: u32, pooled: f32, residual: f32) -> Registered {
        let measured = Measurements {
            pooled,
            mean: 0.94,
            median: 0.96,
            trimmed: 0.96,
            quartile: 0.94,
            residual,
            ..Measurements::default()
        };
        Registered {
            fixed,
            moving,
            mattes: (Matte::White, Matte::White),
            map: Affine::IDENTITY,
            measured,
            detail: Detail::Thumbnail,
            sides: (32, 32),
            odds: 1.0,
        }
    }

    #[test]
    fn noise_everywhere_is_alike_and_a_difference_in_one_place_or_much_noise_is_not() {
        assert!(is_alike(&pair(0, 1, 0.97, 0.06), 1.0));
        assert!(!is_alike(&pair(0, 1, 0.97, 0.06), -3.0));
        assert!(!is_alike(&pair(0, 1, 0.92, 0.06), 1.0));
        assert!(!is_alike(&pair(0, 1, 0.96, 0.3), 1.0));
    }

    #[test]
    fn images_alike_to_the_same_others_are_of_one_group() {
        // 0 to 3 are all alike; 4 is alike to 3 and to each of 5 to 8.
        let ends = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (3, 4)];
        let ends = ends.into_iter().chain((5..9).map(|other| (4, other)));
        let pairs: Vec<Registered> = ends.map(|(a, b)| pair(a, b, 0.97, 0.06)).collect();
        let vouching = Vouching::of(10, &pairs, &vec![Some(1.0); pairs.len()]);
        assert!(vouching.are_of_one_group(0, 1) && vouching.are_of_one_group(2, 3));
        assert!(!vouching.are_of_one_group(3, 4) && !vouching.are_of_one_group(0, 9));
    }
}
