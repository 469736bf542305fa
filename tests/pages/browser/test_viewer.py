"""The viewer in a browser: its pixels are those that numpy computes, and it can be steered."""

import numpy as np
import pandas as pd
import pytest

from elsewhere.imaging import store

STUDY, ARM, SITE = "nguyen2021", "utsw", "mosmed-synthetic"
LUNG = (-1350, 150)
# width, height and a colour of each pixel of the nth picture; a copy is read, which is not slow
PIXELS = """([selector, number, colour]) => {
  const shown = document.querySelectorAll(`slice-viewer .view ${selector}`)[number];
  const {width, height} = shown;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(shown, 0, 0);
  const {data} = context.getImageData(0, 0, width, height);
  return [width, height, Array.from(data).filter((_, at) => at % 4 === colour)];
}"""
# a made volume, 4 x 3 x 2 voxels with the values 0 to 23, drawn with its axes running otherwise
TURNED = """async (reversed) => {
  const {PLANES, draw, greys} = await import('/static/plane.js');
  const volume = {
    shape: [4, 3, 2], strides: [1, 4, 12], reversed,
    voxels: Int16Array.from({length: 24}, (_, at) => at),
  };
  return PLANES.map((plane) => {
    const canvas = document.createElement('canvas');
    draw(canvas, volume, plane, {slice: 1, ...greys(volume, 0, 255)});
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return [canvas.width, canvas.height, Array.from(data).filter((_, at) => at % 4 === 0)];
  });
}"""


@pytest.fixture(scope="session")
def scan(project):
    rows = pd.read_parquet(project / f"results/{STUDY}/cells/{ARM}/{SITE}/predictions.parquet")
    return rows[rows["part"] == "test"]["scan_id"].iloc[0]


@pytest.fixture(scope="session")
def volume(project, scan):
    return store.read(project / f"data/scans/{SITE}/volumes/{scan}.b2nd").astype(np.float64)


@pytest.fixture
def place(scan):
    return f"/studies/{STUDY}/scans/{SITE}/{scan}?arm={ARM}"


def shown(page, number, *, selector="canvas:not(.over)", colour=0):
    width, height, values = page.evaluate(PIXELS, [selector, number, colour])
    return np.reshape(values, (height, width))


def grey(values, low, high):
    return np.floor(np.clip((values - low) / (high - low), 0, 1) * 255 + 0.5)


def opened(visit, place, route=None):
    """Open the page of a scan; without a map it is still where it began."""
    visit.page.route("**/maps/**", route or (lambda route: route.fulfill(status=204, body="")))
    page = visit.go(place)
    page.wait_for_selector("slice-viewer[state=shown]")
    return page


def cuts(volume, z, y, x):
    """The three planes as a radiologist sees them: from the feet, the front and the left."""
    return volume[z], volume[::-1, y, :], volume[::-1, :, x]


def slide(page, name, to):
    page.get_by_label(f"{name} slice").fill(str(to))


