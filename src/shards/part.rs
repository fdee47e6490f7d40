//! Which samples of a data set one of several processes fingerprints. Reads none.

use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::sample::{Location, SampleId};
use crate::source::{Bytes, ReadFailure, Reader, Version};

/// Samples that are read together, as a scan reads them.
const RUN: usize = 64;

/// Runs of one part at least, where there are samples enough: parts differ by one of them.
const RUNS: usize = 16;

/// More parts than this are a mistake: each lists the whole data set.
const MOST: u32 = 100_000;

/// One of several parts of a data set, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// Its number.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

impl Part {
    /// All of a data set.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Whether there is such a part.
    pub(super) fn is_sound(self) -> bool {
        (1..=self.of).contains(&self.number) && self.of <= MOST
    }

    /// The samples of this part, in listing order: as many as of any other part, but for a
    /// block that can only be read as a whole.
    pub(super) fn samples(self, reader: &dyn Reader, count: usize) -> Vec<SampleId> {
        let mut samples = Vec::with_capacity(count / self.of as usize + RUN);
        let mut before = 0;
        let length = (count / (self.of as usize * RUNS)).clamp(1, RUN);
        for run in reader.runs(count, length) {
            // By the middle of the run, so that long ones go where most of them belongs.
            let middle = before + run.len() / 2;
            let part = middle as u64 * u64::from(self.of) / count as u64;
            before += run.len();
            if part + 1 == u64::from(self.number) {
                samples.extend(run);
            }
        }
        samples.sort_unstable();
        samples
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(number, of)| {
            Some(Self {
                number: number.parse().ok()?,
                of: of.parse().ok()?,
            })
        });
        (parts.filter(|part| part.is_sound()))
            .ok_or_else(|| "write it as I/N, the first part of seven as 1/7".to_owned())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// Some samples of a data set, numbered by themselves.
pub(super) struct PartReader {
    pub(super) all: Arc<dyn Reader>,
    /// How many samples the data set has.
    pub(super) count: usize,
    /// Sorted.
    pub(super) samples: Vec<SampleId>,
}

impl PartReader {
    fn id(&self, id: SampleId) -> SampleId {
        self.samples[id.index()]
    }

    fn number(&self, id: SampleId) -> Option<SampleId> {
        let place = self.samples.binary_search(&id).ok()?;
        Some(SampleId(place as u32))
    }
}

impl Reader for PartReader {
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        self.all.read(self.id(id))
    }

    fn version(&self, id: SampleId) -> Option<Version> {
        self.all.version(self.id(id))
    }

    fn location(&self, id: SampleId) -> Location {
        self.all.location(self.id(id))
    }

    fn runs(&self, _: usize, length: usize) -> Vec<Vec<SampleId>> {
        let runs = self.all.runs(self.count, length).into_iter();
        let own = runs.map(|run| run.into_iter().filter_map(|id| self.number(id)).collect());
        own.filter(|run: &Vec<SampleId>| !run.is_empty()).collect()
    }

    fn read_run(
        &self,
        run: &[SampleId],
        visit: &mut dyn FnMut(SampleId, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let all: Vec<SampleId> = run.iter().map(|&id| self.id(id)).collect();
        self.all
            .read_run(&all, &mut |id, bytes| match self.number(id) {
                Some(id) => visit(id, bytes),
                None => ControlFlow::Continue(()),
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Samples whose bytes are their number, in blocks of so many.
    struct Numbers(usize);

    impl Reader for Numbers {
        fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
            Ok(id.0.to_le_bytes().to_vec())
        }

        fn version(&self, _: SampleId) -> Option<Version> {
            None
        }

        fn location(&self, id: SampleId) -> Location {
            Location::File(format!("{}.jpg", id.0).into())
        }

        fn runs(&self, count: usize, length: usize) -> Vec<Vec<SampleId>> {
            let ids: Vec<SampleId> = (0..count as u32).rev().map(SampleId).collect();
            ids.chunks(length.max(self.0)).map(<[_]>::to_vec).collect()
        }
    }

    proptest! {
        #[test]
        fn every_sample_is_in_one_part_and_parts_differ_by_a_block_at_most(
            count in 0usize..3000,
            of in 1u32..9,
            block in 1usize..200,
        ) {
            let reader = Numbers(block);
            let parts: Vec<Vec<SampleId>> = (1..=of)
                .map(|number| Part { number, of }.samples(&reader, count))
                .collect();
            let mut all = parts.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..count as u32).map(SampleId).collect::<Vec<_>>());
            let fair = count as f64 / f64::from(of);
            for part in parts {
                prop_assert!((part.len() as f64 - fair).abs() <= block.max(RUN) as f64);
            }
        }
    }

    #[test]
    fn reader_of_a_part_reads_its_samples_under_their_own_numbers() {
        let all: Arc<dyn Reader> = Arc::new(Numbers(1));
        let part = Part { number: 2, of: 3 };
        let samples = part.samples(all.as_ref(), 500);
        let reader = PartReader {
            all,
            count: 500,
            samples: samples.clone(),
        };
        let mut seen = Vec::new();
        for run in reader.runs(samples.len(), 64) {
            let flow = reader.read_run(&run, &mut |id, bytes| {
                assert_eq!(reader.read(id), bytes.map(|bytes| bytes.into_owned()));
                assert_eq!(
                    reader.read(id),
                    Ok(samples[id.index()].0.to_le_bytes().to_vec())
                );
                seen.push(id);
                ControlFlow::Continue(())
            });
            assert!(flow.is_continue());
        }
        seen.sort_unstable();
        assert_eq!(
            seen,
            (0..samples.len() as u32).map(SampleId).collect::<Vec<_>>()
        );
    }

    #[test]
    fn parts_are_written_as_number_and_count() {
        assert_eq!("3/7".parse(), Ok(Part { number: 3, of: 7 }));
        for wrong in ["0/7", "8/7", "1/0", "1", "a/b", "", "1/4000000000"] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }
}
