//! One place that is listed, and as what. Touches no disk.

use std::path::Path;

use super::Request;
use super::builder::{Builder, REFERENCE};
use super::walk::Walker;
use crate::error::Result;
use crate::sample::{SampleKey, SplitId, canonical_split};

/// One place that is listed.
pub(super) struct Input<'a> {
    /// As the user wrote it.
    pub(super) shown: &'a Path,
    /// The same with links resolved.
    pub(super) path: &'a Path,
    /// What the keys of its samples begin with.
    pub(super) key: SampleKey,
    pub(super) role: Role<'a>,
    pub(super) request: &'a Request,
    pub(super) walker: &'a Walker<'a>,
}

/// What a place is listed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role<'a> {
    /// The data set, whose splits are its own matter.
    Set,
    /// One split, whatever splits it has itself.
    Split(&'a str),
    /// Data used before.
    Reference,
}

impl<'a> Input<'a> {
    /// The place at `path`, which `shown` names as the user did, with what its
    /// keys begin with and what it is listed as.
    pub(super) fn new(
        shown: &'a Path,
        path: &'a Path,
        (key, role): (SampleKey, Role<'a>),
        request: &'a Request,
        walker: &'a Walker<'a>,
    ) -> Self {
        Self {
            shown,
            path,
            key,
            role,
            request,
            walker,
        }
    }

    /// The split that everything here belongs to, if it is one.
    pub(super) fn split(&self, builder: &mut Builder) -> Result<Option<SplitId>> {
        match self.role {
            Role::Set => Ok(None),
            Role::Split(name) => builder
                .split(canonical_split(name).unwrap_or(name))
                .map(Some),
            Role::Reference => builder.split(REFERENCE).map(Some),
        }
    }

    /// The flag that named it, for messages.
    pub(super) fn flag(&self) -> String {
        let shown = self.shown.display();
        match self.role {
            Role::Set => format!("`{shown}`"),
            Role::Split(name) => format!("`--split {name}={shown}`"),
            Role::Reference => format!("`--reference {shown}`"),
        }
    }
}
