//! How a check declares itself, once. Holds no check.

use thiserror::Error;

use super::Check;
use crate::finding::CheckInfo;

/// A settings table that a check cannot take.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct SettingsError(pub String);

/// A check as the registry holds it: its face, and how to build it.
#[derive(Debug, Clone, Copy)]
pub struct Declared {
    /// Its face.
    pub info: &'static CheckInfo,
    /// Builds it from its settings table; a missing setting has its default.
    pub build: fn(toml::Table) -> Result<Box<dyn Check>, SettingsError>,
    /// All its settings with their defaults.
    pub defaults: fn() -> toml::Table,
}

/// Declares the check of this file: a `CheckInfo` by the name given, and
/// `DECLARED` for the family's list. The file defines `Settings` (serde, with
/// defaults, unknown fields denied) and `ThisCheck { settings: Settings }`.
macro_rules! declare_check {
    (pub $name:ident = {
        code: $code:literal,
        name: $kebab:literal,
        summary: $summary:literal,
        next_step: $next_step:literal,
        severity: $severity:expr,
        docs: $docs:literal $(,)?
    }) => {
        #[doc = $summary]
        pub static $name: crate::finding::CheckInfo = crate::finding::CheckInfo {
            code: $code,
            name: $kebab,
            summary: $summary,
            next_step: $next_step,
            severity: $severity,
            docs: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/checks/", $docs)),
        };

        pub(super) const DECLARED: crate::checks::Declared = crate::checks::Declared {
            info: &$name,
            build: |table| {
                let settings: Settings = table.try_into().map_err(|e: toml::de::Error| {
                    crate::checks::SettingsError(e.message().to_owned())
                })?;
                Ok(Box::new(ThisCheck { settings }))
            },
            defaults: || toml::Table::try_from(Settings::default()).unwrap_or_default(),
        };
    };
}
