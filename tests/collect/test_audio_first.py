"""Sound before picture: forms in files of their own and in parts, joined, and the picture spared."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import av
import pytest
from collect_site import HASTY, SHORT, Run, Site

from nonverbal.collect.filters import Filters
from nonverbal.collect.mux import mux
from nonverbal.media.probe import probe
from nonverbal.pipeline.lock import OutputError
from nonverbal.types import Clip, Source
from nonverbal.venus.collect import collect as hash_files
from nonverbal.verdicts import Reason, Reject

MPD = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT9S"
profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4"><Representation id="v"
codecs="avc1.64001f" width="1280" height="512" bandwidth="1200000"><BaseURL>m/video.mp4</BaseURL></Representation>
</AdaptationSet><AdaptationSet mimeType="audio/mp4"><Representation id="a" codecs="mp4a.40.2" bandwidth="64000">
<BaseURL>m/audio.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>"""


def copy(talk: Path, out: Path, *kinds: str, form: str = "mp4", **options: str) -> Path:
    """Streams of a file in a file of their own."""
    with av.open(str(talk)) as source, av.open(str(out), "w", format=form, options=options) as made:
        streams = {getattr(source.streams, k)[0].index: k for k in kinds}
        copies = {i: made.add_stream_from_template(source.streams[i]) for i in streams}
        for packet in source.demux([source.streams[i] for i in streams]):
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                made.mux(packet)
    return out


@pytest.fixture
def apart(site: Site, talk: Path, tmp_path: Path) -> str:
    """A talk whose sound and picture come in two files; the address of its list of forms."""
    for kind in ("audio", "video"):
        body = copy(talk, tmp_path / f"{kind}.mp4", kind).read_bytes()
        site.file(f"/m/{kind}.mp4", body, f"{kind}/mp4")
    return site.page("/talk.mpd", MPD, Content_Type="application/dash+xml")


class Heard(Filters):
    """Filters whose verdict on the sound is given: no model is needed. The slow test below has the real ones."""

    def _hear_clip(self, source: Source, clip: Clip) -> Reject | None:
        return Reject(Reason.E_ONE_SPEAKER, f"{source.path}: one voice") if "la" in self.language.languages else None


def heard(*languages: str) -> Heard:
    return Heard(
        SHORT.thumbnail, SHORT.segment, SHORT.listen, SHORT.diarize, replace(SHORT.language, languages=languages)
    )


def test_sound_and_picture_are_joined(site: Site, talk: Path, apart: str, tmp_path: Path) -> None:
    run = Run(tmp_path / "out", apart, audio_first=True, filters=heard("en"))
    (row,) = run.rows
    facts, truth = probe(tmp_path / "out" / row["path"]), probe(talk)
    assert (facts.n_packets, facts.audio_codec) == (truth.n_packets, truth.audio_codec)
    assert facts.duration_s == pytest.approx(truth.duration_s, abs=0.05)
    assert facts.audio_start_s == pytest.approx(truth.audio_start_s, abs=0.05)
    assert [p for p, _ in site.asked] == ["/talk.mpd", "/m/audio.mp4", "/m/video.mp4"]
    assert run.records[0]["formats"] == ["a", "v"]
    found = hash_files([str(tmp_path / "out" / "sources.csv")])  # what `nonverbal build` begins with
    assert [s.source_id for s in found.sources] == [run.records[0]["sha256"]]
    assert [s.url for s in found.sources] == [apart]


def test_the_picture_is_spared_where_the_sound_will_not_do(site: Site, apart: str, tmp_path: Path) -> None:
    run = Run(tmp_path / "out", apart, audio_first=True, filters=heard("la"))
    assert run.reasons == ["E_ONE_SPEAKER"]
    assert run.code == 4
    assert site.count["/m/video.mp4"] == 0
    assert run.records[0]["bytes_saved"] == pytest.approx(1_200_000 / 8 * 9, rel=0.02)
    assert apart in run.records[0]["message"]
    assert f"{run.records[0]['bytes_saved']:,} saved" in run.text
    assert run.left == []


