"""Scans a data set, splits it anew, and scans the written result from nothing: leaks, drift and moves.

    venv/bin/pip install pillow numpy
    venv/bin/python benches/resplit/before_after.py PHOTOS [--splitlint target/release/splitlint] [--seed 1]

PHOTOS is a folder <split>/<class>/… of photos. Three sets are made of it, beside each other in a temporary folder:
the photos with 400 altered copies planted across splits; frames of videos dealt to splits one by one; and a manifest
of collages with one to three labels each, among them copies. The sets are drawn by dice of the seed.
"""

import argparse
import csv
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

SPLITS = ["train", "validation", "test"]


def photos(folder):
    kinds = {".jpg", ".jpeg", ".png", ".webp"}
    return sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in kinds)


def opened(path):
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


def altered(image, dice):
    """A copy as people make them, and the quality it is saved with."""
    width, height = image.size
    way = dice.randrange(6)
    if way == 0:
        image = ImageOps.mirror(image)
    elif way == 1:
        x, y = dice.uniform(0.02, 0.1) * width, dice.uniform(0.02, 0.1) * height
        image = image.crop((int(x), int(y), int(width - x), int(height - y)))
    elif way == 2:
        image = image.resize((max(1, width * 2 // 3), max(1, height * 2 // 3)))
    elif way == 3:
        image = ImageEnhance.Brightness(image).enhance(dice.uniform(0.85, 1.15))
    elif way == 4:
        image = image.rotate(90, expand=True)
    return image, dice.choice([60, 75, 90])


def planted(source, out, dice, copies=400):
    shutil.copytree(source, out, ignore=lambda folder, names: [n for n in names if n == "LICENSE"])
    for number, path in enumerate(dice.sample(photos(source), copies)):
        parts = list(path.relative_to(source).parts)
        parts[0] = dice.choice([s for s in SPLITS if s != parts[0]])
        image, quality = altered(opened(path), dice)
        image.save(out / parts[0] / parts[1] / f"copy{number:04}.jpg", quality=quality)
    return [str(out)]


def videos(source, out, dice, count=60):
    """A camera pans over each photo; every video is of one class, and frames are dealt 80/10/10."""
    for number, path in enumerate(dice.sample(photos(source), count)):
        wide = opened(path).resize((420, 420))
        label = f"scene{number % 6}"
        for frame in range(dice.randint(8, 40)):
            x, y = frame * 4 % 160, frame
            split = dice.choices(["train", "val", "test"], [8, 1, 1])[0]
            place = out / split / label
            place.mkdir(parents=True, exist_ok=True)
            wide.crop((x, y, x + 256, y + 256)).save(place / f"video{number:03}_frame{frame:03}.jpg", quality=85)
    return [str(out), "--group-regex", r"(video\d+)_"]


def multi_label(source, out, dice, count=900):
    """Collages of one to three photos with the labels of all; every tenth is a copy of an earlier one."""
    all_photos = photos(source)
    (out / "images").mkdir(parents=True)
    rows = []
    for number in range(count):
        name = f"images/{number:05}.jpg"
        if number % 10 == 9:
            old = dice.choice(rows)
            image, quality = altered(opened(out / old[0]), dice)
            image.save(out / name, quality=quality)
            labels = old[1]
        else:
            chosen = dice.sample(all_photos, dice.choice([1, 1, 2, 3]))
            canvas = Image.new("RGB", (224 * len(chosen), 224))
            for place, path in enumerate(chosen):
                canvas.paste(ImageOps.fit(opened(path), (224, 224)), (224 * place, 0))
            canvas.save(out / name, quality=90)
            labels = ";".join(sorted({path.parent.name for path in chosen}))
        rows.append((name, labels, dice.choices(["train", "val", "test"], [8, 1, 1])[0]))
    with open(out / "manifest.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "labels", "split"])
        writer.writerows(rows)
    return [str(out / "manifest.csv")]


def scan(program, arguments, report):
    subprocess.run([program, "scan", *arguments, "--report", report, "--select", "LEAK,DIST001,DIST002,DIST006", "--quiet"],
                   check=False)
    summary = json.loads((Path(report) / "summary.json").read_text())
    with open(Path(report) / "findings.csv", newline="") as file:
        codes = [row["code"] for row in csv.DictReader(file)]
    with open(Path(report) / "drift.csv", newline="") as file:
        drift = [f"{row['split_a']}–{row['split_b']} {row['division']} {float(row['total_variation']):.3f}"
                 for row in csv.DictReader(file)]
    leaks = sum(code in ("LEAK001", "LEAK002", "LEAK005") for code in codes)
    return leaks, drift, summary


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=Path)
    parser.add_argument("--splitlint", default="target/release/splitlint")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", default="planted,videos,multi_label")
    wanted = parser.parse_args()
    program = str(Path(wanted.splitlint).resolve())
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name in wanted.sets.split(","):
            dice = random.Random(f"{wanted.seed} {name}")
            arguments = globals()[name](wanted.photos, folder / name, dice)
            cache = ["--cache", str(folder / "cache")]
            before = scan(program, [*arguments, *cache], str(folder / f"{name}-before"))
            new, out = folder / f"{name}-new", folder / f"{name}-out"
            done = subprocess.run([program, "resplit", *arguments, *cache, "--out", str(out), "--to", str(new)],
                                  capture_output=True, text=True)
            print(f"## {name}: exit {done.returncode}\n{done.stdout}{done.stderr}")
            again = [str(new / "manifest.csv")] if (new / "manifest.csv").exists() else [str(new), *arguments[1:]]
            after = scan(program, [*again, "--no-cache"], str(folder / f"{name}-after"))
            for what, (leaks, drift, _) in (("before", before), ("after, from nothing", after)):
                print(f"{what}: {leaks} leaks and crossing groups; {'; '.join(drift)}")
            print(flush=True)
            stratified = all(" stratified " in pair for pair in after[1])
            failed |= after[0] > 0 or not stratified or done.returncode != 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
