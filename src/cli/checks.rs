//! `splitlint checks`: the list of all checks.

use super::console;
use crate::checks::registry;
use crate::error::Result;
use crate::finding::CheckInfo;

/// Prints the list.
pub(super) fn run() -> Result<u8> {
    let infos: Vec<&CheckInfo> = registry::all().map(|declared| declared.info).collect();
    let width = |of: fn(&CheckInfo) -> &str| infos.iter().map(|&info| of(info).len()).max();
    let codes = width(|info| info.code).unwrap_or(0);
    let names = width(|info| info.name).unwrap_or(0);
    let lines: String = infos
        .iter()
        .map(|info| {
            format!(
                "{:<codes$}  {:<7}  {:<names$}  {}\n",
                info.code, info.severity, info.name, info.summary
            )
        })
        .collect();
    console::print(&format!(
        "{lines}\n`splitlint explain CODE` describes a check; `--select` and `--ignore` take codes, names \
         and families such as LEAK.\n"
    ))?;
    Ok(0)
}