def test_pixels_are_the_window_of_the_cuts_through_the_middle(visit, place, volume):
    page = opened(visit, place)
    middle = [count // 2 for count in volume.shape]
    for number, plane in enumerate(cuts(volume, *middle)):
        found = shown(page, number)
        np.testing.assert_array_equal(found, grey(plane, *LUNG))
        # the scan is alike in no direction, so that a turned plane would differ
        assert not np.array_equal(found, found[::-1])
        assert not np.array_equal(found, found[:, ::-1])


@pytest.mark.parametrize("at", [(0, 5, 40), (3, 20, 7)])
def test_a_slider_moves_its_plane_alone(visit, place, volume, at):
    page = opened(visit, place)
    for name, to in zip(("Axial", "Coronal", "Sagittal"), at, strict=True):
        slide(page, name, to)
    for number, plane in enumerate(cuts(volume, *at)):
        np.testing.assert_array_equal(shown(page, number), grey(plane, *LUNG))
    words = page.locator("slice-viewer .place").inner_text()
    z, y, x = at
    assert f"column {x + 1}, row {y + 1}, slice {z + 1}" in words
    assert f"value {volume[z, y, x]:.0f} HU" in words


def test_the_keyboard_moves_a_slice_and_says_which(visit, place, volume):
    page = opened(visit, place)
    z = len(volume) // 2
    slider = page.get_by_label("Axial slice")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    np.testing.assert_array_equal(shown(page, 0), grey(volume[z + 1], *LUNG))
    assert slider.get_attribute("aria-valuetext") == f"{z + 2} of {len(volume)}"
    page.keyboard.press("Home")
    np.testing.assert_array_equal(shown(page, 0), grey(volume[0], *LUNG))


def test_the_wheel_moves_the_plane_below_it(visit, place, volume):
    page = opened(visit, place)
    z = len(volume) // 2
    page.locator("slice-viewer .view").first.hover()
    page.mouse.wheel(0, 120)  # three steps towards the feet
    page.wait_for_function(
        "document.querySelector('slice-viewer input[type=range]').value", timeout=5000
    )
    page.wait_for_function(
        f"document.querySelector('slice-viewer input[type=range]').value == {z - 3}"
    )
    np.testing.assert_array_equal(shown(page, 0), grey(volume[z - 3], *LUNG))


def test_a_click_brings_the_other_planes_to_a_voxel(visit, place, volume):
    page = opened(visit, place)
    view = page.locator("slice-viewer .view").first
    box = view.bounding_box()
    _, rows, columns = volume.shape
    x, y = columns // 4, rows // 3
    view.click(
        position={"x": (x + 0.5) / columns * box["width"], "y": (y + 0.5) / rows * box["height"]}
    )
    for number, plane in enumerate(cuts(volume, len(volume) // 2, y, x)):
        np.testing.assert_array_equal(shown(page, number), grey(plane, *LUNG))


def test_the_window_can_be_chosen_and_written(visit, place, volume):
    page = opened(visit, place)
    middle = volume[len(volume) // 2]
    page.get_by_label("Window").select_option("Soft tissue")
    np.testing.assert_array_equal(shown(page, 0), grey(middle, -160, 240))
    page.get_by_label("Window").select_option("Full range")
    np.testing.assert_array_equal(shown(page, 0), grey(middle, volume.min(), volume.max()))
    page.get_by_label("Level").fill("-500")
    page.get_by_label("Width").fill("700")
    page.keyboard.press("Tab")
    np.testing.assert_array_equal(shown(page, 0), grey(middle, -850, -150))
    assert page.get_by_label("Window").input_value() == "Own"


@pytest.mark.parametrize(
    "turned", [(False, False, False), (True, False, True), (False, True, False)]
)
def test_axes_that_run_the_other_way_are_turned(visit, place, turned):
    page = opened(visit, place)
    made = np.arange(24).reshape(2, 3, 4)
    z, y, x = 1, 1, 1
    planes = made[z, :, :], made[:, y, :], made[:, :, x]
    for number, (plane, (across, down)) in enumerate(
        zip(planes, ((0, 1), (0, 2), (1, 2)), strict=True)
    ):
        # heads are up; an axis that runs the other way is turned once more
        expected = plane[::-1] if (down == 2) != turned[down] else plane
        expected = expected[:, ::-1] if turned[across] else expected
        width, height, red = page.evaluate(TURNED, list(turned))[number]
        np.testing.assert_array_equal(np.reshape(red, (height, width)), expected)


def test_proportions_are_those_in_millimetres_and_sides_are_marked(visit, place, project, scan):
    page = opened(visit, place)
    table = pd.read_parquet(project / f"data/scans/{SITE}/manifest.parquet").set_index("scan_id")
    row = table.loc[scan]
    z, y, x = (
        row[count] * row[f"spacing_{axis}_mm"]
        for count, axis in (("n_slices", "z"), ("rows", "y"), ("columns", "x"))
    )
    views = page.locator("slice-viewer .view")
    for number, (wide, high) in enumerate(((x, y), (x, z), (y, z))):
        box = views.nth(number).bounding_box()
        assert box["width"] / box["height"] == pytest.approx(wide / high, rel=0.02)
    marks = [view.locator(".mark").all_inner_texts() for view in views.all()]
    assert marks == [["R", "L", "A", "P"], ["R", "L", "S", "I"], ["A", "P", "S", "I"]]


def test_a_map_lies_over_the_picture_and_can_be_put_away(visit, place):
    page = visit.go(place)
    page.wait_for_selector("slice-viewer[map-state=shown]", timeout=120_000)
    assert (
        "Grad-CAM of UTSW (model of fold 0, seed 0; layer "
        in page.locator("slice-viewer .told").inner_text()
    )
    assert "map 1.00 of its maximum" in page.locator("slice-viewer .place").inner_text()
    over = page.locator("slice-viewer .over").first
    seen = "(canvas) => Number(getComputedStyle(canvas).opacity)"
    assert shown(page, 0, selector=".over", colour=3).max() == 255
    assert over.evaluate(seen) == pytest.approx(0.7)
    page.get_by_label("Map", exact=True).uncheck()
    assert over.evaluate(seen) == 0
    visit.axe()
    for dark in (False, True):
        visit.contrast(dark=dark)


def test_what_fails_is_said(look, place):
    visit = look()
    sentence = "There is no map: the network has no layer whose maps say where."
    page = opened(
        visit,
        place,
        lambda route: route.fulfill(status=422, body=sentence, content_type="text/plain"),
    )
    page.wait_for_selector("slice-viewer[map-state=failed]")
    assert page.get_by_role("alert").inner_text() == sentence
    other = look()
    other.page.route("**/volumes/**", lambda route: route.fulfill(body="no volume"))
    page = other.go(place)
    page.wait_for_selector("slice-viewer[state=failed]")
    assert "cannot be shown" in page.get_by_role("alert").inner_text()
    visit.faults.clear()


def test_a_narrow_window_needs_no_scrolling_sideways(look, place):
    visit = look(width=390)
    opened(visit, place)
    visit.fits()


def test_without_javascript_all_but_the_picture_is_there(look, place):
    page = look(javascript=False).go(place)
    assert "needs JavaScript" in page.locator("noscript").inner_text()
    assert page.get_by_role("heading", name="What every arm says").is_visible()
