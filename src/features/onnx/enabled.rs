//! Runs an ONNX model over images. Knows nothing of what the vectors are for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::RgbImage;
use rten::{NodeId, RunOptions, ThreadPool, Value};
use rten_onnx::onnx::GraphProto;
use rten_tensor::prelude::*;

use super::declared::{self, Declared};
use super::file::{self, Opened, guarded};
use super::plain::Plain;
use super::pooled::pooled;
use super::preprocessing::{Batch, Shown, Values};
use super::{ModelFile, Seen, Subjects};
use crate::error::{Error, Result};
use crate::executor::{Executor, Interrupted};
use crate::features::Vectors;

/// Counts changes to how images are shown or outputs pooled: raise it with
/// every such change.
const METHOD: &str = "onnx 1";
/// The same of networks that are run here.
const PLAIN: &str = " plain 1";

/// Outputs that hold what a model thinks of the whole image, best first, where
/// there are several: the names of Hugging Face's exports.
const OUTPUTS: [&str; 4] = [
    "image_embeds",
    "pooler_output",
    "sentence_embedding",
    "embeddings",
];

/// A fixed batch above this was meant for something else than looking at
/// images one after the other.
const LARGEST_BATCH: usize = 1024;

/// A model, loaded and tried.
pub struct Model {
    model: rten::Model,
    /// Runs in place of `model` where it can.
    plain: Option<Plain>,
    input: NodeId,
    output: NodeId,
    shown: Shown,
    batch: usize,
    name: String,
    /// Everything that a vector depends on but the image.
    method: String,
    notes: Vec<String>,
}

impl Model {
    /// Loads the model of `file`, and shows it a black image.
    ///
    /// # Errors
    /// [`Error::Input`] when the file cannot be read, is no ONNX model, takes
    /// no images, cannot be run, or gives nothing to make a vector of.
    pub fn load(file: &ModelFile) -> Result<Self> {
        let path = &file.path;
        let fault = |why: String| Error::Input(format!("model `{}`: {why}", path.display()));
        let Opened {
            digest,
            proto,
            model,
        } = file::open(path).map_err(fault)?;
        let declared = declared::read(&proto, file).map_err(fault)?;
        let graph = proto.graph.as_ref();
        Self::tried(model, graph, declared, file, &digest).map_err(fault)
    }

