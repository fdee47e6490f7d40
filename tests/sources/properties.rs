//! What holds of every listing.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn files() -> impl Strategy<Value = BTreeSet<String>> {
    let split = prop::sample::select(vec!["train", "Validation", "test", "extra", "cat"]);
    let class = prop::sample::select(vec!["cat", "dog", "images", ".git", "b d"]);
    let name = prop::sample::select(vec!["1.jpg", "2.PNG", "notes.txt", "x", ".hidden.jpg"]);
    let file = prop_oneof![
        (split.clone(), class, name.clone()).prop_map(|(s, c, n)| format!("{s}/{c}/{n}")),
        (split, name).prop_map(|(s, n)| format!("{s}/{n}")),
    ];
    prop::collection::btree_set(file, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn listings_are_sorted_whole_and_do_not_depend_on_the_order_of_creation(files in files()) {
        let forward: Vec<&str> = files.iter().map(String::as_str).collect();
        let backward: Vec<&str> = forward.iter().rev().copied().collect();
        let (one, two) = (Set::of(&forward), Set::of(&backward));
        match (list(&one.request()), list(&two.request())) {
            (Ok(one), Ok(two)) => {
                let (one, two) = (one.listing, two.listing);
                prop_assert!(one.samples.windows(2).all(|w| w[0].key < w[1].key));
                for sample in &one.samples {
                    prop_assert!(sample.split.is_none_or(|s| s.index() < one.splits.len()));
                    for class in sample.labels.classes() {
                        prop_assert!(class.index() < one.classes.len());
                    }
                }
                prop_assert!(one.classes.is_sorted() && one.problems.is_sorted());
                prop_assert_eq!(rows(&one), rows(&two));
                prop_assert_eq!(one.problems, two.problems);
                prop_assert_eq!(one.folders, two.folders);
                prop_assert_eq!(one.skipped, two.skipped);
                prop_assert_eq!(one.layout.summary, two.layout.summary);
            }
            (Err(one_error), Err(two_error)) => {
                let name = |set: &Set| set.folder.path().display().to_string();
                prop_assert_eq!(
                    one_error.to_string().replace(&name(&one), ""),
                    two_error.to_string().replace(&name(&two), "")
                );
            }
            (one, two) => prop_assert!(false, "{} {}", one.is_ok(), two.is_ok()),
        }
    }
}
