//! What later scans recall of earlier ones, and what they do not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;
use tempfile::TempDir;

use super::files::{Files, SET, files, fingerprinted, png, scan_with};
use super::scenes::Scene;
use crate::duplicates::Pair;
use crate::duplicates::memo::METHOD;
use crate::duplicates::pipeline::search;
use crate::executor::{Executor, StopFlag};
use crate::fingerprint::cache;
use crate::sample::ContentHash;

/// Scene 4, mirrored.
fn copy() -> Vec<u8> {
    let scene = Scene::new(4);
    png(|x, y| scene.tone(1.0 - x, y))
}

/// What is found, and what was read for that.
fn scan(files: &Arc<Files>, folder: Option<&TempDir>, method: &str) -> (Vec<Pair>, Vec<u32>) {
    let (found, read) = scan_with(files, folder, method, 2);
    (found.pairs, read)
}

#[test]
fn refinements_of_files_written_to_since_they_were_hashed_are_not_kept() {
    let executor = Executor::new(2, StopFlag::default()).expect("threads");
    for (touched, kept) in [(false, true), (true, false)] {
        let folder = TempDir::new().expect("temporary folder");
        let files = files(SET.clone());
        let made = fingerprinted(&files, Some(&folder), &executor);
        if touched {
            files.modified.store(2, Ordering::Relaxed);
        }
        search(&made.table, &made.images, "a", &executor).expect("not stopped");
        drop(made);
        let there = cache::contents(folder.path()).expect("shown");
        assert_eq!(there.expect("there").verdicts > 0, kept);
    }
}

#[test]
fn copy_added_to_a_known_set_is_read_with_its_likes_and_nothing_else_is() {
    let known = files(SET.clone());
    let mut bytes = SET.clone();
    bytes.push(copy());
    let more = files(bytes);
    let added = more.bytes.len() as u32 - 1;
    let (plain, all) = scan_with(&more, None, "a", 1);
    assert!(all.len() > 2 * more.bytes.len(), "{all:?}");
    assert!(plain.pairs.iter().any(|pair| pair.b.0 == added));
    let folder = TempDir::new().expect("temporary folder");
    let (cold, decoded) = scan(&known, Some(&folder), "a");
    assert_eq!(cold, scan(&known, None, "a").0);
    assert!(decoded.len() > 2 * known.bytes.len(), "{decoded:?}");
    let (found, read) = scan_with(&more, Some(&folder), "a", 4);
    assert_eq!(found, plain);
    let allowed = BTreeSet::from([12, 13, 14, added]);
    assert!(read.contains(&added), "{read:?}");
    assert!(read.iter().all(|id| allowed.contains(id)), "{read:?}");
    assert_eq!(scan(&more, Some(&folder), "a"), (plain.pairs, vec![]));
}

#[test]
fn known_contents_under_other_names_are_not_refined_again() {
    let folder = TempDir::new().expect("temporary folder");
    let (plain, _) = scan(&files(SET.clone()), Some(&folder), "a");
    let touched = files(SET.clone());
    touched.modified.store(2, Ordering::Relaxed);
    let (found, read) = scan(&touched, Some(&folder), "a");
    assert_eq!(found, plain);
    // Once each, to hash them.
    assert_eq!(read, (0..touched.bytes.len() as u32).collect::<Vec<_>>());
}

#[test]
fn damaged_refinements_are_made_anew() {
    let folder = TempDir::new().expect("temporary folder");
    let known = files(SET.clone());
    let (plain, _) = scan(&known, Some(&folder), "a");
    // Pixel hashes, on another shelf, are known to this one.
    let (_, refined) = scan(&known, Some(&folder), "b");
    let path = (cache::contents(folder.path()).expect("shown"))
        .expect("there")
        .path;
    for damage in [
        "zeroblob(length(bytes))",
        "substr(bytes, 2)",
        "CAST(x'00' || bytes AS BLOB)",
        "x''",
    ] {
        let store = Connection::open(&path).expect("opened");
        let change = format!("UPDATE verdicts SET bytes = {damage}");
        assert!(store.execute(&change, []).expect("changed") > 10);
        drop(store);
        let (found, read) = scan(&known, Some(&folder), "a");
        assert_eq!(found, plain, "{damage}");
        assert_eq!(read, refined, "{damage}");
        assert_eq!(scan(&known, Some(&folder), "a"), (plain.clone(), vec![]));
    }
}

#[test]
fn refinements_of_another_method_are_unknown() {
    let folder = TempDir::new().expect("temporary folder");
    let known = files(SET.clone());
    let (plain, _) = scan(&known, Some(&folder), "a");
    assert_eq!(scan(&known, Some(&folder), "a"), (plain.clone(), vec![]));
    let (found, read) = scan(&known, Some(&folder), "b");
    assert_eq!(found, plain);
    assert!(read.len() > 10, "{read:?}");
}

#[test]
fn pairs_change_only_with_the_name_of_the_method() {
    let mut bytes = SET.clone();
    // No larger than a thumbnail: judged by other rules.
    for (scene, gain) in [(6, 1.0), (7, 1.0), (6, 1.2), (7, 0.8)] {
        let scene = Scene::new(scene);
        let mut file = b"P5 48 36 255\n".to_vec();
        for y in 0..36 {
            for x in 0..48 {
                let tone = scene.tone(x as f32 / 48.0, y as f32 / 36.0) * gain;
                file.push(tone.clamp(0.0, 255.0) as u8);
            }
        }
        bytes.push(file);
    }
    let found = scan_with(&files(bytes), None, METHOD, 2).0;
    // To as many digits as other processors agree in.
    let lines = found.pairs.iter().map(|pair| {
        let evidence = &pair.evidence;
        let odds = (evidence.similarity / (1.0 - evidence.similarity)).ln();
        format!(
            "{} {} {:?} {:.1} {} {:.2} {:?}\n",
            pair.a.0,
            pair.b.0,
            evidence.relation,
            odds,
            evidence.transform.mirrored,
            evidence.transform.brightness,
            evidence.distance,
        )
    });
    let lines = lines.collect::<String>();
    assert_eq!(
        (
            METHOD,
            ContentHash::of(lines.as_bytes()).to_string().as_str()
        ),
        ("duplicates 11", "bff4840a51e29e53677c084d63beefa3"),
        "pairs of the same files have changed: raise `METHOD`, and put here what is found \
         now:\n{lines}"
    );
}
