//! Two splits side by side by their objects, and what chance makes of them when
//! whole images are dealt anew: objects of one image are no independent draws.
//! Judges nothing.

use crate::checks::{CheckContext, Ran};
use crate::sample::{Role, SampleId, SplitId};
use crate::statistics::{self, Random, Significance};

/// With fewer images with objects hardly any difference of a split is certain.
pub(super) const FEWEST_IMAGES: usize = 20;

/// Images drawn of a split where it has more: a share is then known to one or
/// two hundredths, and a thousand divisions cost a second.
const MOST_IMAGES: usize = 3_000;

/// Objects of the images drawn at most: two hundred an image where there are as
/// many images as that.
const MOST_OBJECTS: usize = 600_000;

/// Any number would do; fixed, so that two runs agree.
const SEED: u64 = 0x000b_1ec7;

/// A split with its images that have objects.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// Which.
    pub(super) split: SplitId,
    /// All of them, in listing order.
    pub(super) images: Vec<SampleId>,
    /// Those that are dealt anew.
    pub(super) drawn: Vec<SampleId>,
}

/// Each two splits with images enough, data used before left out; or why there
/// are none.
pub(super) fn comparable(data: &CheckContext<'_>) -> Result<Vec<[Side; 2]>, Ran> {
    if data.listing.objects.is_empty() {
        return Err(Ran::NotApplicable("the data set has no objects".to_owned()));
    }
    let mut of_split: Vec<Vec<SampleId>> = vec![Vec::new(); data.listing.splits.len()];
    for sample in &data.listing.samples {
        let own = sample
            .split
            .filter(|split| data.listing.splits[split.index()].role != Role::Reference);
        if let (Some(split), false) = (own, data.listing.objects_of(sample.id).is_empty()) {
            of_split[split.index()].push(sample.id);
        }
    }
    let sides: Vec<Side> = (0..)
        .zip(of_split)
        .filter(|(_, images)| images.len() >= FEWEST_IMAGES)
        .map(|(split, images)| Side {
            split: SplitId(split),
            drawn: drawn(data, &images),
            images,
        })
        .collect();
    let mut pairs = Vec::new();
    for (place, a) in sides.iter().enumerate() {
        pairs.extend(sides[place + 1..].iter().map(|b| [a.clone(), b.clone()]));
    }
    if pairs.is_empty() {
        return Err(Ran::NotApplicable(format!(
            "there are no two splits with {FEWEST_IMAGES} images with objects each"
        )));
    }
    Ok(pairs)
}

fn drawn(data: &CheckContext<'_>, images: &[SampleId]) -> Vec<SampleId> {
    let mut drawn = images.to_vec();
    if drawn.len() > MOST_IMAGES {
        Random::seeded(SEED).shuffle(&mut drawn);
        drawn.truncate(MOST_IMAGES);
    }
    let mut objects = 0;
    drawn.retain(|&id| {
        objects += data.listing.objects_of(id).len();
        objects <= MOST_OBJECTS
    });
    drawn.sort_unstable();
    drawn
}

/// How often a random division of the images differs as much in the classes of
/// their objects, among `classes`.
pub(super) fn class_significance(
    data: &CheckContext<'_>,
    [a, b]: &[Side; 2],
    is_asked: &[bool],
    draws: usize,
) -> Significance {
    let mut pool: Vec<SampleId> = a.drawn.iter().chain(&b.drawn).copied().collect();
    let count = |ids: &[SampleId]| {
        let mut counts = vec![0u64; is_asked.len()];
        for object in ids.iter().flat_map(|&id| data.listing.objects_of(id)) {
            let class = object.class.index();
            counts[class] += u64::from(is_asked[class]);
        }
        counts
    };
    let all = count(&pool);
    let statistic = |in_a: &[SampleId]| {
        let of_a = count(in_a);
        let of_b: Vec<u64> = all.iter().zip(&of_a).map(|(all, a)| all - a).collect();
        statistics::chi_square(&of_a, &of_b).statistic
    };
    let size = a.drawn.len();
    let seen = statistic(&pool[..size]);
    statistics::randomised(seen, draws, SEED, |random| {
        deal(&mut pool, size, random);
        statistic(&pool[..size])
    })
}

/// Puts a random choice of `size` of `pool` in front.
fn deal<T>(pool: &mut [T], size: usize, random: &mut Random) {
    for place in 0..size {
        let other = place + random.below(pool.len() - place);
        pool.swap(place, other);
    }
}

/// A figure of every object of two splits.
pub(super) struct Values {
    /// Value and image, in the order of values.
    sorted: Vec<(f64, u32)>,
    /// The images of the first split, then those of the second.
    images: [usize; 2],
}

impl Values {
    /// The values that `read` gives for the images drawn.
    pub(super) fn of([a, b]: &[Side; 2], mut read: impl FnMut(SampleId, &mut Vec<f64>)) -> Self {
        let (mut sorted, mut values) = (Vec::new(), Vec::new());
        for (image, &id) in (0..).zip(a.drawn.iter().chain(&b.drawn)) {
            values.clear();
            read(id, &mut values);
            let values = values.iter().filter(|value| value.is_finite());
            sorted.extend(values.map(|&value| (value, image)));
        }
        sorted.sort_by(|x: &(f64, u32), y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
        Self {
            sorted,
            images: [a.drawn.len(), b.drawn.len()],
        }
    }

    /// The Kolmogorov–Smirnov distance of the two splits, and how often a random
    /// division of the images has as large a one.
    pub(super) fn compare(&self, draws: usize) -> (f64, Significance) {
        let total = self.images[0] + self.images[1];
        let mut pool: Vec<u32> = (0..total as u32).collect();
        let mut in_a = vec![false; total];
        in_a[..self.images[0]].fill(true);
        let seen = self.distance(&in_a);
        let significance = statistics::randomised(seen, draws, SEED, |random| {
            deal(&mut pool, self.images[0], random);
            in_a.fill(false);
            for &image in &pool[..self.images[0]] {
                in_a[image as usize] = true;
            }
            self.distance(&in_a)
        });
        (seen, significance)
    }

    fn distance(&self, in_a: &[bool]) -> f64 {
        let is_a = |&(_, image): &(f64, u32)| in_a[image as usize];
        let of_a = self.sorted.iter().filter(|value| is_a(value)).count() as f64;
        let of_b = self.sorted.len() as f64 - of_a;
        if of_a == 0.0 || of_b == 0.0 {
            return 0.0;
        }
        let (mut a, mut b, mut most) = (0.0, 0.0, 0.0f64);
        for (place, value) in self.sorted.iter().enumerate() {
            match is_a(value) {
                true => a += 1.0,
                false => b += 1.0,
            }
            let ends = (self.sorted.get(place + 1)).is_none_or(|next| next.0 > value.0);
            if ends {
                most = most.max((a / of_a - b / of_b).abs());
            }
        }
        most
    }

    /// The middle value of each split.
    pub(super) fn medians(&self) -> [f64; 2] {
        [true, false].map(|first| {
            let is_here = |image: u32| ((image as usize) < self.images[0]) == first;
            let mut here = (self.sorted.iter()).filter(|&&(_, image)| is_here(image));
            let count = here.clone().count();
            here.nth(count / 2).map_or(f64::NAN, |&(value, _)| value)
        })
    }
}

/// Divisions to draw for `questions` asked at once: each needs p down to the
/// level after adjustment for all of them.
pub(super) fn draws(questions: usize, level: f64) -> usize {
    ((2 * questions) as f64 / level).clamp(999.0, 9_999.0) as usize
}
