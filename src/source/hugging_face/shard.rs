//! One Parquet file whose rows are images: what it holds, and the way to the
//! bytes of a row. Understands no labels.

use std::borrow::Cow;
use std::fs::File;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use polars_parquet::read::FileMetadata;

use super::pages::{Pages, Values, text};
use super::schema::{ImageColumn, Schema, metadata};
use crate::executor::StopFlag;
use crate::parquet::guarded;
use crate::source::container::Container;
use crate::source::reader::{Bytes, ReadFailure};

/// More rows than this are not listed: each takes about 200 bytes of memory.
const MAX_ROWS: usize = 50_000_000;

/// An open Parquet file.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) schema: Schema,
    metadata: FileMetadata,
}

/// A Parquet file as a container: an entry is a row.
pub(super) struct Shard {
    path: PathBuf,
    images: Pages,
    /// Its number among the shards of the set.
    number: usize,
    recent: Arc<Recent>,
    /// By row, what the file calls the image; empty for one without a name.
    names: Vec<Box<str>>,
}

/// Bytes of the pages that are kept for images read one by one: some pages of a
/// thousand photos.
const RECENT_BYTES: usize = 256 << 20;

/// The pages of a set that single images were read from last: to read one image
/// is to unpack its whole page.
#[derive(Default)]
pub(super) struct Recent(Mutex<Vec<Kept>>);

/// A page by its shard and its number there.
type Kept = ((usize, usize), Arc<Values>);

impl Recent {
    /// A page of a shard, as it was read before or by `read`.
    fn page(
        &self,
        at: (usize, usize),
        read: impl FnOnce() -> Result<Values, ReadFailure>,
    ) -> Result<Arc<Values>, ReadFailure> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.iter().position(|(known, _)| *known == at) {
            let found = kept.remove(place);
            let values = Arc::clone(&found.1);
            kept.push(found);
            return Ok(values);
        }
        // Others read meanwhile.
        drop(kept);
        let values = Arc::new(read()?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != at);
        kept.push((at, Arc::clone(&values)));
        let mut size: usize = kept.iter().map(|(_, values)| values.size()).sum();
        while size > RECENT_BYTES && !kept.is_empty() {
            size -= kept.remove(0).1.size();
        }
        Ok(values)
    }
}

/// What the rows of a file hold.
pub(super) struct Rows {
    pub(super) shard: Shard,
    /// Rows that are there, but hold no bytes.
    pub(super) empty: Vec<u64>,
    /// Rows that cannot be read, and why.
    pub(super) faults: Vec<(Range<u64>, String)>,
    pub(super) count: u64,
}

