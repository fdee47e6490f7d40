//! Where on earth images lie: the ground that each covers, by its tags or a world
//! file. Opens headers only, and judges nothing.

mod blocks;
mod geometry;
mod neighbours;
mod tags;
#[cfg(test)]
mod tests;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Cursor};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

pub use blocks::usual_side;
pub use neighbours::Near;

use geometry::{Point, Polygon};
use world::Beside;

use crate::executor::{Executor, Interrupted};
use crate::image_format::Format;
use crate::progress::{Progress, Stage};
use crate::sample::{Listing, Location, SampleId};
use crate::source::Reader;

/// Metres of a degree along a meridian.
const METRES_OF_A_DEGREE: f64 = 111_320.0;

/// Coordinates beyond are no place on earth, in whatever unit.
const FARTHEST: f64 = 1e9;

/// Samples that a container is opened once for.
const RUN: usize = 64;

/// The ground of every sample that says where it lies.
#[derive(Debug, Clone, Default)]
pub struct Footprints {
    /// Different pieces of ground, in order of their first sample.
    pub places: Vec<Footprint>,
    /// By sample, its place in `places`.
    pub of: Vec<Option<u32>>,
    /// The systems of coordinates, sorted; those of different systems are not compared.
    pub systems: Vec<System>,
}

/// The ground that an image covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    polygon: Polygon,
    /// The side of a pixel.
    pixel: f64,
    /// Its index in [`Footprints::systems`].
    pub system: u16,
}

/// A system of coordinates.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub struct System {
    /// Such as `EPSG:32633`; empty where none is named.
    pub name: String,
    /// What its numbers count.
    pub units: Units,
}

/// What coordinates count.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum Units {
    /// Longitude and latitude.
    Degrees,
    /// Lengths of so many metres.
    Metres(f64),
    /// Nobody says.
    Unknown,
}

/// From column and row to coordinates: x = a·column + b·row + c, then y.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Affine([f64; 6]);

impl Affine {
    fn at(&self, [column, row]: Point) -> Point {
        let [a, b, c, d, e, f] = self.0;
        [a * column + b * row + c, d * column + e * row + f]
    }

    /// The same, counted from another point of the image.
    fn moved(self, by: Point) -> Self {
        let [a, b, _, d, e, _] = self.0;
        let [c, f] = self.at(by);
        Self([a, b, c, d, e, f])
    }

    /// The ground of an image of this size; `None` where it is no place on earth, or
    /// only the numbering of pixels.
    fn ground(&self, [width, height]: [u32; 2], has_system: bool) -> Option<(Polygon, f64)> {
        let (right, bottom) = (f64::from(width), f64::from(height));
        let corners = [[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]];
        let corners = corners.map(|corner| self.at(corner));
        let [a, b, c, d, e, f] = self.0;
        let is_numbering = [a, e.abs(), b, d] == [1.0, 1.0, 0.0, 0.0]
            && c.abs() <= 0.5
            && (f.abs() <= 0.5 || f == bottom);
        let polygon = Polygon::of(corners);
        let sound = corners.iter().flatten().all(|v| v.abs() < FARTHEST) && polygon.area() > 0.0;
        let pixel = (a * e - b * d).abs().sqrt();
        (sound && (has_system || !is_numbering)).then_some((polygon, pixel))
    }
}

/// A sample's ground before systems are numbered.
struct Found {
    polygon: Polygon,
    pixel: f64,
    system: System,
}

