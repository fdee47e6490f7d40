//! How a check declares itself, once. Holds no check.

use serde::{Deserialize, Serialize};
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

/// The settings of a check that has none: any key is refused.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoSettings {}

/// Declares the check of this file: a `CheckInfo` by the name given, and
/// `DECLARED` for the family's list.
///
/// The file defines `Settings` (serde, with defaults, unknown fields denied)
/// and `ThisCheck { settings: Settings }`; or, with `settings: none` as the
/// last line, a unit `ThisCheck`. `counts_as` may be left out: the findings are
/// then [remarks](crate::finding::CountsAs::Remark).
macro_rules! declare_check {
    (pub $name:ident = { $($face:tt)* }) => {
        declare_check!(@ $name, $($face)*);
    };
    (@ $name:ident,
        code: $code:literal,
        family: $family:ident,
        $(counts_as: $counts_as:ident,)?
        name: $kebab:literal,
        summary: $summary:literal,
        next_step: $next_step:literal,
        severity: $severity:expr,
        docs: $docs:literal,
        settings: none $(,)?
    ) => {
        declare_check!(@@ $name, $code, $family, [$($counts_as)?], $kebab, $summary, $next_step, $severity, $docs,
            crate::checks::declare::NoSettings, |_| ThisCheck);
    };
    (@ $name:ident,
        code: $code:literal,
        family: $family:ident,
        $(counts_as: $counts_as:ident,)?
        name: $kebab:literal,
        summary: $summary:literal,
        next_step: $next_step:literal,
        severity: $severity:expr,
        docs: $docs:literal $(,)?
    ) => {
        declare_check!(@@ $name, $code, $family, [$($counts_as)?], $kebab, $summary, $next_step, $severity, $docs,
            Settings, |settings| ThisCheck { settings });
    };
    (@@ $name:ident, $code:literal, $family:ident, [$($counts_as:ident)?], $kebab:literal,
        $summary:literal, $next_step:literal, $severity:expr, $docs:literal, $settings:ty, $build:expr
    ) => {
        #[doc = $summary]
        pub static $name: crate::finding::CheckInfo = crate::finding::CheckInfo {
            code: $code,
            family: crate::finding::Family::$family,
            counts_as: declare_check!(@counts_as $($counts_as)?),
            name: $kebab,
            summary: $summary,
            next_step: $next_step,
            severity: $severity,
            docs: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/checks/", $docs)),
        };

        pub(super) const DECLARED: crate::checks::Declared = crate::checks::Declared {
            info: &$name,
            build: |table| {
                let build: fn($settings) -> ThisCheck = $build;
                table
                    .try_into::<$settings>()
                    .map(|settings| Box::new(build(settings)) as Box<dyn crate::checks::Check>)
                    .map_err(|e| crate::checks::SettingsError(e.message().to_owned()))
            },
            defaults: || toml::Table::try_from(<$settings>::default()).unwrap_or_default(),
        };
    };
    (@counts_as) => { crate::finding::CountsAs::Remark };
    (@counts_as $counts_as:ident) => { crate::finding::CountsAs::$counts_as };
}