    /// What to call its vectors.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a person should know of how it is used.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What the model sees in `subjects`; those without a vector are reported. `done` receives how many more are finished. Each thread holds one
    /// batch, and a batch is one image where the model does not mind, so that
    /// neither the number of threads nor what is known already changes a vector.
    ///
    /// # Errors
    /// [`Interrupted`] when a stop was asked for.
    pub fn vectors(
        &self,
        subjects: &dyn Subjects,
        executor: &Executor,
        done: impl Fn(u64) + Sync,
    ) -> Result<Seen, Interrupted> {
        let count = subjects.count();
        let key = |i: usize| subjects.key(&self.method, i);
        let mut vectors = executor.map(count, |i| {
            let known = subjects.memo().vector(key(i)?);
            done(u64::from(known.is_some()));
            known.map(Ok)
        })?;
        let missing: Vec<usize> = (0..count).filter(|&i| vectors[i].is_none()).collect();
        let batches: Vec<&[usize]> = missing.chunks(self.batch).collect();
        let next = AtomicUsize::new(0);
        let made = executor.on_each(|| {
            // One thread, because how the runtime splits its work among several
            // decides in which order it adds.
            let thread = Arc::new(ThreadPool::with_num_threads(1));
            let mut made = Vec::new();
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                if executor.stop().is_raised() {
                    break;
                }
                let answers = self.see(batch, subjects, &thread);
                for (&i, vector) in batch.iter().zip(answers) {
                    if let (Ok(vector), Some(key)) = (&vector, key(i)) {
                        subjects.memo().keep_vector(key, vector);
                    }
                    made.push((i, vector));
                }
                done(batch.len() as u64);
            }
            made
        });
        executor.stop().check()?;
        for (i, vector) in made.into_iter().flatten() {
            vectors[i] = Some(vector);
        }
        Ok(gathered(vectors, count - missing.len()))
    }

    /// The vectors of one batch of subjects, or why there is none.
    fn see(
        &self,
        batch: &[usize],
        subjects: &dyn Subjects,
        thread: &Arc<ThreadPool>,
    ) -> Vec<Result<Vec<f32>, String>> {
        let size = (self.shown.width, self.shown.height);
        let mut answers: Vec<Result<Vec<f32>, String>> = Vec::with_capacity(batch.len());
        let mut shown: Vec<RgbImage> = Vec::with_capacity(batch.len());
        for &index in batch {
            match subjects.show(index, size) {
                Ok(image) => {
                    shown.push(image);
                    answers.push(Ok(Vec::new()));
                }
                Err(why) => answers.push(Err(why)),
            }
        }
        if shown.is_empty() {
            return answers;
        }
        let made = self.run(&shown, thread);
        let mut made = match made {
            Ok(made) => made.into_iter(),
            Err(why) => return batch.iter().map(|_| Err(why.clone())).collect(),
        };
        for answer in answers.iter_mut().filter(|answer| answer.is_ok()) {
            *answer = match made.next() {
                Some(vector) if vector.iter().all(|v| v.is_finite()) => Ok(vector),
                Some(_) => Err("the model's output contains NaN or infinite values".to_owned()),
                None => Err("the model gives no vector".to_owned()),
            };
        }
        answers
    }

    /// One vector an image.
    fn run(&self, images: &[RgbImage], thread: &Arc<ThreadPool>) -> Result<Vec<Vec<f32>>, String> {
        if let Some(plain) = &self.plain {
            return (images.iter())
                .map(|image| plainly(plain, &self.shown, image))
                .collect();
        }
        let shape = self.shown.shape(self.batch);
        let value = match self.shown.batch(images, self.batch) {
            Batch::Bytes(bytes) => Value::from_shape(shape, bytes).map_err(|e| e.to_string())?,
            Batch::Numbers(data) => Value::from_shape(shape, data).map_err(|e| e.to_string())?,
        };
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(thread)));
        let outputs = guarded(|| {
            let inputs = vec![(self.input, value.into())];
            (self.model.run(inputs, &[self.output], Some(options))).map_err(|e| e.to_string())
        })?;
        match outputs.into_iter().next() {
            Some(Value::FloatTensor(tensor)) => {
                let data = tensor.to_vec();
                pooled(tensor.shape(), &data, images.len(), self.shown.layout)
            }
            _ => Err("its output does not hold single-precision numbers".to_owned()),
        }
    }

    /// The model once it has shown what it gives.
    fn tried(
        model: rten::Model,
        graph: Option<&GraphProto>,
        declared: Declared,
        file: &ModelFile,
        digest: &blake3::Hash,
    ) -> Result<Self, String> {
        let Declared {
            input,
            batch,
            shown,
            guessed_size,
            source,
        } = declared;
        if batch > LARGEST_BATCH {
            return Err(format!(
                "it takes {batch} images at once; more than {LARGEST_BATCH} are not supported"
            ));
        }
        let input_name = input;
        let input = (model.node_id(&input_name)).map_err(|e| e.to_string())?;
        let output = output(&model, file.output.as_deref())?;
        let named = |id| model.node_info(id).and_then(|node| node.name());
        let output_name = named(output).unwrap_or("").to_owned();
        let black = RgbImage::new(shown.width, shown.height);
        let plain = match (shown.values, shown.layout, batch) {
            (Values::Scaled { .. }, super::Layout::Nchw, 1) => {
                graph.and_then(|graph| Plain::of(graph, &input_name, &output_name))
            }
            _ => None,
        };
        // What it cannot run on a black image, the runtime explains.
        let plain = plain.filter(|plain| plainly(plain, &shown, &black).is_ok());
        let runner = if plain.is_some() { PLAIN } else { "" };
        let digest = digest.to_hex();
        let file_name = file.path.file_name().unwrap_or_default();
        let file_name = file_name.to_string_lossy();
        let mut tried = Self {
            input,
            output,
            shown,
            batch,
            name: format!("the vectors of `{file_name}` ({})", &digest[..8]),
            method: format!("{METHOD}{runner} {digest} {output_name} {shown:?}"),
            notes: Vec::new(),
            model,
            plain,
        };
        let thread = Arc::new(ThreadPool::with_num_threads(1));
        let vectors = tried.run(&[black], &thread).map_err(|why| {
            let others: Vec<&str> = (tried.model.input_ids().iter())
                .filter(|&&id| id != tried.input)
                .filter_map(|&id| tried.model.node_info(id)?.name())
                .collect();
            match &others[..] {
                [] if guessed_size => format!(
                    "it cannot be run on an image of {} pixels a side; set the size it needs with `--model-size`: {why}",
                    shown.width
                ),
                [] => format!("it cannot be run on an image: {why}"),
                others => format!(
                    "`{output_name}` needs more inputs than an image ({}); export the image encoder, or name an output that needs only the image (`--model-output`): {why}",
                    others.join(", ")
                ),
            }
        })?;
        let dim = vectors.first().map_or(0, Vec::len);
        tried.notes = vec![format!(
            "model `{file_name}` ({}) takes {} × {} pixels{}; `{output_name}` has {dim} numbers",
            &digest[..8],
            shown.width,
            shown.height,
            values(shown.values, source)
        )];
        Ok(tried)
    }
}

