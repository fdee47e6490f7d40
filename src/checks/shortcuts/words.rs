//! A tree in words. Grows none.

use super::columns::Column;
use crate::statistics::{Feature, Node, Size, Task, Test, Tree};

/// Grows a tree on all rows and says in words when it decides for class 1:
/// "JPEG quality at most 60, or height above 300 and no camera make".
pub(super) fn rule(
    columns: &[&Column],
    features: &[Feature],
    targets: &[u32],
    size: Size,
) -> String {
    let task = Task {
        features,
        targets,
        classes: 2,
    };
    let rows: Vec<u32> = (0..targets.len() as u32).collect();
    let tree = Tree::grow(&task, &rows, size);
    let mut ways = Vec::new();
    follow(&tree, columns, 0, &mut Vec::new(), &mut ways);
    ways.join(", or ")
}

fn follow(
    tree: &Tree,
    columns: &[&Column],
    node: usize,
    asked: &mut Vec<(usize, Test, bool)>,
    ways: &mut Vec<String>,
) {
    match &tree.nodes[node] {
        Node::Leaf(shares) => {
            if shares.get(1).is_some_and(|&share| share > 0.5) {
                ways.push(in_words(columns, asked));
            }
        }
        Node::Split {
            feature,
            test,
            yes,
            no,
        } => {
            if same_answer(tree, *yes, *no) {
                // Both sides decide alike: the question adds nothing.
                follow(tree, columns, *yes, asked, ways);
                return;
            }
            for (next, holds) in [(*yes, true), (*no, false)] {
                asked.push((*feature, *test, holds));
                follow(tree, columns, next, asked, ways);
                asked.pop();
            }
        }
    }
}

/// All answers on the way to a leaf, those about one feature together.
fn in_words(columns: &[&Column], asked: &[(usize, Test, bool)]) -> String {
    let mut features: Vec<usize> = Vec::new();
    for &(feature, _, _) in asked {
        if !features.contains(&feature) {
            features.push(feature);
        }
    }
    let words: Vec<String> = features
        .into_iter()
        .map(|feature| {
            let answers: Vec<(Test, bool)> = asked
                .iter()
                .filter(|(of, _, _)| *of == feature)
                .map(|&(_, test, holds)| (test, holds))
                .collect();
            columns[feature].words(&answers)
        })
        .collect();
    words.join(" and ")
}

fn same_answer(tree: &Tree, a: usize, b: usize) -> bool {
    let answer = |node: usize| match &tree.nodes[node] {
        Node::Leaf(shares) => shares.get(1).map(|&share| share > 0.5),
        Node::Split { .. } => None,
    };
    answer(a).is_some() && answer(a) == answer(b)
}
