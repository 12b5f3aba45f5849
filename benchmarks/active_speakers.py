"""Who talks, by every active speaker model at hand: average precision on recordings with a truth, and speed.

    python benchmarks/active_speakers.py --media FOLDER [--studio FOLDER ...] [--seconds 60] [--models lr-asd ...]

FOLDER of --media holds dialogue/grid_dialogue_9s.mp4 and dialogue/latentsync_pair_8s.mp4; one of --studio is a folder
that `nonverbal studio` or `nonverbal benchmark accuracy` made. Voices are the true ones, so that nothing but the
judgement of faces is measured. Pairs of person and frame count where a face is seen, also those without a voice. The
speed is that of the stage on one core, per second of each face.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from nonverbal.accuracy.films import load
from nonverbal.accuracy.speaking import average_precision
from nonverbal.backends.active_speakers import CHOICES, NETWORK_WEIGHTS
from nonverbal.backends.mfcc import mfcc
from nonverbal.backends.reels import Reel
from nonverbal.backends.talk_network import network
from nonverbal.backends.talk_windows import WINDOWS_S, talk_scores
from nonverbal.pipeline.stage import Job
from nonverbal.timeline import FPS, n_frames, spans_to_mask
from nonverbal.types import Bool, Clip, Dialogue, Source, Span, SpeakerSegment, Track
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.speak import audible_frames, voice_masks
from nonverbal.venus.speak_networks import CALIBRATIONS, network_scores, seen, sound_of
from nonverbal.venus.speaking import align, judged, mouth_odds
from nonverbal.venus.tracking import centre
from nonverbal.venus.watch import Sighting, Watch

_PAIR = ((0.0, 4.0, "left"), (4.0, 8.0, "right"))
_SPEED_FRAMES = 8 * 25


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A recording that was watched, who truly talks, and per track [T] whether that person does."""

    name: str
    job: Job
    sighting: Sighting
    talk: Diarization
    truth: tuple[Bool, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Average precision of the stage and of the network alone, and the core-seconds that the stage took."""

    precision: float
    alone: float
    core_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path)
    parser.add_argument("--studio", type=Path, nargs="*", default=[])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--models", nargs="*", default=[choice.name for choice in CHOICES])
    given = parser.parse_args()
    torch.set_num_threads(1)
    cases = [*(dialogues(given.media) if given.media else ()), *(studio(path, given.seconds) for path in given.studio)]
    ready = []
    for choice in (choice for choice in CHOICES if choice.name in given.models):
        if problem := choice.problem():
            print(f"left out: {problem}")
        else:
            ready.append(choice.name)
    print(f"{'model':24s}" + "".join(f"{case.name:>22s}" for case in cases) + f"{'x real time':>14s}", flush=True)
    for model in ready:
        results = [judge(model, case) for case in cases]
        length_s = sum(track.n_frames for case in cases for track in case.sighting.tracks) / FPS
        speed = length_s / max(sum(result.core_s for result in results), 1e-9)
        if model in NETWORK_WEIGHTS:
            line(f"{model}, alone", [result.alone for result in results])
        line(model, [result.precision for result in results], f"{speed:14.1f}")
    for model in (model for model in ready if model in NETWORK_WEIGHTS and cases):
        once_s, six_s = both_ways(model, cases[0].sighting.tracks[0], cases[0].job)
        print(f"{model}: encoded once {once_s:.2f} s, six passes {six_s:.2f} s, ratio {six_s / once_s:.1f}")


def line(name: str, values: Sequence[float], speed: str = "") -> None:
    print(f"{name:24s}" + "".join(f"{value:22.3f}" for value in values) + speed, flush=True)


def judge(model: str, case: Case) -> Result:
    """As the stage does; and what the network says without lips in step with the voice."""
    tracks, samples = case.sighting.tracks, case.job.audio.samples
    voices = list(voice_masks(case.talk.segments, case.sighting.n_frames).values())
    heard = np.sum(voices, axis=0) * audible_frames(samples, case.sighting.n_frames)
    begin = time.process_time()
    aligned = align(tracks, samples, heard)
    mouths = mouth_odds(aligned)
    if model not in NETWORK_WEIGHTS:
        scores = judged(tracks, mouths, heard, aligned).scores
        return Result(precision_of(case, scores), 0.0, time.process_time() - begin)
    odds = [CALIBRATIONS[model].odds(own) for own in network_scores(model, tracks, samples, aligned.lag_frames)]
    both = judged(tracks, [own + mouth for own, mouth in zip(odds, mouths, strict=True)], heard, aligned)
    core_s = time.process_time() - begin
    alone = judged(tracks, odds, heard, aligned)
    return Result(precision_of(case, both.scores), precision_of(case, alone.scores), core_s)


def precision_of(case: Case, scores: Sequence[NDArray[np.float32]]) -> float:
    seen_at = [track.face_valid for track in case.sighting.tracks]
    found = np.concatenate([own[ok] for own, ok in zip(scores, seen_at, strict=True)])
    return average_precision(found, np.concatenate([own[ok] for own, ok in zip(case.truth, seen_at, strict=True)]))


def watched(path: Path, end_s: float) -> tuple[Job, Sighting]:
    job = Job(Source("bench", str(path), 0), Clip("bench", "bench", 0.0, end_s))
    return job, Watch(body_hz=1.0, keep_faces=True).run(job, {})


def dialogues(media: Path) -> Iterator[Case]:
    """Two people beside each other whose turns are known."""
    turns = json.loads((media / "dialogue" / "grid_dialogue_9s.json").read_text(encoding="utf-8"))["turns"]
    grid = [(turn["start"], turn["end"], {"A": "left", "B": "right"}[turn["speaker"]]) for turn in turns]
    for file, end_s, spans in (("grid_dialogue_9s", 9.0, grid), ("latentsync_pair_8s", 8.0, _PAIR)):
        job, sighting = watched(media / "dialogue" / f"{file}.mp4", end_s)
        talk = diarization([SpeakerSegment(side, start_s, stop_s) for start_s, stop_s, side in spans])
        middle = 0.5 * sighting.width_px
        sides = ["left" if centre(place(track))[0] < middle else "right" for track in sighting.tracks]
        yield Case(
            file, job, sighting, talk, tuple(own_talk(talk, s, t) for s, t in zip(sides, sighting.tracks, strict=True))
        )


def studio(folder: Path, seconds: float) -> Case:
    """A video of the studio; each track is the person whose true face lies nearest."""
    shot = load(folder)
    end_s = min(seconds, shot.truth.clip.duration_s)
    job, sighting = watched(shot.video, end_s)
    segments = [
        SpeakerSegment(turn.participant, turn.start_s, min(turn.end_s, end_s))
        for turn in shot.truth.turns
        if turn.start_s < end_s
    ]
    truth = []
    for track in sighting.tracks:
        person = nearest(shot.truth, track)
        truth.append(shot.truth.participants[person].speaking[track.start_frame : track.end_frame] == 1)
    return Case(folder.name, job, sighting, diarization(segments), tuple(truth))


def nearest(truth: Dialogue, track: Track) -> int:
    """Which participant's true box lies nearest to the track's."""
    rows = np.flatnonzero(track.face_valid)
    found = track.face_box_px[rows]
    far = []
    for person in truth.participants:
        box = person.bbox[track.start_frame + rows]
        shown = box[:, 2] > box[:, 0]
        gap = np.abs(box[:, :2] + box[:, 2:] - found[:, :2] - found[:, 2:]).sum(axis=1)
        far.append(float(np.median(gap[shown])) if shown.mean() > 0.5 else np.inf)
    return int(np.argmin(far))


def diarization(segments: Sequence[SpeakerSegment]) -> Diarization:
    return Diarization(tuple(segments), tuple(sorted({segment.speaker for segment in segments})))


def own_talk(talk: Diarization, speaker: str, track: Track) -> Bool:
    spans = [Span(s.start_s, s.end_s) for s in talk.segments if s.speaker == speaker]
    return spans_to_mask(spans, n_frames(track.end_frame / FPS))[track.start_frame : track.end_frame]


def place(track: Track) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = np.median(track.face_box_px[track.face_valid], axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def both_ways(model: str, track: Track, job: Job) -> tuple[float, float]:
    """Core-seconds for the scores of one face: put together from one pass, and by six through the same layers."""
    net = network(model)
    faces, samples = seen(track)[:_SPEED_FRAMES], sound_of(track, job.audio.samples)[: _SPEED_FRAMES * 640]
    begin = time.process_time()
    scores = talk_scores(net, faces, samples)
    middle = time.process_time()
    rows, total = torch.from_numpy(mfcc(samples)), np.zeros(len(scores), np.float32)
    with torch.inference_mode():
        for length in (round(FPS) * length_s for length_s in WINDOWS_S):
            for start in range(0, len(scores), length):
                stop = min(start + length, len(scores))
                pictures = torch.from_numpy(faces[start:stop]).unsqueeze(1).float()
                sights = net.sights(Reel(pictures, stop - start)).frames.flatten(1)
                own = net.judge(net.sounds(rows[None, 4 * start : 4 * stop]), sights[None])
                total[start:stop] += own[0].numpy() / len(WINDOWS_S)
    assert np.abs(total - scores).max() < 1e-4, "both ways give the same scores"
    return middle - begin, time.process_time() - middle


if __name__ == "__main__":
    main()
