"""Measure the space: what both ears hear of 24 directions against the measured head, and its cost.

    python benchmarks/space.py --hrtf kemar.npz [--picture space.png]

The measured responses are those that `build_assets.py head` reads.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.benchmark import Benchmark, Column, Table

RATE = 44100
ELEVATIONS = (-30.0, 0.0, 30.0)  # degrees; eight azimuths each
HOPS = 1000
BENCHMARK = Benchmark(
    "space",
    "Space: both ears against the measured head, cost of a hop",
    [
        Table(
            "ears",
            "Interaural differences of 24 directions: of the measured responses, and of what is played.",
            (
                Column("azimuth", "azimuth", ".0f"),
                Column("elevation", "elevation", ".0f"),
                Column("measured_us", "ITD measured, us", ".0f"),
                Column("played_us", "ITD played, us", ".0f"),
                Column("measured_db", "ILD measured, dB", ".1f"),
                Column("played_db", "ILD played, dB", ".1f"),
            ),
            key=("azimuth", "elevation"),
        ),
        Table(
            "cost",
            "Processor time of the whole output stage for a hop in four ticks, one slot, width 0.3.",
            (Column("case", "case"), Column("p50_ms", "p50, ms", ".3f")),
            key=("case",),
        ),
    ],
)

Array = npt.NDArray[np.floating]


def differences(left: Array, right: Array) -> tuple[float, float]:
    """Return ITD in us (above 0: right ear first) and ILD in dB (above 0: right ear louder) of responses [n].

    The delay is where both ears agree most below 1.6 kHz; the level is the mean of thirds of an octave
    from 0.5 to 16 kHz, so that no loudspeaker counts.
    """
    size = 16 * len(left)
    spectra = [np.fft.rfft(ear, 2 * len(left)) for ear in (left, right)]
    frequencies = np.fft.rfftfreq(2 * len(left), 1 / RATE)
    low = spectra[0] * np.conj(spectra[1]) * (frequencies < 1600)
    agreement = np.fft.irfft(low, 2 * size)
    lag = int(np.argmax(agreement))
    lag = lag - 2 * size if lag > size else lag
    bands = np.searchsorted(frequencies, 500 * 2 ** (np.arange(16) / 3))
    levels = [np.add.reduceat(np.abs(one) ** 2, bands)[:-1] for one in spectra]
    return lag / (RATE * size / len(left)) * 1e6, float(np.mean(10 * np.log10(levels[1] / levels[0])))


def cost(kind: str, *, turning: bool, depth: float) -> float:
    """Return the median processor time in ms of a hop."""
    from distill_engine.synthesis.output_stage import OutputStage
    from distill_engine.synthesis.space.places import PLACE_VALUES

    stage, one = OutputStage(), np.ones(1)
    stage.space.choose(kind)
    sound = 0.1 * np.random.default_rng(0).standard_normal((1, 4, 128))
    times = []
    for hop in range(HOPS):
        places = np.zeros((4, PLACE_VALUES))
        places[:, 8:12], places[:, -1] = 1.0, depth
        if turning:
            places[:, 0] = (0.25 * (4 * hop + np.arange(4)) + 180) % 360 - 180
        began = time.process_time()
        for tick in range(4):
            stage.process(sound[:, tick], one, 0.3 * one, places[tick : tick + 1])
        times.append(time.process_time() - began)
    return float(1e3 * np.median(times))


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Draw measured and played differences of all directions."""
    from distill_engine.analysis.plots import figure_of

    figure = figure_of(10, 4)
    for place, (name, unit) in enumerate((("us", "ITD, us"), ("db", "ILD, dB")), 1):
        axes = figure.add_subplot(1, 2, place)
        for elevation in ELEVATIONS:
            of = [row for row in rows if row["elevation"] == elevation]
            azimuths = [row["azimuth"] for row in of]
            (line,) = axes.plot(azimuths, [row[f"measured_{name}"] for row in of], label=f"measured, {elevation:g} up")
            axes.plot(azimuths, [row[f"played_{name}"] for row in of], "o", color=line.get_color())
        axes.set_xlabel("azimuth, degrees to the right")
        axes.set_ylabel(unit)
        axes.legend(fontsize="small")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--hrtf", type=Path, help="the measured responses")
    parser.add_argument("--picture", type=Path, help="where to draw the interaural differences")
    options = parser.parse_args()
    with BENCHMARK.run(options) as run:
        for kind, turning, depth in (
            ("stereo", False, 0.0), ("stereo", True, 0.0), ("binaural", False, 0.0), ("binaural", True, 0.0),
            ("stereo", False, 0.5), ("binaural", False, 0.5), ("binaural", True, 0.5),
        ):  # fmt: skip
            case = kind + ", turning" * turning + ", room" * bool(depth)
            run.row("cost", case=case, p50_ms=cost(kind, turning=turning, depth=depth))
        if options.hrtf is None:
            return
        rows = list(compared(np.load(options.hrtf)))
        for row in rows:
            run.row("ears", **row)
        if options.picture is not None:
            draw(rows, options.picture)


def compared(measured: dict[str, Array]) -> list[dict[str, float]]:
    """Return the interaural differences of 24 directions, measured and played."""
    from distill_engine.synthesis.space.head import shipped_head

    rows = []
    for elevation in ELEVATIONS:
        there = np.flatnonzero(measured["elevation_deg"] == elevation)
        for azimuth in np.arange(-180.0, 180.0, 45.0) + 15:
            off = np.abs((measured["azimuth_deg"][there] + azimuth + 180) % 360 - 180)  # its azimuths count to the left
            nearest = int(there[np.argmin(off)])
            exact = -float(measured["azimuth_deg"][nearest])
            theirs = differences(*measured["ir"][nearest])
            ours = differences(*np.pad(shipped_head().response(exact, elevation), ((0, 0), (0, 328))))
            about = {"azimuth": (exact + 180) % 360 - 180, "elevation": elevation}
            rows.append({**about, "measured_us": theirs[0], "played_us": ours[0],
                         "measured_db": theirs[1], "played_db": ours[1]})  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
