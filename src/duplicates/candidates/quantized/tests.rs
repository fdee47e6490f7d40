use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::descriptor::cosine;
use super::arithmetic::{Portable, Task};
use super::*;

struct All {
    cut: f32,
    found: BTreeSet<(usize, usize)>,
}

impl RangeSearch for All {
    fn least(&self, _: usize) -> f32 {
        self.cut
    }

    fn found(&mut self, query: usize, entry: usize) {
        assert!(self.found.insert((query, entry)), "reported twice");
    }
}

/// Vectors of up to unit length, some alone on an axis.
fn vectors() -> impl Strategy<Value = Vec<Descriptor>> {
    let vector = (
        proptest::array::uniform24(-1.0f32..1.0),
        0u32..4,
        0.2f32..1.0,
    );
    let made = vector.prop_map(|(mut values, sharp, length)| {
        for value in &mut values {
            *value = value.powi(1 + 2 * sharp as i32);
        }
        let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
        values.map(|v| (v / norm * length * ONE as f32).round() as i16)
    });
    let axis = (0..DIM, any::<bool>()).prop_map(|(index, minus)| {
        let mut values = [0; DIM];
        values[index] = if minus { -ONE as i16 } else { ONE as i16 };
        values
    });
    proptest::collection::vec(prop_oneof![4 => made, 1 => axis], 0..150)
}

proptest! {
    #[test]
    fn every_product_above_the_cut_is_found(
        (mut queries, entries) in (vectors(), vectors()),
        cut in 0.3f32..0.95,
    ) {
        queries.extend(entries.iter().take(20));
        let mut all = All { cut, found: BTreeSet::new() };
        range_search(queries.iter().map(QuantizedQuery::new), &QuantizedDatabase::new(entries.iter()), &mut all);
        for (q, query) in queries.iter().enumerate() {
            for (e, entry) in entries.iter().enumerate() {
                let score = cosine(query, entry);
                let found = all.found.contains(&(q, e));
                prop_assert!(found || score < cut, "{score} was lost");
                prop_assert!(!found || score > cut - 0.1, "{score} is far below");
            }
        }
    }

    #[test]
    fn the_nearest_has_about_the_greatest_product(
        (vectors, entries) in (vectors(), vectors()),
    ) {
        prop_assume!(!entries.is_empty());
        let nearest = nearest(vectors.iter(), &QuantizedDatabase::new(entries.iter()));
        prop_assert_eq!(nearest.len(), vectors.len());
        for (vector, nearest) in vectors.iter().zip(nearest) {
            let most = entries.iter().map(|e| cosine(vector, e)).fold(-1.0, f32::max);
            prop_assert!(cosine(vector, &entries[usize::from(nearest)]) > most - 0.1);
        }
    }

    #[test]
    fn every_processor_finds_the_same((vectors, entries) in (vectors(), vectors())) {
        let database = QuantizedDatabase::new(entries.iter());
        let mut products = InnerProducts::default();
        for part in vectors.chunks(InnerProducts::MOST) {
            products.fill(part.iter(), &database);
            let here = products.values.clone();
            Task::run(super::All { entries: &database, products: &mut products }, Portable);
            prop_assert_eq!(&products.values, &here);
            let (mut found, mut portably) = (Vec::new(), Vec::new());
            let above = |found| Above {
                tile: &products.tile,
                biases: &products.tile.bias,
                blocks: &database.blocks,
                found,
            };
            run(above(&mut found));
            Task::run(above(&mut portably), Portable);
            prop_assert_eq!(found, portably);
            let (mut nearest, mut portably) = (Vec::new(), Vec::new());
            let greatest = |out| Greatest { tile: &products.tile, entries: &database, out };
            run(greatest(&mut nearest));
            Task::run(greatest(&mut portably), Portable);
            prop_assert_eq!(nearest, portably);
        }
    }
}