/// One vector, without the runtime.
fn plainly(plain: &Plain, shown: &Shown, image: &RgbImage) -> Result<Vec<f32>, String> {
    let by_pixel = Shown {
        layout: super::Layout::Nhwc,
        ..*shown
    };
    match by_pixel.batch(std::slice::from_ref(image), 1) {
        Batch::Numbers(data) => plain.run(data, [shown.height, shown.width].map(|n| n as usize)),
        Batch::Bytes(_) => Err("it takes bytes".to_owned()),
    }
}

/// How samples are changed, for people.
fn values(values: Values, source: &str) -> String {
    match values {
        Values::Bytes => format!(", as bytes, {source}"),
        Values::RAW => format!(" of 0 to 255, {source}"),
        Values::UNIT => format!(" of 0 to 1, {source}"),
        Values::Scaled { scale, shift } => {
            let std = scale.map(|scale| 1.0 / (255.0 * scale));
            let mean = [0, 1, 2].map(|i| -shift[i] * std[i]);
            let messages = |three: [f32; 3]| three.map(|v| format!("{v:.3}")).join(", ");
            format!(
                ", less a mean of {} over a deviation of {} ({source})",
                messages(mean),
                messages(std)
            )
        }
    }
}

fn gathered(vectors: Vec<Option<Result<Vec<f32>, String>>>, known: usize) -> Seen {
    let dim = vectors.iter().flatten().flatten().map(Vec::len).next();
    let dim = dim.unwrap_or(0);
    let (mut kept, mut data, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (index, vector) in vectors.into_iter().enumerate() {
        match vector {
            Some(Ok(vector)) if vector.len() == dim => {
                kept.push(index);
                data.extend(vector);
            }
            Some(Err(why)) => failed.push((index, why)),
            _ => failed.push((index, "the vector is of another length".to_owned())),
        }
    }
    Seen {
        rows: kept,
        vectors: Vectors::new(dim, data).unwrap_or_default(),
        known,
        failed,
    }
}

/// The output that is asked for, or else the one that most likely holds a vector
/// of the whole image.
fn output(model: &rten::Model, wanted: Option<&str>) -> Result<NodeId, String> {
    let named = |id: &NodeId| model.node_info(*id).and_then(|node| node.name());
    let outputs = model.output_ids();
    let find = |name: &str| {
        let found = outputs.iter().find(|id| named(id) == Some(name));
        found.copied()
    };
    let messages = || {
        let names: Vec<&str> = outputs.iter().filter_map(named).collect();
        names.join(", ")
    };
    match wanted {
        Some(name) => find(name).ok_or_else(|| format!("no output `{name}` among {}", messages())),
        None => (OUTPUTS.iter().find_map(|name| find(name)))
            .or(outputs.first().copied())
            .ok_or_else(|| "it has no output".to_owned()),
    }
}
