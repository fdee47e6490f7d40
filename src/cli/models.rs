//! Networks named with `--model`: where an installed one lies. Reads none.

use std::path::{Component, Path, PathBuf};

use crate::config::Settings;
use crate::error::{Error, Result};
use crate::labelling::Wanted;

/// The names that `python/splitlint/models.py` installs, each with the extra of
/// the Python package that brings its weights.
const KNOWN: [(&str, &str); 1] = [("efficientnet-lite0", "vision")];

/// Puts the file of an installed network where a name was given; `folders` are
/// the caches to look into, the first that has it wins.
///
/// # Errors
/// [`Error::Config`] when the network is in none of them, with the commands
/// that install it.
pub(super) fn place(settings: &mut Settings, folders: &[PathBuf]) -> Result<()> {
    let Wanted::Model(file) = &mut settings.label_rows else {
        return Ok(());
    };
    // A build without a runtime says so itself.
    let (Some(name), true) = (name(&file.path), cfg!(feature = "onnx")) else {
        return Ok(());
    };
    let places = folders.iter().map(|folder| folder.join("models"));
    let places: Vec<PathBuf> = places.map(|f| f.join(format!("{name}.onnx"))).collect();
    match places.iter().find(|place| place.is_file()) {
        Some(place) => file.path.clone_from(place),
        None => return Err(Error::config(missing(name, &places))),
    }
    Ok(())
}

/// The name, if it is one: a single word without an extension that is no file.
fn name(path: &Path) -> Option<&str> {
    let mut parts = path.components();
    let (Some(Component::Normal(name)), None) = (parts.next(), parts.next()) else {
        return None;
    };
    let name = name.to_str()?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (name.chars().all(word) && !path.exists()).then_some(name)
}

fn missing(name: &str, places: &[PathBuf]) -> String {
    let places: Vec<String> = (places.iter())
        .map(|place| format!("`{}`", place.display()))
        .collect();
    let looked = match &places[..] {
        [] => "no cache folder is known".to_owned(),
        places => format!("there is no {}", places.join(", and no ")),
    };
    let next = match KNOWN.iter().find(|(known, _)| *known == name) {
        Some((_, extra)) => format!(
            "install it with `pip install \"splitlint[{extra}]\"` and `python -m splitlint.models install {name}`"
        ),
        None => {
            let names: Vec<String> = KNOWN.iter().map(|(name, _)| format!("`{name}`")).collect();
            format!(
                "give the path of an `.onnx` file, or a network that can be installed: {}",
                names.join(", ")
            )
        }
    };
    format!("model `{name}` is not installed: {looked}; {next}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{Options, resolve};
    use crate::features::onnx::ModelFile;

    fn placed(model: &str, folders: &[PathBuf]) -> Result<PathBuf> {
        let mut settings = resolve(Options {
            root: Some("data".into()),
            model: Some(model.into()),
            ..Options::default()
        })?;
        place(&mut settings, folders)?;
        match settings.label_rows {
            Wanted::Model(ModelFile { path, .. }) => Ok(path),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn installed_network_is_found_by_its_name_in_the_first_cache_that_has_it() {
        let caches = tempfile::tempdir().expect("a folder");
        let [first, second] = ["a", "b"].map(|name| caches.path().join(name));
        fs::create_dir_all(second.join("models")).expect("made");
        let file = second.join("models/some-net.onnx");
        fs::write(&file, "").expect("written");
        let found = placed("some-net", &[first, second]);
        assert_eq!(found.expect("found"), file);
    }

    #[test]
    fn missing_network_is_told_with_the_commands_that_install_it() {
        let why = placed("efficientnet-lite0", &["/no/cache".into()]).expect_err("missing");
        let why = why.to_string();
        for part in [
            "/no/cache",
            "`pip install \"splitlint[vision]\"`",
            "`python -m splitlint.models install efficientnet-lite0`",
        ] {
            assert!(why.contains(part), "`{part}` is not in: {why}");
        }
        let why = placed("resnet", &[]).expect_err("unknown").to_string();
        assert!(why.contains("`efficientnet-lite0`"), "{why}");
        assert!(!why.contains("install it with"), "{why}");
    }

    #[test]
    fn paths_are_left_as_they_are() {
        for path in ["net.onnx", "./net", "models/net", "net.pt", "/net"] {
            assert_eq!(placed(path, &[]).expect("no name"), PathBuf::from(path));
        }
    }
}
