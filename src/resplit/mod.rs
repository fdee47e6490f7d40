//! A new assignment of samples to splits that no group crosses. Decodes no
//! image and writes no file.
//!
//! `atoms` joins what must stay together, `plan` makes a problem of numbers of
//! it and answers with reasons; in between `assign` deals, `improve` searches (with
//! `anneal`, `kicks` and, of the smallest, `enumerate`), `settle` keeps samples where
//! they were, and `exact` proves.

mod anneal;
mod assign;
mod atoms;
mod dates;
mod enumerate;
mod evidence;
mod exact;
mod forecast;
mod ground;
mod improve;
mod kicks;
mod links;
mod outputs;
mod placing;
mod plan;
mod planner;
mod problem;
mod settle;
mod solve;
mod table;
mod wanted;

pub use atoms::{Atoms, Link, Why};
pub use dates::{DAY_MS, parse as parse_date};
pub use evidence::{contents, duplicates_of, fingerprints_of};
pub use exact::{Proof, is_small, prove};
pub use forecast::{Forecast, crossing, forecast};
pub use ground::{block_links, ground_links};
pub use links::{Scene, Suggested, Together, links};
pub use outputs::{Row, file_name, free};
pub use plan::{Large, Material, Plan, Reason, plan};
pub use problem::{Atom, Measure, Problem, sizes};
pub use solve::{Start, solve};
pub use wanted::{Mode, Wanted};

#[cfg(test)]
mod tests;
