//! Stands in for the model in a build without the feature `onnx`. There is no
//! such model, so nothing here ever runs one.

use std::convert::Infallible;

use super::{ModelFile, Seen, Subjects};
use crate::error::{Error, Result};
use crate::executor::{Executor, Interrupted};

/// A model that cannot be had in this build.
#[derive(Debug)]
pub struct Model(Infallible);

impl Model {
    /// Refuses.
    ///
    /// # Errors
    /// [`Error::Config`], always, with the way to a build that can.
    pub fn load(file: &ModelFile) -> Result<Self> {
        Err(Error::config(format!(
            "`{}`: this splitlint was built without the feature `onnx` and runs no model; \
             `cargo install --path . --features onnx` includes it; or provide the model's vectors \
             (`--embeddings`)",
            file.path.display()
        )))
    }

    /// What to call its vectors.
    pub fn name(&self) -> &str {
        match self.0 {}
    }

    /// What a person should know of how it is used.
    pub fn notes(&self) -> &[String] {
        match self.0 {}
    }

    /// Shows it nothing.
    ///
    /// # Errors
    /// None: there is no such model.
    pub fn vectors(
        &self,
        _: &dyn Subjects,
        _: &Executor,
        _: impl Fn(u64) + Sync,
    ) -> Result<Seen, Interrupted> {
        match self.0 {}
    }
}
