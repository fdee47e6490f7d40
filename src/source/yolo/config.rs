//! `data.yaml` of an Ultralytics set. Looks for no file.

use std::collections::BTreeMap;

use serde_json::Value;

/// A `data.yaml` above this is none: the longest public one, with 1,203 class
/// names, has 60 kB.
const MAX_BYTES: usize = 16 << 20;

/// More class names than this are a mistake: ImageNet-21k has 21,841.
const MAX_CLASSES: u64 = 1_000_000;

/// What a `data.yaml` says of the images. Its `download` is never run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Config {
    /// The folder that the others are relative to, if it says so.
    pub(super) root: Option<String>,
    /// Folders or lists of images by split, in the order train, val, test.
    pub(super) splits: Vec<(&'static str, Vec<String>)>,
    /// Names by class number.
    pub(super) names: BTreeMap<u64, String>,
    /// The names are made up from the count: `class_0`, …
    pub(super) unnamed: bool,
    /// Numbers of a keypoint that follow each box.
    pub(super) keypoints: usize,
}

impl Config {
    /// Whether this is a set's description: it names what to train on and the
    /// classes.
    pub(super) fn is_data_set(&self) -> bool {
        self.splits
            .iter()
            .any(|(name, _)| matches!(*name, "train" | "val"))
            && (!self.names.is_empty() || self.unnamed)
    }
}

/// Reads a `data.yaml`.
///
/// # Errors
/// What is wrong, with its line where the parser reports one.
pub(super) fn parse(bytes: &[u8]) -> Result<Config, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("{} bytes: too long for a `data.yaml`", bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let yaml: Value = serde_saphyr::from_str(text).map_err(|error| one_line(&error.to_string()))?;
    let Value::Object(map) = yaml else {
        return Err("it is no mapping of names to values".to_owned());
    };
    let mut config = Config {
        root: match map.get("path") {
            None | Some(Value::Null) => None,
            Some(value) => Some(scalar(value).ok_or("`path` is no text")?),
        },
        ..Config::default()
    };
    for (split, keys) in [
        ("train", &["train"][..]),
        // Ultralytics takes `validation` for `val` where only that is there.
        ("val", &["val", "validation"]),
        ("test", &["test"]),
    ] {
        let given = keys
            .iter()
            .find_map(|key| map.get(*key).filter(|v| !v.is_null()));
        if let Some(value) = given {
            let places = places(value)
                .ok_or_else(|| format!("`{}` is neither a text nor a list of texts", keys[0]))?;
            config.splits.push((split, places));
        }
    }
    let count = map.get("nc").and_then(Value::as_u64);
    match map.get("names") {
        None | Some(Value::Null) => {
            let count = count.unwrap_or(0);
            if count > MAX_CLASSES {
                return Err(format!("`nc` is {count}, more than {MAX_CLASSES} classes"));
            }
            config.unnamed = count > 0;
            config.names = (0..count).map(|n| (n, format!("class_{n}"))).collect();
        }
        Some(Value::Array(list)) => {
            for (number, name) in (0..).zip(list) {
                let name = scalar(name).ok_or_else(|| format!("name {number} is no text"))?;
                config.names.insert(number, name);
            }
        }
        Some(Value::Object(named)) => {
            for (number, name) in named {
                let place = number.trim().parse().map_err(|_| {
                    format!("`names` has the key `{number}`, which is no class number")
                })?;
                let name = scalar(name).ok_or_else(|| format!("name {number} is no text"))?;
                config.names.insert(place, name);
            }
        }
        Some(_) => return Err("`names` is neither a list nor a mapping".to_owned()),
    }
    if let Some(Value::Array(shape)) = map.get("kpt_shape") {
        let product = shape
            .iter()
            .map(|v| v.as_u64().and_then(|n| usize::try_from(n).ok()));
        let mut product = product;
        let product = product.try_fold(1_usize, |all, n| all.checked_mul(n?));
        config.keypoints = product.unwrap_or(0);
    }
    Ok(config)
}

/// A text or a list of texts.
fn places(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(list) => list.iter().map(scalar).collect(),
        other => scalar(other).map(|place| vec![place]),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn one_line(text: &str) -> String {
    let first: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .take(1)
        .collect();
    first.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_texts_or_lists_and_names_a_list_or_a_mapping() {
        let config = parse(
            b"path: ../set\ntrain: [images/a, images/b]\nvalidation: images/val\ntest:\n\
              names:\n  0: person\n  2: traffic light\ndownload: |\n  rm -rf /\n",
        )
        .expect("a config");
        assert_eq!(config.root.as_deref(), Some("../set"));
        assert_eq!(
            config.splits,
            [
                ("train", vec!["images/a".to_owned(), "images/b".to_owned()]),
                ("val", vec!["images/val".to_owned()])
            ]
        );
        assert_eq!(config.names[&2], "traffic light");
        assert!(config.is_data_set());
        let list = parse(b"train: t\nval: v\nnc: 2\nnames: ['cat', 7]\n").expect("a config");
        assert_eq!(list.names[&1], "7");
        let counted = parse(b"train: t\nval: v\nnc: 2\n").expect("a config");
        assert_eq!(counted.names[&1], "class_1");
        assert!(counted.unnamed);
    }

    #[test]
    fn other_yaml_is_no_data_set_and_broken_yaml_is_told() {
        assert!(
            !parse(b"lr0: 0.01\nepochs: 3\n")
                .expect("YAML")
                .is_data_set()
        );
        assert!(parse(b"train: [a, b\nval: c\n").is_err());
        assert!(parse(b"- a\n- b\n").is_err());
        assert!(parse(b"train: t\nnames: 7\n").is_err());
        assert!(parse(b"train: t\nnc: 99999999999\n").is_err());
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x,x]\n");
        for (one, two) in ('a'..='h').zip('b'..='i') {
            let list = vec![format!("*{one}"); 10].join(",");
            bomb.push_str(&format!("{two}: &{two} [{list}]\n"));
        }
        assert!(parse(bomb.as_bytes()).is_err());
    }
}
