//! The demo: four kinds of landscape in three splits, with planted faults and
//! the answer key. Paints nothing itself.

use anyhow::Result;
use image::imageops::{self, FilterType};

use super::folder::{Folder, encode};
use super::paint::{Motif, scene};

/// What a scan of the demo must find: code, then samples (or, for a finding
/// about no sample, splits and classes), joined by `;`.
struct Answers(Vec<[String; 4]>);

impl Answers {
    fn samples(&mut self, code: &str, samples: &[&str]) {
        self.0
            .push([code.into(), samples.join(";"), String::new(), String::new()]);
    }

    fn splits(&mut self, code: &str, splits: &str, labels: &str) {
        self.0
            .push([code.into(), String::new(), splits.into(), labels.into()]);
    }
}

/// Fills `demo`: 120 training, 40 validation and 40 test images.
pub(crate) fn make(demo: &Folder) -> Result<()> {
    let mut answers = Answers(Vec::new());
    for motif in Motif::ALL {
        let class = motif.name();
        for (split, first, count) in [("train", 0, 30), ("val", 100, 10), ("test", 200, 10)] {
            for index in 0..count {
                demo.save(
                    &format!("{split}/{class}/{index:02}.jpg"),
                    &scene(motif, first + index),
                )?;
            }
        }
    }
    leaks(demo, &mut answers)?;
    labels(demo, &mut answers)?;
    files(demo, &mut answers)?;

    // Painted from few rules, three motifs are known by brightness or file size.
    answers.splits("SHORTCUT001", "", "city;desert;forest");
    // The answer key is itself a file that is no image.
    answers.splits("FILE004", "", "");
    answers.0.sort();
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["code", "samples", "splits", "labels"])?;
    for answer in &answers.0 {
        table.write_record(answer)?;
    }
    demo.write("answers.csv", &table.into_inner()?)
}

fn leaks(demo: &Folder, answers: &mut Answers) -> Result<()> {
    demo.copy("train/city/04.jpg", "test/city/00.jpg")?;
    answers.samples("LEAK001", &["test/city/00.jpg", "train/city/04.jpg"]);

    let small = imageops::resize(&scene(Motif::Desert, 7), 96, 72, FilterType::Triangle);
    demo.save_at("test/desert/03.jpg", &small, 60)?;
    answers.samples("LEAK002", &["test/desert/03.jpg", "train/desert/07.jpg"]);

    let mirrored = imageops::flip_horizontal(&scene(Motif::Forest, 11));
    let cropped = imageops::crop_imm(&mirrored, 8, 6, 112, 84).to_image();
    demo.save("test/forest/05.jpg", &cropped)?;
    answers.samples("LEAK002", &["test/forest/05.jpg", "train/forest/11.jpg"]);

    demo.copy("train/lake/20.jpg", "train/lake/21.jpg")?;
    answers.samples("LEAK003", &["train/lake/20.jpg", "train/lake/21.jpg"]);

    let brighter = imageops::brighten(&scene(Motif::City, 25), 30);
    demo.save("train/city/26.jpg", &brighter)?;
    answers.samples("LEAK004", &["train/city/25.jpg", "train/city/26.jpg"]);
    Ok(())
}

fn labels(demo: &Folder, answers: &mut Answers) -> Result<()> {
    demo.copy("val/lake/03.jpg", "val/desert/09.jpg")?;
    answers.samples("LABEL001", &["val/desert/09.jpg", "val/lake/03.jpg"]);
    answers.samples("LABEL002", &["val/desert/09.jpg"]);
    answers.samples("LEAK003", &["val/desert/09.jpg", "val/lake/03.jpg"]);
    Ok(())
}

fn files(demo: &Folder, answers: &mut Answers) -> Result<()> {
    let whole = encode("a.jpg", &scene(Motif::Forest, 15), 70)?;
    demo.write("train/forest/15.jpg", &whole[..whole.len() / 2])?;
    answers.samples("FILE001", &["train/forest/15.jpg"]);
    demo.write("train/lake/02.jpg", b"<html>404 Not Found</html>\n")?;
    answers.samples("FILE001", &["train/lake/02.jpg"]);
    Ok(())
}
