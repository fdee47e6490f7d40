//! Disjoint sets of numbers (union-find). Knows nothing of what the numbers
//! stand for.

/// Disjoint sets of the numbers below a count. Union by the lower number keeps
/// roots first members; halving paths keeps them short (Tarjan & van Leeuwen
/// 1984).
#[derive(Debug, Clone)]
pub struct DisjointSets {
    parents: Vec<u32>,
}

impl DisjointSets {
    /// Each number by itself.
    pub fn new(count: usize) -> Self {
        Self {
            parents: (0..count as u32).collect(),
        }
    }

    /// The lowest number of a number's set.
    pub fn find(&mut self, mut number: u32) -> u32 {
        while self.parents[number as usize] != number {
            let above = self.parents[number as usize];
            self.parents[number as usize] = self.parents[above as usize];
            number = above;
        }
        number
    }

    /// Unites two sets; whether they were apart.
    pub fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        self.parents[a.max(b) as usize] = a.min(b);
        a != b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_numbers_share_their_lowest_member() {
        let mut sets = DisjointSets::new(6);
        assert!(sets.join(4, 2));
        assert!(sets.join(5, 4));
        assert!(!sets.join(2, 5));
        let lowest: Vec<u32> = (0..6).map(|number| sets.find(number)).collect();
        assert_eq!(lowest, [0, 1, 2, 3, 2, 2]);
    }
}
