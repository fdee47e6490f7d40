//! Ctrl-C: the first asks a scan or a server to stop, the second ends it. Stops
//! nothing itself.

use std::sync::atomic::{AtomicBool, Ordering};

use super::console;
use crate::executor::StopFlag;

/// What a shell reports for a program ended by Ctrl-C: 128 + SIGINT.
const ENDED_BY_CTRL_C: i32 = 130;

/// A flag that Ctrl-C raises.
#[expect(clippy::exit, reason = "a second Ctrl-C must not wait for anything")]
pub(super) fn stop_flag() -> StopFlag {
    let stop = StopFlag::default();
    let raised = stop.clone();
    let asked = AtomicBool::new(false);
    // Where no handler can be set, Ctrl-C just ends the program as ever.
    let _ = ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(ENDED_BY_CTRL_C);
        }
        raised.raise();
        console::note(
            "splitlint: stopping; complete files are still written, Ctrl-C again stops at once",
        );
    });
    stop
}

/// A flag that Ctrl-C raises to end a server, which `wake` makes look at it. What a
/// server was told is written already, so the second ends it at once.
#[expect(clippy::exit, reason = "a second Ctrl-C must not wait for anything")]
pub(super) fn server_flag(wake: impl Fn() + Send + 'static) -> StopFlag {
    let stop = StopFlag::default();
    let raised = stop.clone();
    let asked = AtomicBool::new(false);
    let _ = ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(ENDED_BY_CTRL_C);
        }
        raised.raise();
        wake();
    });
    stop
}
