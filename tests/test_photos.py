"""Strangers' photographs: made anew, small, upright, and with nothing in them but the picture."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kiosk.central.photos import AT_WORK, LONGEST_SIDE, MOST_BYTES, NoPhoto, made_anew


def picture(size: tuple[int, int] = (2000, 1000), form: str = "JPEG", mode: str = "RGB", **more: object) -> bytes:
    made = Image.new(mode, size, (200, 30, 30) if mode == "RGB" else 1)
    out = io.BytesIO()
    made.save(out, form, **more)
    return out.getvalue()


def located() -> bytes:
    """A photograph that tells where it was taken, with which phone, and that it lies on its side."""
    exif = Image.Exif()
    exif[0x0110] = "C4N4RY-PHONE"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif.tobytes(), comment=b"C4N4RY-WORDS")


def test_a_photograph_is_small_upright_and_says_nothing_of_its_phone() -> None:
    raw = located()
    assert b"C4N4RY" in raw
    made = made_anew(raw)
    assert b"C4N4RY" not in made
    with Image.open(io.BytesIO(made)) as found:
        assert (found.format, found.size) == ("JPEG", (LONGEST_SIDE // 2, LONGEST_SIDE))
        assert not found.getexif()


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_forms_become_a_jpeg(form: str) -> None:
    with Image.open(io.BytesIO(made_anew(picture((40, 30), form)))) as found:
        assert (found.format, found.size) == ("JPEG", (40, 30))


@pytest.mark.parametrize(
    "raw", [b"", b"GIF89a", picture((9, 9), "GIF"), picture()[:400], b"x" * (MOST_BYTES + 1), picture((9000, 6000))]
)
def test_what_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(NoPhoto):
        made_anew(raw)


@pytest.mark.parametrize(
    ("form", "more"), [("PNG", {}), ("PNG", {"mode": "1"}), ("WEBP", {"method": 0}), ("JPEG", {"progressive": True})]
)
def test_what_must_be_unpacked_whole_may_have_fewer_pixels(form: str, more: dict[str, Any]) -> None:
    with pytest.raises(NoPhoto):
        made_anew(picture((16_001, 1000), form, **more))


def test_a_phone_s_largest_jpeg_is_taken_and_only_one_is_unpacked_at_a_time() -> None:
    size = (8000, 6000)
    with Image.open(io.BytesIO(made_anew(picture(size)))) as found:
        assert found.size == (LONGEST_SIDE, LONGEST_SIDE * 3 // 4)
    with AT_WORK, ThreadPoolExecutor(1) as pool:
        waits = pool.submit(made_anew, picture((40, 30)))
        assert not waits.done()
        AT_WORK.release()
        assert waits.result(30)
        AT_WORK.acquire()


@settings(max_examples=20)
@given(st.binary(max_size=200), st.integers(0, 600), st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_whatever_comes_it_is_a_jpeg_or_none(noise: bytes, at: int, form: str) -> None:
    raw = picture((20, 20), form)
    try:
        assert made_anew(raw[:at] + noise + raw[at + len(noise) :]).startswith(b"\xff\xd8")
    except NoPhoto:
        return
