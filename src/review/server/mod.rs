//! `splitlint review`: a server on this machine through which people go through
//! the findings of a report in a browser. Judges nothing, and asks nothing of the
//! network.
//!
//! One request a connection, few threads, everything bounded; the address holds a
//! token that nobody guesses ([`guard`]). No path comes from a request: images are
//! numbers in the listing.

mod decide;
mod desk;
mod guard;
mod http;
mod images;
mod item;
mod loaded;
mod log;
mod queue;
mod routes;
mod sheet;
mod tables;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

pub use guard::Token;
pub use loaded::FindCheck;

use desk::Desk;
use http::Response;
use loaded::Loaded;

use super::rejected::Remark;
use crate::calendar::Date;
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::finding::FindingId;
use crate::source::Listed;

/// What a review of the report in `folder` found to be false alarms: the note and the
/// reviewer of each.
pub(super) fn rejected(folder: &Path) -> Result<BTreeMap<FindingId, Remark>> {
    let file = folder.join(log::FILE);
    let wrong = |fact: String| Error::Input(format!("cannot read `{}`: {fact}", file.display()));
    match std::fs::read(&file) {
        Ok(bytes) => Ok(log::Log::parse(&bytes).map_err(wrong)?.rejected()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(e) => Err(wrong(e.to_string())),
    }
}

/// Threads that answer: two browsers ask for six things each at once.
const WORKERS: usize = 12;

/// Connections that wait for a thread; more are closed.
const WAITING: usize = 64;

/// Pause after a connection that the system could not give us, so that a shortage
/// is no reason for a busy loop.
const PAUSE: Duration = Duration::from_millis(50);

/// A review that is about to begin.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
    desk: Desk,
}

/// What a review is of.
pub struct Review {
    /// The report's folder.
    pub folder: PathBuf,
    /// Where findings are accepted.
    pub baseline: PathBuf,
    /// The day on which it is held.
    pub today: Date,
    /// The port, 0 for any that is free.
    pub port: u16,
    /// What the address holds.
    pub token: Token,
}

/// Lists the data set of the report.
pub type List = dyn Fn(&Path) -> Result<Listed> + Send + Sync;

impl Server {
    /// Reads the report and takes the port.
    ///
    /// # Errors
    /// [`Error::Input`] when the report or its lists cannot be read, or the port
    /// cannot be had.
    pub fn new(review: Review, list: Box<List>, find_check: Arc<FindCheck>) -> Result<Self> {
        let folder = review.folder;
        let open = move || {
            let listed = list(&folder)?;
            Loaded::of(&folder, listed, &*find_check)
        };
        let desk = Desk::new(Box::new(open), review.baseline, review.today)?;
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, review.port))
            .and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|e| {
            Error::Input(format!(
                "port {} cannot be used: {e}; name another with `--port`",
                review.port
            ))
        })?;
        Ok(Self {
            listener,
            address,
            token: review.token,
            desk,
        })
    }

    /// Where the review is held.
    pub fn url(&self) -> String {
        format!("http://{}/{}/", self.address, self.token.as_str())
    }

    /// Findings, and those of them that are decided.
    ///
    /// # Errors
    /// When the report or its lists cannot be read any more.
    pub fn progress(&self) -> Result<(usize, usize)> {
        let inner = self.desk.now()?;
        Ok((inner.loaded.items.len(), inner.count()))
    }

    /// Ends the wait for the next connection, so that `stop` is seen at once.
    pub fn wake(&self) -> impl Fn() + Send + 'static {
        let address = self.address;
        move || {
            let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
        }
    }

    /// Answers until `stop` is raised.
    pub fn serve(&self, stop: &StopFlag) {
        let (give, take) = sync_channel::<TcpStream>(WAITING);
        let take = Mutex::new(take);
        thread::scope(|scope| {
            for number in 0..WORKERS {
                let named = thread::Builder::new().name(format!("review-{number}"));
                // With fewer threads it is only slower.
                let _ = named.spawn_scoped(scope, || self.work(&take, stop));
            }
            for connection in self.listener.incoming() {
                if stop.is_raised() {
                    break;
                }
                match connection {
                    // One too many is closed.
                    Ok(connection) => drop(give.try_send(connection)),
                    Err(_) => thread::sleep(PAUSE),
                }
            }
            drop(give);
        });
    }

    fn work(&self, take: &Mutex<Receiver<TcpStream>>, stop: &StopFlag) {
        loop {
            let next = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(connection) = next else { return };
            // Nobody is there to hear of a connection that broke.
            let _ = self.connection(connection, stop);
        }
    }

    fn connection(&self, mut connection: TcpStream, stop: &StopFlag) -> io::Result<()> {
        connection.set_read_timeout(Some(http::TICK))?;
        connection.set_write_timeout(Some(Duration::from_secs(10)))?;
        connection.set_nodelay(true)?;
        let response = match http::read(&mut connection, stop) {
            // Unwind safe: the desk reads its files again where it may be half
            // changed, and a panic changes no file.
            Ok(request) => catch_unwind(AssertUnwindSafe(|| {
                routes::answer(&request, &self.token, &self.desk)
            }))
            .unwrap_or_else(|_| Response::text(500, "internal error; please report it")),
            Err(refused) => {
                if let Some(response) = refused.response() {
                    response.write(&mut connection)?;
                    drain(&mut connection);
                }
                return Ok(());
            }
        };
        response.write(&mut connection)
    }
}

/// Bytes of a refused request that are read and forgotten: a connection that is
/// closed on unread bytes takes the answer with it.
const DRAINED: usize = 4 << 20;

fn drain(connection: &mut TcpStream) {
    let _ = connection.shutdown(Shutdown::Write);
    let mut buffer = [0; 16 << 10];
    let mut left = DRAINED;
    while left > 0 {
        match connection.read(&mut buffer) {
            Ok(count) if count > 0 => left = left.saturating_sub(count),
            _ => return,
        }
    }
}
