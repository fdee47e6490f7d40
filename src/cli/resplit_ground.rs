//! The ground that `splitlint resplit` keeps together. Assigns nothing.

use super::resplit_args::ResplitArguments;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::footprints::{Footprints, Near, usual_side};
use crate::resplit::{Link, Together, block_links, ground_links};
use crate::scan::Scan;

/// What keeps ground together, and what to say of it.
#[derive(Default)]
pub(super) struct Ground {
    pub(super) links: Vec<Link>,
    /// With blocks: pairs of places of which two splits must not share one each.
    pub(super) apart: Option<Vec<Near>>,
    pub(super) notes: Vec<String>,
}

/// Whether the ground of images is asked for.
pub(super) fn is_wanted(arguments: &ResplitArguments, together: Together) -> bool {
    together.footprints || arguments.spatial_blocks.is_some()
}

/// What there is of it.
pub(super) fn ground(
    arguments: &ResplitArguments,
    together: Together,
    scan: &Scan,
    executor: &Executor,
) -> Result<Ground> {
    let mut ground = Ground::default();
    if !is_wanted(arguments, together) {
        return Ok(ground);
    }
    let flag = match arguments.spatial_blocks {
        Some(_) => "--spatial-blocks",
        None => "--keep-together footprints",
    };
    let footprints = scan.evidence.footprints.as_ref();
    let Some(footprints) = footprints.filter(|all| !all.places.is_empty()) else {
        return Err(Error::Input(format!(
            "`{flag}`: no image states where it lies on earth (GeoTIFF tags or a world file); \
             declare groups with `--group-regex` or `--group-file`"
        )));
    };
    let lost = footprints.of.iter().filter(|place| place.is_none()).count();
    if lost > 0 {
        ground.notes.push(format!(
            "{lost} images do not state where they lie, and are assigned without regard to it"
        ));
    }
    let near = footprints.near(arguments.buffer, executor)?;
    if together.footprints {
        ground.links.extend(ground_links(footprints, &near));
    }
    if let Some(given) = arguments.spatial_blocks {
        let side = side(given, footprints);
        let blocks = footprints.blocks(side);
        ground.links.extend(block_links(&blocks));
        let counts = |pair: &Near| pair.share > 0.0 || arguments.buffer > 0.0;
        ground.apart = Some(near.into_iter().filter(counts).collect());
        ground.notes.push(format!(
            "{} blocks of {side:.0} m (or units of a system without name) have two images or more",
            blocks.len()
        ));
    }
    Ok(ground)
}

/// The side of a block; 0 stands for the usual one.
fn side(given: f64, footprints: &Footprints) -> f64 {
    match given > 0.0 {
        true => given,
        false => usual_side(footprints).unwrap_or(1.0),
    }
}
