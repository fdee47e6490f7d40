//! The SQLite file. Knows nothing of what its rows mean.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

use super::key::Key;

/// A table of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shelf {
    /// Fingerprints: small rows, all read in every scan.
    Fingerprints,
    /// Thumbnails, previews, hashes of pixels and models' vectors: read when
    /// asked for.
    Derived,
    /// Verdicts on pairs, and on the labels of a whole set.
    Verdicts,
}

impl Shelf {
    pub(super) const ALL: [Self; 3] = [Self::Fingerprints, Self::Derived, Self::Verdicts];

    fn table(self) -> &'static str {
        match self {
            Self::Fingerprints => "fingerprints",
            Self::Derived => "derived",
            Self::Verdicts => "verdicts",
        }
    }
}

/// A row to write.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) shelf: Shelf,
    pub(super) key: Key,
    pub(super) payload: Vec<u8>,
}

/// Marks the file as ours (`man 1 file`): "spli".
const APPLICATION: i32 = 0x7370_6c69;
/// The tables' shape.
const SCHEMA: i32 = 2;
/// The store's file in the cache folder.
const FILE: &str = "splitlint-cache.sqlite3";
/// Longer than any of our transactions takes on a slow disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// The folder or the file cannot be made or replaced.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The database refuses.
    #[error("{0}")]
    Database(#[from] rusqlite::Error),
    /// Another program's file, or another version's.
    #[error("it is not of this version of splitlint; the next scan builds it anew")]
    Foreign,
}

/// What was found where the store should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A store, or nothing yet.
    Sound,
    /// Something that is no store of ours, or a damaged one; it is gone.
    Replaced,
}

/// Where the store lies in `folder`.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Opens the store at `path`, making it if need be, and begins a scan: its
/// number is one above the last.
///
/// # Errors
/// When it can neither be opened nor made anew.
pub(super) fn open(path: &Path) -> Result<(Connection, i64, Found), StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match begin(path) {
        Ok((connection, scan)) => return Ok((connection, scan, Found::Sound)),
        Err(StoreError::Foreign) => {}
        Err(StoreError::Database(error)) if is_damage(&error) => {}
        Err(error) => return Err(error),
    }
    remove(path)?;
    let (connection, scan) = begin(path)?;
    Ok((connection, scan, Found::Replaced))
}

fn begin(path: &Path) -> Result<(Connection, i64), StoreError> {
    let connection = connect(path)?.ok_or(StoreError::Foreign)?;
    let next = "UPDATE counter SET scan = scan + 1 RETURNING scan";
    let scan = connection.query_row(next, [], |row| row.get(0))?;
    Ok((connection, scan))
}

/// Removes the store and what SQLite keeps beside it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether the file's content is at fault, not the disk or another process.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    )
}

/// A connection to a store; `None` if the file is no store of this shape.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Option<Connection>> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    if !is_ours_or_new(&connection)? {
        return Ok(None);
    }
    // Takes effect in a new file only: lets eviction give room back.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    // Readers and a writer do not wait for each other. Where the file system
    // cannot do it, SQLite keeps its older, slower way.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // A power cut may lose the last rows, never the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Two processes may come here at once: the second finds it done.
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&change)? == (0, 0) {
        for shelf in Shelf::ALL {
            change.execute_batch(&format!(
                "CREATE TABLE {} (id INTEGER PRIMARY KEY, rest INTEGER NOT NULL, \
                 scan INTEGER NOT NULL, bytes BLOB NOT NULL)",
                shelf.table()
            ))?;
        }
        change.execute_batch(&format!(
            "CREATE TABLE counter (scan INTEGER NOT NULL); INSERT INTO counter VALUES (0); \
             PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA}"
        ))?;
    }
    change.commit()?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(Some(connection))
}

fn is_ours_or_new(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    Ok(match version(connection)? {
        (0, 0) => tables == 0,
        version => version == (APPLICATION, SCHEMA),
    })
}

fn version(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

/// A row's payload and the scan that last used it; `None` if there is no such
/// row or if it is not whole.
pub(super) fn get(
    connection: &Connection,
    shelf: Shelf,
    key: Key,
) -> rusqlite::Result<Option<(Vec<u8>, i64)>> {
    let (id, rest) = key.halves();
    let sql = match shelf {
        Shelf::Fingerprints => "SELECT bytes, scan FROM fingerprints WHERE id = ? AND rest = ?",
        Shelf::Derived => "SELECT bytes, scan FROM derived WHERE id = ? AND rest = ?",
        Shelf::Verdicts => "SELECT bytes, scan FROM verdicts WHERE id = ? AND rest = ?",
    };
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement
        .query_row([id, rest], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((mut bytes, scan)): Option<(Vec<u8>, i64)> = found else {
        return Ok(None);
    };
    let Some(length) = bytes.len().checked_sub(Key::SEAL) else {
        return Ok(None);
    };
    let whole = key.seal(&bytes[..length]) == bytes[length..];
    bytes.truncate(length);
    Ok(whole.then_some((bytes, scan)))
}

/// Writes `rows`, and marks `used` ones, all or nothing.
pub(super) fn put(
    connection: &mut Connection,
    scan: i64,
    rows: &[Row],
    used: &[(Shelf, Key)],
) -> rusqlite::Result<()> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for Row {
        shelf,
        key,
        payload,
    } in rows
    {
        let (id, rest) = key.halves();
        let mut bytes = Vec::with_capacity(payload.len() + Key::SEAL);
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(&key.seal(payload));
        let table = shelf.table();
        change
            .prepare_cached(&format!(
                "INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?)"
            ))?
            .execute(params![id, rest, scan, bytes])?;
    }
    for (shelf, key) in used {
        let (id, rest) = key.halves();
        let table = shelf.table();
        change
            .prepare_cached(&format!(
                "UPDATE {table} SET scan = ? WHERE id = ? AND rest = ?"
            ))?
            .execute([scan, id, rest])?;
    }
    change.commit()
}

/// Bytes the store fills, free pages not counted.
pub(super) fn size(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok((pages * pragma("page_size")?).unsigned_abs())
}

/// Rows of a shelf.
pub(super) fn count(connection: &Connection, shelf: Shelf) -> rusqlite::Result<u64> {
    let sql = format!("SELECT count(*) FROM {}", shelf.table());
    connection
        .query_row(&sql, [], |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

/// Drops the rows that `before` and later scans have not used, oldest scans
/// first, until the store fills at most `limit` bytes or none is left to drop.
pub(super) fn evict(connection: &mut Connection, limit: u64, before: i64) -> rusqlite::Result<()> {
    while size(connection)? > limit {
        let oldest: Option<i64> = connection.query_row(
            "SELECT min(scan) FROM (SELECT min(scan) AS scan FROM fingerprints \
             UNION SELECT min(scan) FROM derived UNION SELECT min(scan) FROM verdicts)",
            [],
            |row| row.get(0),
        )?;
        let Some(oldest) = oldest.filter(|&oldest| oldest < before) else {
            break;
        };
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for shelf in Shelf::ALL {
            let sql = format!("DELETE FROM {} WHERE scan <= ?", shelf.table());
            change.execute(&sql, [oldest])?;
        }
        change.commit()?;
    }
    give_room_back(connection)
}

/// Drops every row.
pub(super) fn clear(connection: &mut Connection) -> rusqlite::Result<()> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for shelf in Shelf::ALL {
        change.execute(&format!("DELETE FROM {}", shelf.table()), [])?;
    }
    change.commit()?;
    give_room_back(connection)
}

fn give_room_back(connection: &Connection) -> rusqlite::Result<()> {
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    if free > 0 {
        let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(())
}
