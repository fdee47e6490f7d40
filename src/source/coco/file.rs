//! A COCO annotation file, read as a stream: what is kept of an annotation is
//! its image, category and box. Looks for no image.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::polygon::Hull;
use crate::executor::StopFlag;
use crate::sample::{ObjectFlags, Rect};

/// Annotations between two checks of the stop flag.
const BATCH: usize = 4096;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) images: Vec<Image>,
    pub(super) annotations: Vec<Annotation>,
    /// Names by category.
    pub(super) categories: HashMap<u32, String>,
    /// What identifies images and categories, by the numbers used here.
    pub(super) image_ids: Ids,
    pub(super) category_ids: Ids,
    /// Annotations with keypoints, which are not read.
    pub(super) keypoints: u64,
    /// Annotations with polygons or a mask and without a box.
    pub(super) unboxed: u64,
    /// Whether it has lists of images and of annotations at all.
    pub(super) has_images: bool,
    pub(super) has_annotations: bool,
}

/// An entry of `images`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) id: u32,
    pub(super) name: String,
}

/// An entry of `annotations`.
#[derive(Debug, PartialEq)]
pub(super) struct Annotation {
    pub(super) image: u32,
    pub(super) category: u32,
    pub(super) bounds: Option<Rect>,
    pub(super) flags: ObjectFlags,
}

/// Numbers for ids, which are numbers or texts with any gaps.
#[derive(Debug, Default)]
pub(super) struct Ids {
    numbers: HashMap<Id, u32>,
    ids: Vec<Id>,
}

impl Ids {
    fn number(&mut self, id: Id) -> u32 {
        if let Some(&number) = self.numbers.get(&id) {
            return number;
        }
        let number = self.ids.len() as u32;
        self.ids.push(id.clone());
        self.numbers.insert(id, number);
        number
    }

    /// The id as it is written.
    pub(super) fn shown(&self, number: u32) -> String {
        match self.ids.get(number as usize) {
            Some(Id::Number(number)) => number.to_string(),
            Some(Id::Text(text)) => crate::sample::escaped(text.as_ref().as_ref()),
            None => String::new(),
        }
    }
}

/// What identifies an image, a category or an annotation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// A whole number, however it is written.
    Number(i64),
    /// A text, or another number as written.
    Text(Box<str>),
}

/// What stands for the box of an annotation without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unboxed {
    /// Nothing: polygons are passed over, which is faster.
    Nothing,
    /// What its polygons cover.
    Polygons,
}

/// Reads a file.
///
/// # Errors
/// What is wrong, with line and column; or that a stop was asked for.
pub(super) fn read(from: impl Read, unboxed: Unboxed, stop: &StopFlag) -> Result<File, String> {
    let mut file = File::default();
    let mut json = serde_json::Deserializer::from_reader(from);
    let top = Top {
        file: &mut file,
        unboxed,
        stop,
    };
    top.deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| error.to_string())?;
    Ok(file)
}

/// Whether a file begins like a COCO file: with lists of images and of
/// annotations or categories, or with what usually stands before them.
pub(super) fn begins(head: &[u8]) -> bool {
    let has = |word: &str| memchr::memmem::find(head, word.as_bytes()).is_some();
    head.trim_ascii_start().starts_with(b"{")
        && has("\"images\"")
        && (has("\"file_name\"") || has("\"annotations\"") || has("\"categories\""))
}

struct Top<'a> {
    file: &'a mut File,
    unboxed: Unboxed,
    stop: &'a StopFlag,
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `images`, `annotations` and `categories`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let Self {
            file,
            unboxed,
            stop,
        } = self;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "images" => {
                    file.has_images = true;
                    map.next_value_seed(Each::new(stop, |row: ImageRow| {
                        let id = file.image_ids.number(row.id);
                        let name = row.file_name.unwrap_or_default();
                        file.images.push(Image { id, name });
                    }))?;
                }
                "annotations" => {
                    file.has_annotations = true;
                    match unboxed {
                        Unboxed::Nothing => {
                            let take = |row: AnnotationRow<IgnoredAny>| {
                                let is_bare = row.bbox.is_none() && row.segmentation.is_some();
                                file.unboxed += u64::from(is_bare);
                                file.add(row, |_| None);
                            };
                            map.next_value_seed(Each::new(stop, take))?;
                        }
                        Unboxed::Polygons => {
                            let take = |row: AnnotationRow<Hull>| file.add(row, |Hull(rect)| *rect);
                            map.next_value_seed(Each::new(stop, take))?;
                        }
                    }
                }
                "categories" => {
                    map.next_value_seed(Each::new(stop, |row: CategoryRow| {
                        let id = file.category_ids.number(row.id);
                        file.categories.insert(id, row.name);
                    }))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl File {
    /// Adds an annotation; `hull` is what its segmentation covers.
    fn add<S>(&mut self, row: AnnotationRow<S>, hull: impl Fn(&S) -> Option<Rect>) {
        self.keypoints += u64::from(row.keypoints.is_some());
        // A caption has no category.
        let (Some(image), Some(category)) = (row.image_id, row.category_id) else {
            return;
        };
        let bounds = match row.bbox {
            Some(Corner(rect)) => rect,
            None => row.segmentation.as_ref().and_then(hull),
        };
        self.annotations.push(Annotation {
            image: self.image_ids.number(image),
            category: self.category_ids.number(category),
            bounds,
            flags: ObjectFlags {
                crowd: row.iscrowd.is_some_and(|Truth(truth)| truth),
                difficult: false,
            },
        });
    }
}

/// Hands each entry of a list on, and keeps none.
struct Each<'a, T, F> {
    stop: &'a StopFlag,
    take: F,
    of: std::marker::PhantomData<T>,
}

