//! The list of all checks. Runs none of them.

use super::{Declared, distribution, files, labels, leakage, objects, shortcuts};

/// Every check there is, in code order within its family.
pub fn all() -> impl Iterator<Item = &'static Declared> {
    [
        leakage::CHECKS,
        labels::CHECKS,
        distribution::CHECKS,
        objects::CHECKS,
        shortcuts::CHECKS,
        files::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// The check of that code or name, in any case.
pub fn find(code_or_name: &str) -> Option<&'static Declared> {
    all().find(|declared| {
        declared.info.code.eq_ignore_ascii_case(code_or_name)
            || declared.info.name.eq_ignore_ascii_case(code_or_name)
    })
}
