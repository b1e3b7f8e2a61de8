"""Ticks, thinning, smoothing and charts, for any series."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_reader import read_page

from midspan.report.plots import Series, bar, interval_bar, line_chart, padded, smooth, thin, tick_labels, ticks

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
drawable = st.floats(-1e100, 1e100)
ordinary = st.floats(-1e9, 1e9)


@given(finite, finite, st.integers(2, 10))
def test_ticks_rise_and_stay_between_the_ends(a: float, b: float, wanted: int) -> None:
    low, high = min(a, b), max(a, b)
    values = ticks(low, high, wanted)
    assert values == sorted(set(values))
    assert low <= values[0]
    assert values[-1] <= high


@given(ordinary, st.floats(1e-6, 1e9), st.integers(2, 10))
def test_ticks_are_few_and_round_numbers_apart(low: float, span: float, wanted: int) -> None:
    values = ticks(low, low + span, wanted)
    if values == [low, low + span]:
        return  # the ends could not be told apart
    assert 2 <= len(values) <= 3 * wanted
    gaps = [after - before for before, after in pairwise(values)]
    assert max(gaps) == pytest.approx(min(gaps), rel=1e-3, abs=1e-9 * max(map(abs, values)))
    assert float(f"{gaps[0]:.1e}") == pytest.approx(gaps[0], rel=1e-2)
    assert f"{gaps[0]:.2e}"[0] in "1259"  # 1, 2 or 5 times a power of ten (0.999… prints as 9)


def test_ticks_of_known_ranges() -> None:
    assert ticks(0, 1) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(2.83, 8.41) == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert ticks(7, 7) == [7]


@given(st.integers(-1000, 1000), st.integers(1, 10**7), st.integers(2, 10))
def test_ticks_of_counts_are_whole(low: int, span: int, wanted: int) -> None:
    values = ticks(low, low + span, wanted, whole=True)
    assert len(values) >= 2
    assert all(value == int(value) for value in values)


@given(st.lists(ordinary, min_size=1, max_size=8))
def test_there_is_a_label_for_every_tick(values: list[float]) -> None:
    labels, _ = tick_labels(values)
    assert len(labels) == len(values)


def test_labels_share_their_decimals_a_power_of_ten_or_a_unit() -> None:
    assert tick_labels([0.0, 0.5, 1.0]) == (["0.0", "0.5", "1.0"], "")
    assert tick_labels([0.0, 0.001, 0.002]) == (["0", "1", "2"], " ×10⁻³")
    assert tick_labels([0, 50_000, 100_000]) == (["0", "50k", "100k"], "")
    assert tick_labels([0]) == (["0"], "")


@given(st.lists(drawable, min_size=1, max_size=20))
def test_a_padded_range_is_never_empty(values: list[float]) -> None:
    low, high = padded(values)
    assert low <= min(values)
    assert high >= max(values)
    assert low < high


@given(st.lists(st.floats(-1e3, 1e3), max_size=200), st.integers(0, 30))
def test_smoothing_is_the_mean_of_the_window(values: list[float], half: int) -> None:
    result = smooth(values, half)
    for index, value in enumerate(result):
        reach = min(half, index)
        window = values[index - reach : index + reach + 1]
        assert value == pytest.approx(sum(window) / len(window), abs=1e-6)
    assert len(result) == len(values)


@given(st.lists(ordinary, min_size=1, max_size=2000), st.integers(10, 300))
def test_thinning_keeps_the_ends_and_the_extremes_in_order(values: list[float], limit: int) -> None:
    points = thin(range(len(values)), values, limit)
    assert len(points) <= limit or len(points) == len(values)
    assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert points[0] == (0, values[0])
    assert points[-1] == (len(values) - 1, values[-1])
    assert {min(values), max(values)} <= {y for _, y in points}


@given(st.lists(st.tuples(drawable, drawable), max_size=60))
def test_any_finite_series_gives_a_chart_that_stays_in_its_frame(points: list[tuple[float, float]]) -> None:
    points.sort()
    chart = line_chart([Series("loss", [x for x, _ in points], [y for _, y in points])], "step", "loss")
    page = read_page(chart)
    assert "nan" not in chart
    assert "inf" not in chart
    for _, values in page.tags:
        for x, y in re.findall(r"(\S+),(\S+)", values.get("points") or ""):
            assert -0.1 <= float(x) <= 460.1
            assert -0.1 <= float(y) <= 230.1


def test_a_series_without_points_says_so_and_one_point_is_a_dot() -> None:
    assert "nothing logged yet" in line_chart([Series("loss", [], [])], "step", "loss")
    single = line_chart([Series("loss", [7], [3.2])], "step", "loss")
    assert '<circle class="dot plain"' in single
    assert "polyline" not in single


def test_the_pointer_meets_the_numbers_of_the_last_series() -> None:
    chart = line_chart([Series("loss", [1, 2, 3], [3.0, 2.5, 2.25])], "step", "loss")
    assert re.findall(r">(step \d: [\d.]+)</text>", chart) == ["step 1: 3", "step 2: 2.5", "step 3: 2.25"]


def test_texts_in_a_chart_are_escaped() -> None:
    read_page(line_chart([Series("a", [1, 2], [1, 2])], "<b>", '"loss" & <i>'))


@given(finite)
def test_a_bar_never_leaves_its_room(share: float) -> None:
    width = re.search(r'class="fill" width="([\d.]+)%"', bar(share))
    assert width
    assert 0 <= float(width[1]) <= 100


def test_an_interval_is_drawn_from_end_to_end() -> None:
    assert 'x1="31.90%" y1="50%" x2="50.80%"' in interval_bar(0.319, 0.41, 0.508)