impl<'a, T, F: FnMut(T)> Each<'a, T, F> {
    fn new(stop: &'a StopFlag, take: F) -> Self {
        Self {
            stop,
            take,
            of: std::marker::PhantomData,
        }
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Each<'_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut list: S) -> Result<(), S::Error> {
        let mut count: usize = 0;
        while let Some(entry) = list.next_element()? {
            (self.take)(entry);
            count += 1;
            if count.is_multiple_of(BATCH) && self.stop.is_raised() {
                return Err(S::Error::custom("interrupted"));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct ImageRow {
    id: Id,
    file_name: Option<String>,
}

#[derive(Deserialize)]
struct AnnotationRow<S> {
    image_id: Option<Id>,
    category_id: Option<Id>,
    bbox: Option<Corner>,
    iscrowd: Option<Truth>,
    keypoints: Option<IgnoredAny>,
    segmentation: Option<S>,
}

#[derive(Deserialize)]
struct CategoryRow {
    id: Id,
    name: String,
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id: a number or a text")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Id, E> {
                Ok(Id::Number(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Id, E> {
                Ok(i64::try_from(number)
                    .map_or_else(|_| Id::Text(number.to_string().into()), Id::Number))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Id, E> {
                let whole = number.fract() == 0.0 && number.abs() < 9e15;
                Ok(match whole {
                    true => Id::Number(number as i64),
                    false => Id::Text(number.to_string().into()),
                })
            }

            fn visit_str<E>(self, text: &str) -> Result<Id, E> {
                Ok(Id::Text(text.into()))
            }
        }
        from.deserialize_any(Any)
    }
}

/// `[x, y, width, height]`; `None` for any other list of numbers.
struct Corner(Option<Rect>);

impl<'de> Deserialize<'de> for Corner {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Corner;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a box: four numbers")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Corner, S::Error> {
                let (mut values, mut count) = ([0.0_f32; 4], 0);
                while let Some(value) = list.next_element::<f32>()? {
                    if let Some(place) = values.get_mut(count) {
                        *place = value;
                    }
                    count += 1;
                }
                let [x, y, width, height] = values;
                Ok(Corner((count == 4).then_some(Rect {
                    x,
                    y,
                    width,
                    height,
                })))
            }
        }
        from.deserialize_seq(List)
    }
}

/// `0`, `1`, `false` or `true`.
struct Truth(bool);

impl<'de> Deserialize<'de> for Truth {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Truth;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("0 or 1")
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Truth, E> {
                Ok(Truth(truth))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Truth, E> {
                Ok(Truth(number != 0))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Truth, E> {
                Ok(Truth(number != 0))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Truth, E> {
                Ok(Truth(number != 0.0))
            }
        }
        from.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<File, String> {
        read(text.as_bytes(), Unboxed::Nothing, &StopFlag::default())
    }

    #[test]
    fn ids_are_numbers_or_texts_and_lists_come_in_any_order() {
        let file = parsed(
            r#"{"info": {"year": 2017, "x": [[1], {"y": null}]},
            "annotations": [
                {"id": 1, "image_id": "a", "category_id": 90, "bbox": [1, 2, 3.5, 4], "iscrowd": 1,
                 "segmentation": {"counts": [1, 2], "size": [3, 4]}},
                {"id": 2, "image_id": 7, "category_id": "cat", "keypoints": [1, 2, 2]},
                {"id": 3, "image_id": 7, "caption": "a cat"}],
            "categories": [{"id": 90, "name": "dog"}, {"id": "cat", "name": "cat"}],
            "images": [{"id": 7, "file_name": "7.jpg", "width": 9}, {"id": "a", "file_name": "a.jpg"}]}"#,
        )
        .expect("a file");
        assert_eq!((file.annotations.len(), file.keypoints), (2, 1));
        assert_eq!(file.annotations[0].bounds.map(|r| r.width), Some(3.5));
        assert!(file.annotations[0].flags.crowd);
        let image = |a: &Annotation| file.images.iter().find(|i| i.id == a.image).expect("there");
        assert_eq!(image(&file.annotations[0]).name, "a.jpg");
        assert_eq!(image(&file.annotations[1]).name, "7.jpg");
        assert_eq!(file.categories[&file.annotations[1].category], "cat");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line) in [
            ("{\"images\": [\n{\"id\": 1},\n{\"id\": []}]}", "line 3"),
            ("{\"images\": [\n", "line 2"),
            ("[]", "line 1"),
            ("{} x", "line 1"),
            ("{\"annotations\": [\n{\"bbox\": [\"a\"]}]}", "line 2"),
        ] {
            let error = parsed(text).expect_err(text);
            assert!(error.contains(line), "{error}");
        }
    }

    #[test]
    fn every_truncated_file_is_an_error() {
        let whole = r#"{"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": []}"#;
        assert!(parsed(whole).is_ok());
        for length in 0..whole.len() {
            assert!(parsed(&whole[..length]).is_err(), "{length}");
        }
    }
}
