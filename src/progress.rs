//! How a scan reports its progress. Knows nothing of terminals.

/// A stage of a scan that takes long enough to watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Listing files; the total is not known.
    Walk,
    /// Reading and fingerprinting; one step a sample.
    Fingerprint,
    /// Reading where images lie; one step a sample.
    Footprints,
    /// Finding and verifying duplicate pairs.
    Duplicates,
    /// Linking images of one scene.
    Scenes,
    /// Comparing objects with those of other images; one step an object.
    Objects,
    /// Fitting the label model.
    Labels,
    /// Running checks; one step a check.
    Checks,
    /// Writing the report.
    Report,
}

impl Stage {
    /// The stage as a person reads it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Fingerprint => "fingerprint",
            Self::Footprints => "footprints",
            Self::Duplicates => "duplicates",
            Self::Scenes => "scenes",
            Self::Objects => "objects",
            Self::Labels => "labels",
            Self::Checks => "checks",
            Self::Report => "report",
        }
    }
}

/// Watches a scan. Called from several threads.
pub trait Progress: Send + Sync {
    /// `stage` begins; `total` steps are ahead if that is known.
    fn begin(&self, stage: Stage, total: Option<u64>);
    /// `steps` more are done.
    fn advance(&self, steps: u64);
    /// The stage is over; `kept` says what it kept, for a person.
    fn end(&self, stage: Stage, kept: &str);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Stage, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self, _: Stage, _: &str) {}
}
