//! Reads report folders back and says what became of their findings. Looks at
//! no data set.

mod diff;
mod folder;

pub use diff::{Change, Diff, diff};
pub use folder::{Decision, Dropped, Found, ReportFolder, is_report};
