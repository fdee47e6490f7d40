//! The search for copies as a whole. Tests of single stages stand beside their code.

pub(super) mod files;
mod look_alikes;
mod memo;
mod planted;
pub(super) mod scenes;
