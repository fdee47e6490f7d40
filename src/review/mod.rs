//! Reads report folders back: what became of their findings, and what is done
//! about them. Looks at no picture.

mod copy;
mod diff;
mod folder;
mod plan;

pub use copy::{By, Stay, copy, manifest, staying, steps};
pub use diff::{Change, Diff, diff};
pub use folder::{Decision, Dropped, Found, ReportFolder, is_report};
pub use plan::{Action, Plan, Step, check_unchanged, plan};
