//! `splitlint review`: the queue of findings in a browser, until Ctrl-C.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::command_args::ReviewArguments;
use super::prepare::{self, Volume};
use super::{console, interrupt};
use crate::checks::registry;
use crate::config;
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::review::ReportFolder;
use crate::review::server::{FindCheck, List, Review, Server, Token};
use crate::source;

/// Where findings are accepted unless said otherwise.
pub(super) const BASELINE: &str = "splitlint-baseline.csv";

/// Holds a review.
pub(super) fn run(arguments: ReviewArguments) -> Result<u8> {
    let folder = arguments.report;
    let report = ReportFolder::open(&folder)?;
    report.is_old().iter().for_each(console::note);
    let (root, splits) = (arguments.root, arguments.split);
    let scanned = report.request()?.root;
    let baseline = match arguments.baseline {
        Some(file) => file,
        None => in_settings(root.as_deref().or(scanned.as_deref()))?,
    };
    let list: Box<List> = Box::new(move |folder: &Path| {
        let mut request = ReportFolder::open(folder)?.request()?;
        if root.is_some() || !splits.is_empty() {
            request.root.clone_from(&root);
            request.splits.clone_from(&splits);
        }
        // Ctrl-C ends the program while it lists: there is nothing to save yet.
        source::list(
            &request,
            &StopFlag::default(),
            &prepare::progress(Volume::Normal),
        )
    });
    let find_check: Arc<FindCheck> = Arc::new(|code: &str| {
        let mut all = registry::all().map(|declared| declared.info);
        all.find(|info| info.code == code)
    });
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|e| Error::Internal(format!("no random numbers for the address: {e}")))?;
    let review = Review {
        folder: folder.clone(),
        baseline: baseline.clone(),
        today: prepare::today(),
        port: arguments.port,
        token: Token::new(random),
    };
    let server = Server::new(review, list, find_check)?;
    let (all, decided) = server.progress()?;
    let stop = interrupt::server_flag(server.wake());
    let url = server.url();
    console::print(&format!(
        "{url}\n\
         {all} findings, {decided} decided; open the address in a browser on this machine, Ctrl-C ends the review\n"
    ))?;
    if arguments.open {
        open(&url);
    }
    server.serve(&stop);
    let (all, now) = server.progress()?;
    console::print(&format!(
        "{now} of {all} findings decided, {} in this review\n\
         next       `splitlint apply {}` acts on decisions.csv; `splitlint scan --baseline {}` reports what is left\n",
        now.saturating_sub(decided),
        folder.display(),
        baseline.display(),
    ))?;
    Ok(0)
}

/// The baseline of the data set's settings, else the usual one.
fn in_settings(root: Option<&Path>) -> Result<PathBuf> {
    let named = match config::find("".as_ref(), root) {
        Some(file) => config::load(&file)?.baseline,
        None => None,
    };
    Ok(named.unwrap_or_else(|| PathBuf::from(BASELINE)))
}

/// Opens the address in the browser of this machine, if it has one.
fn open(url: &str) {
    let (program, before): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("rundll32", &["url.dll,FileProtocolHandler"]),
        _ => ("xdg-open", &[]),
    };
    let started = Command::new(program)
        .args(before)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(e) = started {
        console::note(format!(
            "no browser can be opened with `{program}`: {e}; open the address yourself"
        ));
    }
}
