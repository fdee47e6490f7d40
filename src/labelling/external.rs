//! What the user brings for labels to be judged by. Checks that rows of
//! probabilities are such; judges nothing.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::features::Vectors;
use crate::features::onnx::{Model, ModelFile};
use crate::features::supplied::{self, RowsFile, Supplied};
use crate::sample::{Labels, Listing};

/// Which file to read, if any.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Wanted {
    /// None: labels are judged from the images.
    #[default]
    BuiltIn,
    /// A model that makes vectors of the images.
    Model(ModelFile),
    /// Rows of vectors.
    Embeddings(RowsFile),
    /// Rows of probabilities, one for each class, from a model that did not
    /// train on the sample.
    Probabilities(RowsFile),
}

/// What was read.
#[derive(Default)]
pub enum External {
    /// Nothing.
    #[default]
    Nothing,
    /// A model to show the images to.
    Model(Box<Model>),
    /// Vectors, and what to call them.
    Embeddings(Supplied, String),
    /// Probabilities in the order of the listing's classes, and what to call
    /// them.
    Probabilities(Supplied, String),
}

impl External {
    /// What a person should know of the rows.
    pub fn notes(&self) -> &[String] {
        match self {
            Self::Nothing => &[],
            Self::Model(model) => model.notes(),
            Self::Embeddings(rows, _) | Self::Probabilities(rows, _) => &rows.notes,
        }
    }
}

/// How far a row of probabilities of samples with one label each may be from a sum of 1: half precision and
/// four printed digits stay within it for a thousand classes.
const SUM_ERROR: f32 = 0.02;

/// Reads what is wanted. `root` is where keys written as whole paths begin.
///
/// # Errors
/// [`Error::Input`] when the file cannot be read, fits no sample, holds no
/// probabilities where they are meant, or no model that takes images.
/// [`Error::Config`] for a model in a build that runs none.
pub fn external(wanted: &Wanted, listing: &Listing, root: Option<&Path>) -> Result<External> {
    match wanted {
        Wanted::BuiltIn => Ok(External::Nothing),
        Wanted::Model(file) => Ok(External::Model(Box::new(Model::load(file)?))),
        Wanted::Embeddings(file) => {
            let rows = supplied::load(file, listing, root)?;
            Ok(External::Embeddings(rows, named("embeddings", &file.path)))
        }
        Wanted::Probabilities(file) => {
            let rows = supplied::load(file, listing, root)?;
            let fault = |why: String| Error::Input(format!("`{}`: {why}", file.path.display()));
            let rows = by_class(rows, &listing.classes).map_err(fault)?;
            check(&rows, listing).map_err(fault)?;
            let name = named("probabilities", &file.path);
            Ok(External::Probabilities(rows, name))
        }
    }
}

fn named(what: &str, path: &Path) -> String {
    let file = path.file_name().map(PathBuf::from).unwrap_or_default();
    format!("the {what} of `{}`", file.display())
}

/// One column for each class, in the listing's order.
fn by_class(mut rows: Supplied, classes: &[String]) -> Result<Supplied, String> {
    let Some(columns) = &rows.columns else {
        if rows.vectors.dim() == classes.len() {
            return Ok(rows);
        }
        return Err(format!(
            "{} probabilities in a row, but {} classes; they must be in the order {}",
            rows.vectors.dim(),
            classes.len(),
            some(classes)
        ));
    };
    let missing: Vec<String> = (classes.iter())
        .filter(|class| !columns.contains(class))
        .cloned()
        .collect();
    if !missing.is_empty() {
        return Err(format!("no column for {}", some(&missing)));
    }
    let places: Vec<usize> = (classes.iter())
        .filter_map(|class| columns.iter().position(|column| column == class))
        .collect();
    let of_row = |row: usize| {
        let values = rows.vectors.row(row);
        places.iter().map(|&place| values[place])
    };
    let data = (0..rows.vectors.len()).flat_map(of_row).collect();
    rows.vectors = Vectors::new(places.len(), data).unwrap_or_default();
    rows.columns = Some(classes.to_vec());
    Ok(rows)
}

fn check(rows: &Supplied, listing: &Listing) -> Result<(), String> {
    let several = (listing.samples.iter()).any(|s| matches!(s.labels, Labels::Many(_)));
    for (row, &id) in rows.ids.iter().enumerate() {
        let values = rows.vectors.row(row);
        let sum: f32 = values.iter().sum();
        let bounded = values.iter().all(|p| (0.0..=1.0 + SUM_ERROR).contains(p));
        if several && !bounded {
            return Err(format!(
                "the row of `{}` holds no probabilities: put scores of several labels through a \
                 sigmoid first",
                listing.sample(id).key
            ));
        }
        // Of several labels each has a probability of its own.
        if !several && (!bounded || (sum - 1.0).abs() > SUM_ERROR) {
            return Err(format!(
                "the row of `{}` holds no class probabilities: it sums to {sum:.3}; put \
                 scores through a softmax first",
                listing.sample(id).key
            ));
        }
    }
    Ok(())
}

/// The first of some names, in back-quotes.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text: Vec<String> = (names.iter().take(SHOWN))
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > SHOWN {
        text.push("…".to_owned());
    }
    text.join(", ")
}