/// Finds the ground of every sample. Of TIFF files the tags are read, of other images
/// that have a world file the size.
///
/// # Errors
/// When the user asks to stop.
pub fn find(
    listing: &Listing,
    reader: &dyn Reader,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Footprints, Interrupted> {
    progress.begin(Stage::Footprints, Some(listing.samples.len() as u64));
    let places: Vec<Location> = executor.map(listing.samples.len(), |index| {
        reader.location(SampleId(index as u32))
    })?;
    let folders: Vec<&Path> = {
        let files = places.iter().filter_map(|place| match place {
            Location::File(path) => path.parent(),
            Location::Member { .. } => None,
        });
        let mut folders: Vec<&Path> = files.collect();
        folders.sort_unstable();
        folders.dedup();
        folders
    };
    let worlds = executor.map(folders.len(), |index| Beside::of(folders[index]))?;
    let worlds: BTreeMap<&Path, Beside> = (folders.iter().copied().zip(worlds))
        .filter(|(_, beside)| !beside.is_empty())
        .collect();
    let runs = reader.runs(listing.samples.len(), RUN);
    let found = executor.map(runs.len(), |run| {
        let mut found: Vec<(SampleId, Found)> = Vec::new();
        let mut members = Vec::new();
        for &id in &runs[run] {
            match &places[id.index()] {
                Location::File(path) => {
                    let beside = path.parent().and_then(|folder| worlds.get(folder));
                    found.extend(of_file(path, beside).map(|one| (id, one)));
                }
                Location::Member { name, .. } => {
                    let is_tiff = name.as_deref().is_some_and(|name| is_tiff(Path::new(name)));
                    members.extend(is_tiff.then_some(id));
                }
            }
        }
        let _ = reader.read_run(&members, &mut |id, bytes| {
            let one = bytes
                .ok()
                .and_then(|bytes| of_tiff(tags::read(Cursor::new(&*bytes))?, None));
            found.extend(one.map(|one| (id, one)));
            match executor.stop().is_raised() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        progress.advance(runs[run].len() as u64);
        found
    })?;
    let mut found: Vec<(SampleId, Found)> = found.into_iter().flatten().collect();
    found.sort_by_key(|&(id, _)| id);
    let footprints = numbered(found, listing.samples.len());
    let placed = footprints.of.iter().flatten().count();
    progress.end(
        Stage::Footprints,
        &format!("{placed} images say where they lie"),
    );
    Ok(footprints)
}

/// Places and systems by number.
fn numbered(found: Vec<(SampleId, Found)>, samples: usize) -> Footprints {
    let mut systems: Vec<System> = found.iter().map(|(_, one)| one.system.clone()).collect();
    systems.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    systems.dedup();
    systems.truncate(usize::from(u16::MAX));
    let mut footprints = Footprints {
        places: Vec::new(),
        of: vec![None; samples],
        systems,
    };
    let mut known: HashMap<(u16, Vec<u64>), u32> = HashMap::new();
    for (id, one) in found {
        let system = footprints
            .systems
            .iter()
            .position(|system| *system == one.system);
        let Some(system) = system.map(|system| system as u16) else {
            continue;
        };
        let place = *(known.entry((system, one.polygon.bits()))).or_insert_with(|| {
            footprints.places.push(Footprint {
                polygon: one.polygon,
                pixel: one.pixel,
                system,
            });
            (footprints.places.len() - 1) as u32
        });
        footprints.of[id.index()] = Some(place);
    }
    footprints
}

fn is_tiff(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        let known = Format::Tiff.extensions().iter();
        known
            .copied()
            .any(|known| known.eq_ignore_ascii_case(extension))
    })
}

fn of_file(path: &PathBuf, beside: Option<&Beside>) -> Option<Found> {
    let world = beside.and_then(|beside| beside.place(path));
    if is_tiff(path) {
        let placed = tags::read(BufReader::with_capacity(1 << 12, File::open(path).ok()?))?;
        return of_tiff(placed, world);
    }
    let (affine, system) = world?;
    let image = image::ImageReader::open(path).ok()?;
    let (width, height) = image.with_guessed_format().ok()?.into_dimensions().ok()?;
    found([width, height], affine, system)
}

/// Tags come before a world file.
fn of_tiff(placed: tags::Placed, world: Option<(Affine, Option<System>)>) -> Option<Found> {
    match placed.affine {
        Some(affine) => found(placed.size, affine, placed.system),
        None => {
            let (affine, system) = world?;
            found(placed.size, affine, placed.system.or(system))
        }
    }
}

fn found(size: [u32; 2], affine: Affine, system: Option<System>) -> Option<Found> {
    let (polygon, pixel) = affine.ground(size, system.is_some())?;
    let unnamed = || System {
        name: String::new(),
        units: Units::Unknown,
    };
    Some(Found {
        polygon,
        pixel,
        system: system.unwrap_or_else(unnamed),
    })
}

impl Footprints {
    /// Those of some samples, in another order: `was` names each by its id here.
    #[must_use]
    pub fn of_samples(&self, was: &[SampleId]) -> Self {
        let of = was
            .iter()
            .map(|id| self.of.get(id.index()).copied().flatten());
        Self {
            of: of.collect(),
            ..self.clone()
        }
    }

    /// The ground of a sample.
    pub fn get(&self, id: SampleId) -> Option<&Footprint> {
        let place = self.of.get(id.index()).copied().flatten()?;
        self.places.get(place as usize)
    }

    /// The samples of each place, in listing order.
    pub fn samples(&self) -> Vec<Vec<SampleId>> {
        let mut samples = vec![Vec::new(); self.places.len()];
        for (id, place) in (0..).map(SampleId).zip(&self.of) {
            if let Some(place) = place {
                samples[*place as usize].push(id);
            }
        }
        samples
    }

    fn units(&self, place: &Footprint) -> Units {
        self.systems[usize::from(place.system)].units
    }

    /// What `metres` are in the units of a place, along either axis; as they stand
    /// where nobody says what the units are.
    fn in_units(&self, place: &Footprint, metres: f64) -> Point {
        match self.units(place) {
            Units::Unknown => [metres; 2],
            Units::Metres(unit) => [metres / unit; 2],
            Units::Degrees => {
                let [low, high] = place.polygon.bounds();
                let degrees = metres / METRES_OF_A_DEGREE;
                [degrees / narrowing((low[1] + high[1]) / 2.0), degrees]
            }
        }
    }

    /// The share of a place that other places cover together, 0 to 1, to 1/1024.
    pub fn covered(&self, place: u32, by: impl Iterator<Item = u32> + Clone) -> f64 {
        const SIDE: u32 = 32;
        let whole = &self.places[place as usize].polygon;
        let [low, high] = whole.bounds();
        let (mut inside, mut covered) = (0u32, 0u32);
        for step in 0..SIDE * SIDE {
            let share = |step: u32| (f64::from(step) + 0.5) / f64::from(SIDE);
            let at = |axis: usize, share: f64| low[axis] + share * (high[axis] - low[axis]);
            let point = [at(0, share(step % SIDE)), at(1, share(step / SIDE))];
            if whole.holds(point) {
                inside += 1;
                let mut others = by.clone().map(|other| &self.places[other as usize].polygon);
                covered += u32::from(others.any(|other| other.holds(point)));
            }
        }
        f64::from(covered) / f64::from(inside.max(1))
    }
}

/// How much shorter a degree of longitude is at a latitude.
fn narrowing(latitude: f64) -> f64 {
    // Nearer to a pole a degree of longitude is no length.
    latitude.clamp(-89.0, 89.0).to_radians().cos()
}
