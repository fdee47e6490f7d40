//! `splitlint cache`, and where the cache is unless said otherwise.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use super::command_args::{CacheAction, CacheArguments};
use super::console;
use crate::config::{Cache, Settings};
use crate::error::{Error, Result};
use crate::fingerprint::cache::{clear, contents};

/// Shows or clears the cache.
pub(super) fn run(arguments: &CacheArguments) -> Result<u8> {
    let Some(folder) = arguments.cache.clone().or_else(usual) else {
        return Err(Error::config(
            "there is no cache folder: no home folder is known; name one with `--cache DIR`",
        ));
    };
    if let CacheAction::Clear = arguments.action {
        clear(&folder).map_err(Error::Input)?;
    }
    let text = match contents(&folder).map_err(Error::Input)? {
        None => format!("no cache in `{}`\n", folder.display()),
        Some(found) => format!(
            "{}\n{:.1} MB: fingerprints of {} files, {} thumbnails and vectors, {} results of pair comparisons\n",
            found.path.display(),
            found.bytes as f64 / 1e6,
            found.fingerprints,
            found.derived,
            found.verdicts,
        ),
    };
    console::print(&text)?;
    Ok(0)
}

/// Puts the usual folder where none was named, and keeps the walk out of it.
pub(super) fn place(settings: &mut Settings) {
    if settings.cache == Cache::Usual {
        settings.cache = usual().map_or(Cache::Off, Cache::At);
    }
    if let Cache::At(folder) = &settings.cache {
        settings.request.never_enter.push(folder.clone());
    }
}

/// The folders that may hold installed models: the cache in use, then the usual
/// one, which has them even where nothing is to be cached.
pub(super) fn with_models(settings: &Settings) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Cache::At(folder) = &settings.cache {
        folders.push(folder.clone());
    }
    folders.extend(usual().filter(|usual| !folders.contains(usual)));
    folders
}

/// The user's cache folder, by the conventions of the system.
fn usual() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.cache_dir().join("splitlint"))
}
