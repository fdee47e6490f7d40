//! Reads two-dimensional NumPy arrays of floating-point numbers.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use npyz::npz::NpzArchive;
use npyz::{NpyFile, Order};

use super::Vectors;

/// Arrays of an archive that are looked for when there are several.
const NAMES: [&str; 5] = ["embeddings", "vectors", "features", "pred_probs", "arr_0"];

/// The array's rows.
pub(super) fn read(path: &Path) -> Result<Vectors, String> {
    let file = BufReader::new(File::open(path).map_err(|e| e.to_string())?);
    let archive = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npz"));
    if !archive {
        return rows(NpyFile::new(file).map_err(|e| format!("not a NumPy array: {e}"))?);
    }
    let mut archive = NpzArchive::new(file).map_err(|e| format!("not a NumPy archive: {e}"))?;
    let names: Vec<String> = archive.array_names().map(str::to_owned).collect();
    let chosen = match &names[..] {
        [only] => only.clone(),
        several => NAMES
            .into_iter()
            .find(|name| several.iter().any(|other| other == name))
            .map(str::to_owned)
            .ok_or_else(|| {
                format!(
                    "it holds {}; name the one to use `embeddings`",
                    several.join(", ")
                )
            })?,
    };
    match archive.by_name(&chosen) {
        Ok(Some(array)) => rows(array),
        Ok(None) => Err(format!("no array `{chosen}`")),
        Err(e) => Err(e.to_string()),
    }
}

fn rows<R: Read>(array: NpyFile<R>) -> Result<Vectors, String> {
    let shape = array.shape().to_vec();
    let [count, dim] = shape[..] else {
        return Err(format!(
            "an array of shape {shape:?}; it needs two dimensions, samples × numbers"
        ));
    };
    let (count, dim) = (count as usize, dim as usize);
    if dim == 0 || count == 0 {
        return Err(format!("an array of shape {shape:?} holds nothing"));
    }
    let order = array.order();
    let kind = array.dtype().descr();
    let array = match array.try_data::<f32>() {
        Ok(data) => return finish(data.collect(), count, dim, order),
        Err(array) => array,
    };
    match array.try_data::<f64>() {
        Ok(data) => {
            let numbers = data.map(|value| value.map(|v| v as f32)).collect();
            finish(numbers, count, dim, order)
        }
        Err(_) => Err(format!(
            "numbers of type {kind}; save them with `.astype(\"float32\")`"
        )),
    }
}

fn finish(
    numbers: std::io::Result<Vec<f32>>,
    count: usize,
    dim: usize,
    order: Order,
) -> Result<Vectors, String> {
    let numbers = numbers.map_err(|e| format!("it ends early: {e}"))?;
    if numbers.len() != count * dim {
        return Err("it ends early".to_owned());
    }
    let numbers = match order {
        Order::C => numbers,
        Order::Fortran => (0..count * dim)
            .map(|i| numbers[i % dim * count + i / dim])
            .collect(),
    };
    Vectors::new(dim, numbers).ok_or_else(|| "not a whole number of rows".to_owned())
}
