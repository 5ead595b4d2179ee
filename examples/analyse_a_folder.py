"""Measure every sound in a folder: the quantities that Distill's controls are named after.

    python examples/analyse_a_folder.py my_sounds

The output is a table with tabs between its columns, for a spreadsheet.
"""

import argparse

from distill_engine.analysis.features.table import FEATURES, extract, summarise
from distill_engine.dataset.corpus import load_corpus


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="a folder of sound files, nested folders included")
    args = parser.parse_args()

    corpus = load_corpus(args.folder)  # every usable file, mono at 44.1 kHz
    for file in corpus.report.files:
        if not file.usable:
            print(f"# left out: {file.name}: {file.reason}")

    print("sound", "seconds", *(f"{feature.name} ({feature.unit})" for feature in FEATURES), sep="\t")
    for clip in corpus.clips:
        values = summarise(extract(clip.samples))  # one number for each feature; NaN where it has no meaning
        print(clip.name, f"{clip.duration:.2f}", *(f"{value:.2f}" for value in values), sep="\t")


if __name__ == "__main__":
    main()
