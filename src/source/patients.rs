//! Groups that DICOM files declare themselves: the patient, else the study. No identity
//! leaves this file but as a hash, unless the user asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;

use super::reader::Reader;
use super::{frames, groups};
use crate::dicom::{self, Identity};
use crate::sample::{Listing, Location, Sample};
use crate::words::shown;

/// Hexadecimal digits of a name: 32 bits keep some thousand patients apart.
const DIGITS: usize = 8;

/// What a group of a patient or study is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// A hash of the id.
    Hashes,
    /// The id itself, because the user asked.
    Identifiers,
}

/// Gives the samples that are DICOM files, and have no group yet, the group of their
/// patient; where all have one identity, which is what anonymised sets have, that of
/// their study. Gives what the user should know of it.
pub(super) fn declare(
    listing: &mut Listing,
    reader: &dyn Reader,
    naming: Naming,
) -> Option<String> {
    let found: BTreeMap<String, Identity> = (listing.samples.par_iter())
        .filter(|sample| sample.group.is_none())
        .filter_map(|sample| Some((sample.key.as_str().to_owned(), identity(sample, reader)?)))
        .collect::<Vec<_>>()
        .into_iter()
        .collect();
    let distinct = |of: fn(&Identity) -> &str| -> BTreeSet<&str> {
        let all = found.values().map(of);
        all.filter(|id| !id.is_empty()).collect()
    };
    let patients = distinct(|identity| &identity.patient);
    let studies = distinct(|identity| &identity.study);
    let (kind, note) = match (patients.len(), studies.len()) {
        (0 | 1, 0 | 1) => return None,
        (0, _) => (
            "study",
            format!(
                "{} DICOM files name no patient: their groups are studies",
                found.len()
            ),
        ),
        (1, _) => (
            "study",
            format!(
                "all {} DICOM files name one patient, as anonymised sets do: their groups are \
                 studies",
                found.len()
            ),
        ),
        _ => (
            "patient",
            format!(
                "groups are the {} patients that {} DICOM files name, {}",
                patients.len(),
                found.len(),
                match naming {
                    Naming::Hashes => "as hashes",
                    Naming::Identifiers => "by their ids",
                }
            ),
        ),
    };
    let salt = salt(&patients, &studies);
    groups::declare(listing, |key| {
        let identity = found.get(key)?;
        let of_study = kind == "study" || identity.patient.is_empty();
        let (kind, id) = match of_study {
            true => ("study", &identity.study),
            false => ("patient", &identity.patient),
        };
        (!id.is_empty()).then(|| match naming {
            Naming::Hashes => format!("{kind} {}", hashed(&salt, id)),
            Naming::Identifiers => format!("{kind} {}", shown(id)),
        })
    });
    Some(note)
}

/// Who a sample shows, if it is a DICOM file or a frame of one. Names of other images
/// are not opened.
fn identity(sample: &Sample, reader: &dyn Reader) -> Option<Identity> {
    if !frames::may_be_dicom(Path::new(sample.key.as_str())) {
        return None;
    }
    let head = match reader.location(sample.id) {
        Location::File(path) => frames::head(&path)?,
        Location::Member { container, .. } => (frames::head(&container))
            .filter(|head| dicom::is_dicom(head))
            .or_else(|| reader.read(sample.id).ok())?,
    };
    dicom::is_dicom(&head).then(|| dicom::identity(&head))
}

/// All identities of the set together: a list of likely ones, hashed, matches nothing
/// of a set that is not known already.
fn salt(patients: &BTreeSet<&str>, studies: &BTreeSet<&str>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for id in patients.iter().chain(studies) {
        hasher.update(&(id.len() as u64).to_le_bytes());
        hasher.update(id.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

fn hashed(salt: &[u8; 32], id: &str) -> String {
    let hash = blake3::keyed_hash(salt, id.as_bytes()).to_hex();
    hash[..DIGITS].to_owned()
}
