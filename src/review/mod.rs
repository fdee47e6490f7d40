//! Reads report folders back: what became of their findings, and what is done
//! about them. Only the review server looks at images.

mod accepted;
mod audit;
mod baseline_file;
mod copy;
mod diff;
mod folder;
mod manifest;
mod outputs;
mod plan;
mod rejected;
pub mod server;
mod stay;

pub use audit::{Changes, Listed, Moved, changes};
pub use baseline_file::baseline_in;
pub use copy::{Beside, By, Content, Make, NotMade, copy};
pub use diff::{Change, Diff, diff};
pub use folder::{Dropped, Found, ReportFolder, audited, is_report};
pub use manifest::{manifest, steps};
pub use outputs::{Input, Output, has_annotations, output};
pub use plan::{Action, Plan, Step, check_unchanged, plan};
pub use rejected::{Rejected, Remark, is_of_copies};
pub use stay::{Stay, staying, within};
