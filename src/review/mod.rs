//! Reads report folders back: what became of their findings, and what is done
//! about them. Looks at no image.

mod accepted;
mod audit;
mod copy;
mod diff;
mod folder;
mod plan;
mod yolo;

pub use audit::{Changes, Listed, Moved, changes};
pub use copy::{Beside, By, Content, Stay, copy, manifest, staying, steps, within};
pub use diff::{Change, Diff, diff};
pub use folder::{Dropped, Found, ReportFolder, audited, is_report};
pub use plan::{Action, Plan, Step, check_unchanged, plan};
pub use yolo::yolo;
