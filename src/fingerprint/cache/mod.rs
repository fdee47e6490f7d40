//! What earlier scans found out, kept on disk. An answer from here is the
//! answer that computing anew would give, or none.

mod key;
mod row;
mod store;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

pub use key::{Key, method};
pub use row::{from_bytes, to_bytes};
pub(crate) use store::Shelf;
use store::{Found, Row, StoreError};

use crate::source::{Memo, Version};

/// Bytes the cache may fill unless said otherwise: thumbnails of about a
/// million and a half photos of 5 kB each.
pub const LIMIT: u64 = 8 << 30;

/// Rows are marked as used when their mark is older than so many scans: least
/// recently used to within that, and a warm scan writes almost nothing.
const MARK_AGE: i64 = 8;

/// Bytes gathered before they are written: a crash loses at most the last
/// second or so of work, and a transaction's cost is spread over hundreds of
/// rows.
const BATCH: usize = 1 << 20;

/// Bytes that may wait while another process holds the file: what comes after
/// is not kept.
const WAITING_AT_MOST: usize = 64 << 20;

/// A cache in use by a scan, from any thread. Two processes may use the same
/// folder at once, and a killed one leaves it whole.
///
/// A cache never fails a scan: what goes wrong is reported by [`Cache::notes`].
pub struct Cache {
    path: PathBuf,
    scan: i64,
    limit: u64,
    /// Connections at rest; a thread takes one and puts it back.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
    pending: Mutex<Pending>,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Pending {
    rows: Vec<Row>,
    used: Vec<(Shelf, Key)>,
    bytes: usize,
    /// Images no longer fit below the limit.
    full: bool,
}

#[derive(Default)]
struct Notes {
    messages: Vec<String>,
    broken: bool,
}

impl Memo for Cache {
    fn get(&self, method: &str, of: &Version) -> Option<Vec<u8>> {
        Self::get(self, Shelf::Derived, Key::of_parts(method, [of.as_bytes()]))
    }

    fn put(&self, method: &str, of: &Version, made: Vec<u8>) {
        let key = Key::of_parts(method, [of.as_bytes()]);
        Self::put(self, Shelf::Derived, key, made);
    }
}

/// What a cache folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Files whose fingerprints are kept.
    pub fingerprints: u64,
    /// Thumbnails and the like.
    pub derived: u64,
    /// Verdicts on pairs, and on the labels of a whole set.
    pub verdicts: u64,
}

impl Cache {
    /// Opens the cache in `folder`, which is made if need be. A cache that is
    /// damaged, or a file that is none, is replaced, and a note says so.
    ///
    /// # Errors
    /// A sentence for the user: the scan goes on without a cache.
    pub fn open(folder: &Path, limit: u64) -> Result<Self, String> {
        let path = store::file(folder);
        let opened = store::open(&path);
        let (writer, scan, found) = opened.map_err(|error| unusable(&path, &error))?;
        let mut notes = Notes::default();
        if found == Found::Replaced {
            notes.messages.push(format!(
                "the cache `{}` was damaged or not of this version of splitlint; it is built anew",
                path.display()
            ));
        }
        Ok(Self {
            path,
            scan,
            limit,
            readers: Mutex::default(),
            writer: Mutex::new(writer),
            pending: Mutex::default(),
            notes: Mutex::new(notes),
        })
    }

    /// What is kept under each key, in their order.
    pub(crate) fn get_many(&self, shelf: Shelf, keys: &[Option<Key>]) -> Vec<Option<Vec<u8>>> {
        let nothing = || keys.iter().map(|_| None).collect();
        if lock(&self.notes).broken {
            return nothing();
        }
        let Some(connection) = self.reader() else {
            return nothing();
        };
        match self.read(&connection, shelf, keys) {
            Ok(found) => {
                lock(&self.readers).push(connection);
                found
            }
            Err(error) => {
                self.give_up(&error);
                nothing()
            }
        }
    }

    /// What is kept under `key`.
    pub(crate) fn get(&self, shelf: Shelf, key: Key) -> Option<Vec<u8>> {
        self.get_many(shelf, &[Some(key)]).pop()?
    }

    /// Keeps `payload` under `key`, soon. Never waits for another thread's
    /// writing.
    pub(crate) fn put(&self, shelf: Shelf, key: Key, payload: Vec<u8>) {
        let due = {
            let mut pending = lock(&self.pending);
            if pending.full && shelf == Shelf::Derived || pending.bytes > WAITING_AT_MOST {
                return;
            }
            pending.bytes += payload.len() + size_of::<Row>();
            pending.rows.push(Row {
                shelf,
                key,
                payload,
            });
            pending.bytes >= BATCH
        };
        // If another thread is writing, it is the next one's turn.
        if due && let Ok(writer) = self.writer.try_lock() {
            self.write(writer);
        }
    }