def test_a_stop_between_sound_and_picture(site: Site, talk: Path, apart: str, tmp_path: Path) -> None:
    """The sound is there and was heard: the next run fetches the picture only."""
    Run(tmp_path / "out", apart, audio_first=True, filters=heard("en"), manners=replace(HASTY, max_bytes=300_000))
    run = Run(tmp_path / "out", apart, audio_first=True, filters=heard("en"))
    assert run.reasons == [""]
    assert site.count["/m/audio.mp4"] == 1


def test_media_in_parts(site: Site, talk: Path, tmp_path: Path) -> None:
    names = tmp_path / "part%d.ts"
    copy(talk, tmp_path / "list.m3u8", "video", "audio", form="hls", hls_time="2", hls_list_size="0",
         hls_segment_filename=str(names), hls_playlist_type="vod", hls_flags="split_by_time")  # fmt: skip
    parts = sorted(tmp_path.glob("part*.ts"))
    assert len(parts) > 1
    for part in parts:
        site.file(f"/hls/{part.name}", part.read_bytes(), "video/mp2t")
    page = site.page(
        "/hls/list.m3u8", (tmp_path / "list.m3u8").read_text(), Content_Type="application/vnd.apple.mpegurl"
    )
    run = Run(tmp_path / "out", page)
    assert run.reasons == [""]
    assert probe(tmp_path / "out" / run.rows[0]["path"]).n_packets == probe(talk).n_packets
    site.answers[f"/hls/{parts[1].name}"] = lambda asked: asked.reply(404, b"")
    assert Run(tmp_path / "other", page).reasons == ["E_REMOVED"]


@pytest.mark.parametrize("place", ["file:///etc/passwd", "/etc/passwd", "data:text/plain,x", "concat:a|b"])
def test_parts_lead_nowhere_else(site: Site, tmp_path: Path, place: str) -> None:
    text = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{place}\n#EXT-X-ENDLIST\n"
    page = site.page("/hls/list.m3u8", text, Content_Type="application/vnd.apple.mpegurl")
    run = Run(tmp_path, page)
    assert run.code == 4
    assert run.left == []
    assert not any(b"root:" in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_mux_of_what_has_no_sound(talk: Path, tmp_path: Path) -> None:
    from nonverbal.verdicts import RejectedError

    picture = copy(talk, tmp_path / "v.mp4", "video")
    with pytest.raises(RejectedError) as caught:
        mux(picture, picture, tmp_path / "out")
    assert caught.value.reject.reason is Reason.E_NO_AUDIO


def test_a_full_disk_ends_the_run(site: Site, talk: Path, tmp_path: Path) -> None:
    page = site.video("a", talk)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(OutputError) as caught:
            Run(tmp_path, page)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.reason is Reason.E_IO_FULL
    assert Run(tmp_path, page).reasons == [""]


def test_short_videos_cost_a_page(site: Site, talk: Path, tmp_path: Path) -> None:
    """A length that is told and too short for any clip needs no media to be turned down."""
    verdict = Filters().too_short("https://a.org", 600.0)
    assert verdict is not None
    assert verdict.reason is Reason.E_TOO_SHORT
    assert Filters().too_short("https://a.org", 661.0) is None
    assert Filters().too_short("https://a.org", 0.0) is None


@pytest.mark.slow
@pytest.mark.parametrize(("languages", "reason"), [(("en",), ""), (("de",), "E_LANGUAGE")])
def test_with_the_models(site: Site, apart: str, tmp_path: Path, languages: tuple[str, ...], reason: str) -> None:
    filters = replace(SHORT, language=replace(SHORT.language, languages=languages))
    run = Run(tmp_path / "out", apart, audio_first=True, filters=filters)
    assert run.reasons == [reason]
    assert site.count["/m/video.mp4"] == (0 if reason else 1)
