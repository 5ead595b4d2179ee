"""Finds the controls of a model: listens to the corpus and to the model, proposes paths, measures them, keeps what works."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.controls import ControlInfo, Controls, Paths
from distill_engine.analysis.corpus import CorpusView, Encode, place_in, view_corpus
from distill_engine.analysis.directions import Field, character_axes, even_warp, feature_field
from distill_engine.analysis.features import FEATURES, NAMES, Feature
from distill_engine.analysis.map import LatentMap, make_map
from distill_engine.analysis.measure import (
    Response,
    describe,
    linear_warp,
    listen,
    listen_moving,
    paths_of,
    safe_range,
)
from distill_engine.analysis.probes import AnalysisProgress, Prober, Progress, Synthesise
from distill_engine.analysis.region import Region, fit_region
from distill_engine.analysis.surrogate import Surrogate, fit_surrogate
from distill_engine.errors import AnalysisError

FloatArray = npt.NDArray[np.float64]

OFFERED_FROM_RHO = 0.7
CONTENT_FROM_RHO = 0.93
LEAST_STEPS = 2.0
SELECTIVITY = (1.0, 0.2, 0.0)
MOST_CHARACTERS = 6
MOTIONS: Mapping[str, tuple[str, FloatArray]] = {
    "attack": ("sharpens or softens how sounds begin", np.array([[0, 0, -3.0, 0, 0], [0, 0, 1.6, 0, 0]])),
    "density": (
        "plays the source faster and adds strokes, or slower",
        np.array([[-2.0, 0, 0, 0, 0], [1.6, 0, 0, 0, 7.0]]),
    ),
    "movement": (
        "widens the source's movement and adds flutter, or stills it",
        np.array([[0, -4.0, -3.0, 0, 0], [0, 0.8, 0.4, 0.9, 0]]),
    ),
}
"""What the temporal controls do to the source at -1 and 1: octaves of speed, depth, edge; flutter (sigma); strokes a second."""


@dataclass(frozen=True)
class AnalysisConfig:
    """How much is listened to. The defaults make about twelve minutes of sound, whatever the corpus."""

    probes: int = 400
    bases: int = 10
    positions: int = 7
    moving_bases: int = 5
    moving_positions: int = 5
    moving_hops: int = 140
    characters: int = MOST_CHARACTERS


@dataclass(frozen=True)
class Withheld:
    """A feature that is not offered by name, and a sentence that says why."""

    feature: str
    rho: float
    reason: str


@dataclass(frozen=True)
class Analysis:
    """All that is stored about a model's corpus and controls."""

    controls: Controls
    withheld: tuple[Withheld, ...]
    notes: tuple[str, ...]
    corpus: CorpusView
    clip_names: tuple[str, ...]
    map: LatentMap | None
    seed: int
    reduction: int
    seconds_synthesised: float
    seconds_taken: float

    def to_part(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays for the model file's part "analysis" and the table for its manifest."""
        lengths = [latents.shape[1] for latents in self.corpus.latents]
        arrays = self.controls.to_arrays() | {
            "corpus_latents": np.concatenate(self.corpus.latents, axis=1).astype(np.float32),
            "corpus_offsets": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            "corpus_features": self.corpus.stretch_features.astype(np.float32),
        }
        arrays["corpus_features"] = np.nan_to_num(arrays["corpus_features"], nan=UNDEFINED)
        if self.map is not None:
            arrays |= self.map.to_arrays()
        table = {
            "version": 1,
            "seed": self.seed,
            "reduction": self.reduction,
            "clips": list(self.clip_names),
            "features": {feature.name: _corpus_range(self.corpus, feature) for feature in FEATURES},
            "controls": [info.to_dict() for info in self.controls.infos],
            "withheld": [vars(entry) for entry in self.withheld],
            "notes": list(self.notes),
            "has_map": self.map is not None,
            "seconds_synthesised": round(self.seconds_synthesised, 1),
            "seconds_taken": round(self.seconds_taken, 1),
        }
        return arrays, table


UNDEFINED = -1000.0
"""Stands for an undefined feature in stored arrays, which hold no NaN."""


def _corpus_range(view: CorpusView, feature: Feature) -> dict[str, Any]:
    row = view.stretch_features[:, NAMES.index(feature.name)]
    row = row[np.isfinite(row)]
    if not len(row):
        return {"unit": feature.unit, "defined": False}
    low, middle, high = (round(float(q), 3) for q in np.quantile(row, [0.05, 0.5, 0.95]))
    return {"unit": feature.unit, "defined": True, "low": low, "median": middle, "high": high}


def analyse(
    encode: Encode, synthesise: Synthesise, clips: Sequence[npt.NDArray[np.float32]], *, seed: int = 0,
    names: Sequence[str] | None = None, reduction: int = 4, progress: Progress | None = None,
    config: AnalysisConfig | None = None,
) -> Analysis:  # fmt: skip
    """Analyses a model on its corpus. The same model, clips and seed give the same controls in the same order.

    Args:
        encode: mono samples [T] -> latents [D, ceil(frames / reduction)] in sigma units.
        synthesise: latents [D, T] at the mel rate -> samples [T * 512].
        clips: mono float32 sounds at 44.1 kHz.
        names: what the clips are called.

    Raises:
        AnalysisError: no clips, or a model that encodes or synthesises nonsense.
    """
    report = progress or (lambda event: None)
    if names is not None and len(names) != len(clips):
        raise AnalysisError(f"{len(names)} names for {len(clips)} clips")
    started = time.monotonic()
    view = view_corpus(encode, clips, reduction, report)
    session = _Session(view, Prober(synthesise, report), seed, reduction, config or AnalysisConfig())
    controls, withheld, notes = session.find()
    plane = None if view.silent else make_map(view.latents, view.audible, reduction * 512 / 44100)
    report(AnalysisProgress("done", 1, 1))
    return Analysis(
        controls, tuple(withheld), tuple(notes), view, tuple(names or (f"clip {i + 1}" for i in range(len(clips)))),
        plane, seed, reduction, session.prober.seconds, time.monotonic() - started,
    )  # fmt: skip


class _Session:
    """One run of the analysis."""

    def __init__(self, view: CorpusView, prober: Prober, seed: int, reduction: int, config: AnalysisConfig) -> None:
        self.view, self.prober, self.seed, self.reduction, self.config = view, prober, seed, reduction, config
        self.region: Region = fit_region(view.heard)
        self.rng = np.random.default_rng(seed)
        self.positions = np.linspace(-1.0, 1.0, config.positions)
        self.withheld: list[Withheld] = []
        self.notes: list[str] = []

    def white(self, latents: FloatArray) -> FloatArray:
        return self.region.whitening @ (latents - self.region.centre[:, None])

    def find(self) -> tuple[Controls, list[Withheld], list[str]]:
        """All controls: by feature, temporal, characters."""
        if self.view.silent:
            self.notes.append("The corpus is silent, so no controls can be offered.")
            return Controls((), paths_of([], [], self.region), self.region), [], self.notes
        infos, fields, warps = self._steady()
        moving, motion = self._temporal()
        characters, axes = self._characters(np.array([field.coloured(self.region)[0] for field in fields]))
        every = [
            *fields,
            *(Field(np.zeros(self.region.dimensions), np.zeros_like(self.region.whitening)) for _ in moving),
        ]
        paths = paths_of([*every, *axes], [*warps, *([linear_warp()] * (len(moving) + len(axes)))], self.region)
        paths.motion[len(fields) : len(every)] = motion
        found = [*infos, *moving, *characters]
        order = sorted(range(len(found)), key=lambda i: NAMES.index(found[i].name) if found[i].name in NAMES else 99)
        if not found:
            self.notes.append("No control changes what is heard: the model gives nearly the same sound everywhere.")
        return Controls([found[i] for i in order], paths.select(order), self.region), self.withheld, self.notes

    def _steady(self) -> tuple[list[ControlInfo], list[Field], list[FloatArray]]:
        """Controls of the features that a held sound has; each is tried with less and less selectivity until it is monotone."""
        drawn = place_in(self.view, self.rng, self.config.probes)
        drawn = drawn + 0.8 * self.region.colouring @ self.rng.standard_normal(drawn.shape)
        points, heard = self.white(drawn), self.prober.held(drawn, "listening to the model")
        bases = place_in(self.view, np.random.default_rng([self.seed, 1]), self.config.bases)
        best: dict[str, tuple[float, Field, Response]] = {}
        spreads = self._spreads(heard)
        for selective in SELECTIVITY:
            surrogates = self._surrogates(points, heard, spreads)
            todo = [name for name in surrogates if name not in best or best[name][0] < CONTENT_FROM_RHO]
            if not todo:
                break
            fields = [feature_field(name, surrogates, points, selective) for name in todo]
            paths = paths_of(fields, [linear_warp()] * len(fields), self.region)
            responses = listen(self.prober, paths, self.region, bases, self.positions, "trying the controls")
            for name, field, response in zip(todo, fields, responses, strict=True):
                rho = self._worth(response, name)
                if name not in best or rho > best[name][0] + 0.02:
                    best[name] = (rho, field, response)
            points, heard = self._learned(points, heard, paths, bases, responses)
        return self._offered(best, spreads)

    def _worth(self, response: Response, name: str) -> float:
        """Rho, provided the change is big enough to be heard; else what share of that it is."""
        index = NAMES.index(name)
        steps = response.change(index) / (LEAST_STEPS * FEATURES[index].audible_step)
        return response.rho(index) * float(np.clip(steps, 0.0, 1.0))

    def _learned(
        self, points: FloatArray, heard: FloatArray, paths: Paths, bases: FloatArray, responses: Sequence[Response]
    ) -> tuple[FloatArray, FloatArray]:
        """What was heard so far and what the trials have added."""
        controls = Controls([], paths, self.region)
        new, rows = [points], [heard]
        for k, response in enumerate(responses):
            values = np.zeros((len(self.positions), len(responses)))
            values[:, k] = self.positions
            for b, base in enumerate(bases.T):
                new.append(self.white(np.stack([base + controls.offset(base, row) for row in values], axis=1)))
                rows.append(response.heard[b])
        return np.concatenate(new, axis=1), np.concatenate(rows)

    def _spreads(self, heard: FloatArray) -> dict[str, float]:
        """The spread of each feature: over the corpus, or over the model's sound where that is wider."""
        result = {}
        for index, feature in enumerate(FEATURES):
            row = heard[:, index][np.isfinite(heard[:, index])]
            own = float(row.std()) if feature.kind == "steady" and len(row) > 3 else 0.0
            result[feature.name] = max(self.view.spread(feature.name), own, 1e-6)
        return result

    def _surrogates(self, points: FloatArray, heard: FloatArray, spreads: Mapping[str, float]) -> dict[str, Surrogate]:
        corpus = self.white(self.view.stretch_latents)
        every = np.concatenate([points, corpus], axis=1)
        values = np.concatenate([heard, self.view.stretch_features])
        weights = np.concatenate([np.ones(points.shape[1]), np.full(corpus.shape[1], 0.3)])
        found: dict[str, Surrogate] = {}
        for index, feature in enumerate(FEATURES):
            if feature.kind == "steady":
                surrogate = fit_surrogate(every, values[:, index], weights, spreads[feature.name])
                if surrogate is not None:
                    found[feature.name] = surrogate
        return found

    def _offered(
        self, best: Mapping[str, tuple[float, Field, Response]], spreads: Mapping[str, float]
    ) -> tuple[list[ControlInfo], list[Field], list[FloatArray]]:
        infos: list[ControlInfo] = []
        fields: list[Field] = []
        warps: list[FloatArray] = []
        inside = self.white(self.view.heard)
        for index, feature in enumerate(FEATURES):
            if feature.kind != "steady":
                continue
            if feature.name not in best:
                reason = f"{feature.name} is undefined or the same in nearly all of the corpus"
                self.withheld.append(Withheld(feature.name, 0.0, reason))
                continue
            _, field, response = best[feature.name]
            if self._withhold(feature, response):
                continue
            warp = even_warp(self.positions, response.medians(index))
            safe = safe_range(field, warp, self.region, inside)
            infos.append(
                describe(
                    feature.name,
                    "feature",
                    feature,
                    response,
                    spreads,
                    safe,
                    f"more {feature.name}: {feature.description}",
                )
            )
            fields.append(field)
            warps.append(warp)
        return infos, fields, warps

    def _withhold(self, feature: Feature, response: Response) -> bool:
        """Whether a control is not to be offered by name; notes why."""
        index = NAMES.index(feature.name)
        rho, change = response.rho(index), response.change(index)
        if not np.isfinite(response.heard[:, :, index]).any():
            reason = f"{feature.name} is undefined in this model's sound"
        elif rho < OFFERED_FROM_RHO:
            reason = f"{feature.name} does not follow any path reliably (rho {rho:.2f}, {OFFERED_FROM_RHO} is needed)"
        elif change < LEAST_STEPS * feature.audible_step:
            reason = f"{feature.name} hardly changes in this model's sound ({change:.2f} {feature.unit} over the whole range)"
        else:
            return False
        self.withheld.append(Withheld(feature.name, round(rho, 3), reason))
        return True

    def _temporal(self) -> tuple[list[ControlInfo], FloatArray]:
        """Controls that steer the source, measured on stretches of the corpus."""
        rng = np.random.default_rng([self.seed, 2])
        audible = [(clip, i) for clip, mask in enumerate(self.view.audible) for i in np.flatnonzero(mask)]
        places = [audible[int(i)] for i in rng.integers(len(audible), size=self.config.moving_bases)]
        motion = np.stack([amounts for _, amounts in MOTIONS.values()])
        positions = np.linspace(-1.0, 1.0, self.config.moving_positions)
        responses = listen_moving(
            self.prober, motion, self.view, self.region, [(clip, float(start)) for clip, start in places],
            positions, self.config.moving_hops, self.reduction, self.seed, "trying the temporal controls",
        )  # fmt: skip
        infos: list[ControlInfo] = []
        kept: list[int] = []
        spreads = {f.name: max(self.view.spread(f.name), f.audible_step) for f in FEATURES}
        for k, (name, (description, _)) in enumerate(MOTIONS.items()):
            feature = FEATURES[NAMES.index(name)]
            if not self._withhold(feature, responses[k]):
                infos.append(describe(name, "temporal", feature, responses[k], spreads, (-1.0, 1.0), description))
                kept.append(k)
        return infos, motion[kept].reshape(len(kept), 2, 5)

    def _characters(self, taken: FloatArray) -> tuple[list[ControlInfo], list[Field]]:
        """Axes of the variance that the named controls leave, as far as they are heard; + raises what they change most."""
        axes, shares = character_axes(
            self.view.heard, taken.reshape(-1, self.region.dimensions), self.config.characters
        )
        if not len(axes):
            return [], []
        blank = np.zeros_like(self.region.whitening)
        fields = [Field(self.region.whitening @ axis * 0.9, blank) for axis in axes]
        bases = place_in(self.view, np.random.default_rng([self.seed, 3]), max(4, self.config.bases - 2))
        paths = paths_of(fields, [linear_warp()] * len(fields), self.region)
        responses = listen(self.prober, paths, self.region, bases, np.array([-1.0, 0.0, 1.0]), "trying the characters")
        steady = [(i, f) for i, f in enumerate(FEATURES) if f.kind == "steady"]
        infos: list[ControlInfo] = []
        kept: list[Field] = []
        for field, response, share in zip(fields, responses, shares, strict=True):
            steps = {f.name: response.change(i) / f.audible_step for i, f in steady}
            strongest = max(steps, key=lambda name: abs(steps[name]))
            if abs(steps[strongest]) < LEAST_STEPS:
                continue
            turn = 1.0 if steps[strongest] >= 0 else -1.0
            kept.append(Field(turn * field.direction, blank))
            infos.append(
                self._character(len(kept), share, strongest, {n: turn * s for n, s in steps.items()}, kept[-1])
            )
        return infos, kept

    def _character(
        self, number: int, share: float, strongest: str, steps: Mapping[str, float], field: Field
    ) -> ControlInfo:
        text = f"{100 * share:.0f} % of the corpus' variety beyond the named controls; moves {strongest} most"
        weakened = {name: round(value / steps[strongest], 3) for name, value in steps.items() if name != strongest}
        safe = safe_range(field, linear_warp(), self.region, self.white(self.view.heard))
        return replace(
            ControlInfo(f"character-{number}", "character", "", text, 0.0, 0.0, 0.0, 0.0, 0.0, {}, safe),
            leakage=weakened,
        )