    /// Writes what is waiting.
    pub(crate) fn flush(&self) {
        self.write(lock(&self.writer));
    }

    /// What the user should know, so far.
    pub fn notes(&self) -> Vec<String> {
        lock(&self.notes).messages.clone()
    }

    fn read(
        &self,
        connection: &Connection,
        shelf: Shelf,
        keys: &[Option<Key>],
    ) -> rusqlite::Result<Vec<Option<Vec<u8>>>> {
        // One transaction, because each costs as much as a few rows.
        let view = connection.unchecked_transaction()?;
        let (mut found, mut used) = (Vec::with_capacity(keys.len()), Vec::new());
        for key in keys {
            let row = match key {
                Some(key) => store::get(&view, shelf, *key)?,
                None => None,
            };
            if let (Some(key), Some((_, scan))) = (key, &row)
                && *scan < self.scan - MARK_AGE
            {
                used.push((shelf, *key));
            }
            found.push(row.map(|(payload, _)| payload));
        }
        view.finish()?;
        if !used.is_empty() {
            lock(&self.pending).used.append(&mut used);
        }
        Ok(found)
    }

    fn reader(&self) -> Option<Connection> {
        if let Some(connection) = lock(&self.readers).pop() {
            return Some(connection);
        }
        match store::connect(&self.path) {
            Ok(connection) => connection,
            Err(error) => {
                self.give_up(&error);
                None
            }
        }
    }

    fn write(&self, mut writer: MutexGuard<'_, Connection>) {
        let (rows, used) = {
            let mut pending = lock(&self.pending);
            pending.bytes = 0;
            (
                std::mem::take(&mut pending.rows),
                std::mem::take(&mut pending.used),
            )
        };
        if rows.is_empty() && used.is_empty() || lock(&self.notes).broken {
            return;
        }
        let written = store::put(&mut writer, self.scan, &rows, &used).and_then(|()| {
            if store::size(&writer)? > self.limit {
                store::evict(&mut writer, self.limit, self.scan)?;
                // What is left is this scan's own.
                lock(&self.pending).full = store::size(&writer)? > self.limit;
            }
            Ok(())
        });
        drop(writer);
        if let Err(error) = written {
            self.give_up(&error);
        }
    }

    /// Goes on without the cache.
    fn give_up(&self, error: &rusqlite::Error) {
        let mut notes = lock(&self.notes);
        if notes.broken {
            return;
        }
        notes.broken = true;
        let path = self.path.display();
        notes.messages.push(if store::is_damage(error) {
            match store::remove(&self.path) {
                Ok(()) => format!("the cache `{path}` is damaged; the next scan builds it anew"),
                Err(_) => format!("the cache `{path}` is damaged; remove it"),
            }
        } else {
            format!("the cache `{path}` cannot be used any more in this scan: {error}")
        });
    }
}

impl Drop for Cache {
    /// The report may have asked for previews after the last stage.
    fn drop(&mut self) {
        self.flush();
    }
}

/// What the cache in `folder` holds; `None` if there is none.
///
/// # Errors
/// A sentence for the user.
pub fn contents(folder: &Path) -> Result<Option<Contents>, String> {
    let path = store::file(folder);
    if !path.exists() {
        return Ok(None);
    }
    let look = || -> Result<Contents, StoreError> {
        let connection = store::connect(&path)?.ok_or(StoreError::Foreign)?;
        Ok(Contents {
            path: path.clone(),
            bytes: store::size(&connection)?,
            fingerprints: store::count(&connection, Shelf::Fingerprints)?,
            derived: store::count(&connection, Shelf::Derived)?,
            verdicts: store::count(&connection, Shelf::Verdicts)?,
        })
    };
    look().map(Some).map_err(|error| unusable(&path, &error))
}

/// Empties the cache in `folder`, also while a scan uses it.
///
/// # Errors
/// A sentence for the user.
pub fn clear(folder: &Path) -> Result<(), String> {
    let path = store::file(folder);
    if !path.exists() {
        return Ok(());
    }
    let empty = || -> Result<(), StoreError> {
        let (mut connection, ..) = store::open(&path)?;
        Ok(store::clear(&mut connection)?)
    };
    empty().map_err(|error| unusable(&path, &error))
}

fn unusable(path: &Path, error: &StoreError) -> String {
    format!(
        "the cache `{}` cannot be used: {error}; `--cache DIR` puts it elsewhere",
        path.display()
    )
}

/// What a mutex guards stays usable after a panic elsewhere: nothing here is
/// left half done between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