impl Opened {
    /// The file at `path`; `None` if it holds no images. `wanted` names their
    /// column.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn at(path: &Path, wanted: Option<&str>) -> Result<Option<Self>, String> {
        let metadata = metadata(path)?;
        let Some(schema) = Schema::of(&metadata, wanted) else {
            return Ok(None);
        };
        let opened = Self {
            path: path.to_owned(),
            schema,
            metadata,
        };
        if opened.schema.image.is_sure || opened.begins_with_an_image()? {
            return Ok(Some(opened));
        }
        Ok(None)
    }

    /// Whether the first value of the column of images is one by its content.
    fn begins_with_an_image(&self) -> Result<bool, String> {
        let file = File::open(&self.path).map_err(|error| error.to_string())?;
        let leaf = self.schema.image.bytes;
        let first = self.metadata.row_groups.get(..1).unwrap_or_default();
        let (pages, _) = Pages::find(&file, first, leaf, &StopFlag::default());
        if pages.len() == 0 {
            return Ok(false);
        }
        let values = pages.read(&file, 0).map_err(|failure| failure.0)?;
        let count = (pages.rows(0).end - pages.rows(0).start) as usize;
        let value = (0..count).find_map(|index| values.get(index));
        Ok(value.is_some_and(crate::image_format::begins_image))
    }

    /// Its rows.
    ///
    /// # Errors
    /// Why they cannot be listed.
    pub(super) fn rows(
        &self,
        (number, recent): (usize, &Arc<Recent>),
        stop: &StopFlag,
    ) -> Result<Rows, String> {
        let file = File::open(&self.path).map_err(|error| error.to_string())?;
        let groups = &self.metadata.row_groups;
        let rows = groups.iter().try_fold(0_usize, |sum, group| {
            sum.checked_add(group.num_rows())
                .filter(|rows| *rows <= MAX_ROWS)
        });
        let count = rows.ok_or_else(|| format!("it has more than {MAX_ROWS} rows"))?;
        let ImageColumn { bytes, path, .. } = self.schema.image;
        let (images, faults) = Pages::find(&file, groups, bytes, stop);
        let mut names = vec![Box::<str>::default(); count];
        if let Some(path) = path {
            let (pages, _) = Pages::find(&file, groups, path, stop);
            for page in 0..pages.len() {
                // A row whose name is lost has its number.
                if stop.is_raised() {
                    break;
                }
                let Ok(values) = pages.read(&file, page) else {
                    continue;
                };
                for (index, row) in pages.rows(page).enumerate() {
                    if let Some(name) = values.get(index) {
                        names[row as usize] = text(name).into();
                    }
                }
            }
        }
        let empty = self.empty(&file, &images, stop);
        Ok(Rows {
            shard: Shard {
                path: self.path.clone(),
                images,
                number,
                recent: Arc::clone(recent),
                names,
            },
            empty,
            faults,
            count: count as u64,
        })
    }

    /// The rows without bytes. Only row groups that do not say that they have
    /// none are read for it.
    fn empty(&self, file: &File, images: &Pages, stop: &StopFlag) -> Vec<u64> {
        let mut empty = Vec::new();
        let mut first = 0;
        for group in &self.metadata.row_groups {
            let rows = first..first + group.num_rows() as u64;
            first = rows.end;
            let nulls = guarded(|| {
                let chunk = group.parquet_columns().get(self.schema.image.bytes);
                let statistics =
                    chunk.and_then(|chunk| chunk.statistics(&self.metadata.footer_buf));
                let statistics = statistics.transpose()?;
                let binary = statistics.as_ref().and_then(|all| all.as_binary());
                Ok(binary.and_then(|binary| binary.null_count))
            });
            match nulls {
                Ok(Some(0)) => {}
                Ok(Some(count)) if count as u64 == rows.end - rows.start => {
                    empty.extend(rows.filter(|&row| images.page_of(row).is_some()));
                }
                _ => {
                    let mut row = rows.start;
                    while let Some(page) = images.page_of(row).filter(|_| row < rows.end) {
                        let own = images.rows(page);
                        row = own.end;
                        if stop.is_raised() {
                            return empty;
                        }
                        // What cannot be read is reported where it is wanted.
                        if let Ok(values) = images.read(file, page) {
                            let is_empty = |&(index, _): &(usize, u64)| values.get(index).is_none();
                            empty.extend(own.enumerate().filter(is_empty).map(|(_, row)| row));
                        }
                    }
                }
            }
        }
        empty
    }
}

impl Shard {
    /// What the file calls the image of a row; empty for nothing.
    pub(super) fn own_name(&self, row: u64) -> &str {
        usize::try_from(row)
            .ok()
            .and_then(|row| self.names.get(row))
            .map_or("", |name| name)
    }
}

impl Container for Shard {
    fn path(&self) -> &Path {
        &self.path
    }

    fn method(&self) -> &'static str {
        "parquet 1"
    }

    fn name(&self, entry: u64) -> Option<Cow<'_, str>> {
        let name = self.own_name(entry);
        (!name.is_empty()).then_some(Cow::Borrowed(name))
    }

    fn block(&self, entry: u64) -> Option<u64> {
        self.images.page_of(entry).map(|page| page as u64)
    }

    fn read_run(
        &self,
        entries: &[u64],
        visit: &mut dyn FnMut(usize, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let file = File::open(&self.path).map_err(|error| ReadFailure(error.to_string()));
        let is_single = entries.len() == 1;
        let read = |file: &File, page: usize| match is_single {
            true => (self.recent).page((self.number, page), || self.images.read(file, page)),
            false => self.images.read(file, page).map(Arc::new),
        };
        let mut at: Option<(usize, Result<Arc<Values>, ReadFailure>)> = None;
        for (place, &entry) in entries.iter().enumerate() {
            let page = self.images.page_of(entry);
            let bytes = match (&file, page) {
                (Err(failure), _) => Err(failure.clone()),
                (_, None) => Err(ReadFailure("no such row".to_owned())),
                (Ok(file), Some(page)) => {
                    if at.as_ref().is_none_or(|(known, _)| *known != page) {
                        // Two pages are never held at once.
                        drop(at.take());
                        at = Some((page, read(file, page)));
                    }
                    let first = self.images.rows(page).start;
                    match &at {
                        Some((_, Ok(values))) => values
                            .get((entry - first) as usize)
                            .map(Cow::Borrowed)
                            .ok_or_else(|| ReadFailure("the row holds no bytes".to_owned())),
                        Some((_, Err(failure))) => Err(failure.clone()),
                        None => Err(ReadFailure("no such row".to_owned())),
                    }
                }
            };
            visit(place, bytes)?;
        }
        ControlFlow::Continue(())
    }
}
