//! Vectors for the bench from a model, made once. Judges nothing.

use std::error::Error;
use std::path::PathBuf;

use splitlint::executor::Executor;
use splitlint::features::onnx::{Model, ModelFile, WholeImages};
use splitlint::features::supplied::Supplied;
use splitlint::features::{Vectors, built_in};
use splitlint::fingerprint::Fingerprinted;
use splitlint::labelling::External;
use splitlint::sample::{Listing, SampleId};

/// What labels are judged by, as asked for on the command line.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// An ONNX file; without it the built-in features.
    pub(super) model: Option<PathBuf>,
    /// Pixels a side, where the model leaves it open.
    pub(super) size: Option<u32>,
    /// The built-in features beside the model's, each of length 1.
    pub(super) joined: bool,
}

impl Asked {
    /// The vectors of all samples, made once so that every labelling of the
    /// bench shares them.
    pub(super) fn bring(
        &self,
        listing: &Listing,
        seen: &Fingerprinted,
        executor: &Executor,
    ) -> Result<External, Box<dyn Error>> {
        let Some(path) = &self.model else {
            return Ok(External::Nothing);
        };
        let model = Model::load(&ModelFile {
            path: path.clone(),
            size: self.size,
            ..ModelFile::default()
        })?;
        let ids: Vec<SampleId> = listing.samples.iter().map(|sample| sample.id).collect();
        let shown = WholeImages {
            ids: &ids,
            fingerprints: &seen.table,
            images: &seen.images,
        };
        let made = model.vectors(&shown, executor, |_| ())?;
        let seen_ids: Vec<SampleId> = made.rows.iter().map(|&row| ids[row]).collect();
        let mut vectors = made.vectors;
        if self.joined {
            let thumbnail = |i: usize| {
                let thumbnail = seen.images.thumbnails.get(seen_ids[i]);
                thumbnail.unwrap_or_default()
            };
            let own = built_in::vectors(seen_ids.len(), thumbnail, executor, |_| ())?;
            vectors = beside(vectors, own);
        }
        let rows = Supplied {
            ids: seen_ids,
            vectors,
            columns: None,
            notes: Vec::new(),
        };
        Ok(External::Embeddings(rows, model.name().to_owned()))
    }
}

/// Both vectors of each row, each scaled to length 1.
fn beside(mut left: Vectors, mut right: Vectors) -> Vectors {
    left.normalize();
    right.normalize();
    let rows = (0..left.len()).flat_map(|row| [left.row(row), right.row(row)]);
    let data = rows.collect::<Vec<_>>().concat();
    Vectors::new(left.dim() + right.dim(), data).unwrap_or_default()
}
