//! The names a settings struct knows, and the nearest to a wrong one. Reads
//! no file.

use serde::de::{Deserialize, Deserializer, Error as _, Visitor, value::Error};
use serde::forward_to_deserialize_any;

/// Below this Jaro–Winkler similarity a guess is no help: `radus` is 0.95
/// from `radius`, `fail_on` 0.92 from `fail-on`, unrelated words are under 0.7.
const CLOSE: f64 = 0.75;

/// The keys that `T`, a struct, is read from: what serde received, so that no
/// list is kept by hand.
pub(super) fn of<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut recorder = Recorder(&[]);
    // Always an error: the recorder holds no data.
    let _ = T::deserialize(&mut recorder);
    recorder.0
}

/// The known word most like `word`, if one is like it at all.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&word.to_ascii_lowercase(), name), name))
        .filter(|&(close, _)| close >= CLOSE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

struct Recorder(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Recorder {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("holds no data"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0 = fields;
        Err(Error::custom("holds no data"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;

    #[test]
    fn keys_are_those_that_serde_knows() {
        let keys = of::<Options>();
        assert!(keys.contains(&"fail-on") && keys.contains(&"checks"));
        assert!(!keys.contains(&"problems"));
    }

    #[test]
    fn near_miss_is_named_and_nonsense_is_not() {
        let keys = of::<Options>();
        let near = |word| nearest(word, keys.iter().copied());
        assert_eq!(near("sellect"), Some("select"));
        assert_eq!(near("fail_on"), Some("fail-on"));
        assert_eq!(near("Max-Pixel"), Some("max-pixels"));
        assert_eq!(near("zzz"), None);
    }
}
