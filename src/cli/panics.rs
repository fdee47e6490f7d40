//! A panic becomes one line and exit code 2. Catches; explains nothing.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// Where the last panic happened: the message alone is seldom enough.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// Runs `work`; a panic in it is an [`Error::Internal`]. Panics that a stage
/// catches itself, a decoder's for one, print nothing, because they end as
/// findings. With `RUST_BACKTRACE` the message ends in the way to the panic.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::set_hook(Box::new(|info| {
        let mut place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
        *place = info
            .location()
            .map(|location| format!(" at {location}"))
            .unwrap_or_default();
        let way = Backtrace::capture();
        if way.status() == BacktraceStatus::Captured {
            place.push_str(&format!("\n{way}"));
        }
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned());
        let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
        Err(Error::Internal(format!("{message}{place}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_is_an_internal_error_with_its_message() {
        let answer: Result<u8> = caught(|| panic!("index 7 is out of range"));
        let messages = answer.expect_err("it panicked").to_string();
        assert!(
            messages.contains("internal error: index 7 is out of range"),
            "{messages}"
        );
    }
}
