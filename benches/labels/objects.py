"""Finds flipped classes of objects, beside flipped labels of the same photos as whole images.

    python -m venv venv && venv/bin/pip install numpy pillow
    cargo build --release
    venv/bin/python benches/labels/objects.py FOLDER [--flipped 0.1] [--seed 1] [--photos 4000] [-- FLAGS]

FOLDER holds class folders, at any depth. Photos are pasted, two to four to a canvas, onto other
photos, blurred, and annotated as a YOLO set; a share of the classes is flipped. The same photos
under the same labels are a set of class folders. Prints the average precision of the scores of both
scans, and of the flags how many are flips. FLAGS go to both scans, such as `--model`.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageFilter

SPLITLINT = os.environ.get("SPLITLINT_BINARY", "target/release/splitlint")
CANVAS = (800, 600)
SUFFIXES = (".jpg", ".jpeg", ".png")


def average_precision(scores, is_flipped):
    """Area under precision over recall; the least probable labels come first."""
    order = np.argsort(scores, kind="stable")
    hits = is_flipped[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return precision[hits].mean()


def photos(folder, most, rng):
    found = []
    for place, _, names in os.walk(folder):
        found += [os.path.join(place, name) for name in names if name.lower().endswith(SUFFIXES)]
    found.sort()
    rng.shuffle(found)
    return found[:most]


def scan(data, work, name, flags):
    report = os.path.join(work, name)
    command = [SPLITLINT, "scan", data, "--report", report, "--select", "LABEL", "--fail-on", "never", "--quiet"]
    subprocess.run([*command, "--no-cache", *flags], check=True)
    return report


def rows(report, table):
    with open(os.path.join(report, table), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def figures(name, judged):
    """`judged`: score, whether flagged, whether flipped."""
    scores, flags, flips = (np.array(column) for column in zip(*judged))
    right = (flags & flips).sum()
    print(
        f"{name}: {len(scores)} judged, {flips.sum()} flipped; average precision "
        f"{average_precision(scores, flips):.3f}; {flags.sum()} flagged, {right} of them flipped "
        f"({right / max(1, flags.sum()):.2f}), {right / max(1, flips.sum()):.2f} of the flips found"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--flipped", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--photos", type=int, default=4000)
    own, flags = (sys.argv[1:], [])
    if "--" in own:
        own, flags = own[: own.index("--")], own[own.index("--") + 1 :]
    asked = parser.parse_args(own)
    rng = np.random.default_rng(asked.seed)
    files = photos(asked.folder, asked.photos, rng)
    classes = sorted({os.path.basename(os.path.dirname(file)) for file in files})
    true = np.array([classes.index(os.path.basename(os.path.dirname(file))) for file in files])
    flipped = rng.random(len(files)) < asked.flipped
    given = np.where(flipped, (true + rng.integers(1, len(classes), len(files))) % len(classes), true)
    with tempfile.TemporaryDirectory() as work:
        whole, objects = os.path.join(work, "whole"), os.path.join(work, "objects")
        for place in ("images/train", "images/val", "labels/train", "labels/val"):
            os.makedirs(os.path.join(objects, place))
        with open(os.path.join(objects, "data.yaml"), "w", encoding="utf-8") as file:
            file.write(f"train: images/train\nval: images/val\nnames: {classes}\n")
        pasted, next_photo, number = {}, 0, 0
        while next_photo < len(files):
            split = "val" if number % 5 == 0 else "train"
            behind = Image.open(files[rng.integers(len(files))]).convert("RGB").resize(CANVAS)
            canvas = behind.filter(ImageFilter.GaussianBlur(25))
            lines = []
            quarters = rng.permutation(4)[: rng.integers(2, 5)]
            for quarter in quarters[: len(files) - next_photo]:
                photo = Image.open(files[next_photo]).convert("RGB")
                side = int(rng.integers(140, 280))
                photo.thumbnail((side, side))
                left = (quarter % 2) * 400 + rng.integers(0, 400 - photo.width)
                top = (quarter // 2) * 300 + rng.integers(0, 300 - photo.height)
                canvas.paste(photo, (int(left), int(top)))
                middle = (left + photo.width / 2, top + photo.height / 2)
                box = (middle[0] / 800, middle[1] / 600, photo.width / 800, photo.height / 600)
                pasted[f"images/{split}/{number:05}.jpg", len(lines)] = next_photo
                lines.append(f"{given[next_photo]} " + " ".join(f"{value:.6f}" for value in box))
                label = os.path.join(whole, split, classes[given[next_photo]])
                os.makedirs(label, exist_ok=True)
                shutil.copy(files[next_photo], os.path.join(label, f"{next_photo:05}.jpg"))
                next_photo += 1
            canvas.save(os.path.join(objects, f"images/{split}/{number:05}.jpg"), quality=90)
            with open(os.path.join(objects, f"labels/{split}/{number:05}.txt"), "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
            number += 1
        judged = []
        for row in rows(scan(objects, work, "of-objects", flags), "objects.csv"):
            if row["label_score"]:
                photo = pasted[row["sample"], int(row["object"])]
                judged.append((float(row["label_score"]), bool(row["label_flag"]), flipped[photo]))
        figures("objects", judged)
        report = scan(whole, work, "of-images", flags)
        suspects = {row["samples"].split(";")[0] for row in rows(report, "findings.csv") if row["code"] == "LABEL002"}
        judged = []
        for row in rows(report, "samples.csv"):
            if row["label_score"]:
                photo = int(os.path.basename(row["sample"])[:5])
                judged.append((float(row["label_score"]), row["sample"] in suspects, flipped[photo]))
        figures("whole images", judged)


main()
