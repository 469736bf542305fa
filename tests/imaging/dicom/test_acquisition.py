import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.design import merge
from elsewhere.imaging.dicom import acquisition

KERNELS = {
    "SIEMENS": ["B30f", "B31f", "B70s", "B90s", "B80f", "Br40d", "Bl57d", "I70f", "H31s", "U90u"],
    "SIEMENS, strength of iteration": ["Br40d\\3", "I70f\\2", "Bv36f/1", "Br59f, 4"],
    "GE": ["STANDARD", "LUNG", "BONE", "BONEPLUS", "DETAIL", "SOFT", "CHST", "EDGE", "ULTRA"],
    "Philips": ["A", "B", "C", "D", "E", "L", "YA", "YB", "YC", "YD", "iDose (3)"],
    "Canon and Toshiba": ["FC08", "FC51", "FC18", "FC03", "FL01", "FC08-H"],
    "United Imaging": ["B_SOFT_B", "B_SHARP_C", "B_VSHARP_C"],
}


@pytest.mark.parametrize("name", [name for group in KERNELS.values() for name in group])
def test_kernels_as_vendors_publish_them(name):
    assert acquisition.kernel_name(name) not in ("other", "unknown")


@pytest.mark.parametrize(
    "text", ["", " ", "unknown", "N/A"], ids=["nothing", "blank", "unknown", "none"]
)
def test_nothing_said_is_unknown(text):
    assert acquisition.kernel_name(text) == "unknown"
    assert acquisition.vendor(text) == "unknown"
    assert acquisition.contrast(text) == "unknown"


def test_strength_stays_with_the_kernel():
    assert acquisition.kernel_name("Br40d\\3") == "Br40d/3"
    assert acquisition.kernel_name("lung") == "LUNG"


PRIVATE = ["DOE^JOHN", "B30f DOE", "LUNG\\DOE", "19670407", "B30f\\1967", "Canary", "30", "FC19670"]


@pytest.mark.parametrize("text", PRIVATE)
def test_free_text_never_comes_through(text):
    assert acquisition.kernel_name(text) == "other"


@given(st.text(min_size=4))
def test_no_text_comes_through_but_published_names(text):
    """Whatever is typed: what leaves is a word of a list, or a short name of a published form."""
    kernel = acquisition.kernel_name(f"{text} DOE")
    assert kernel == "other"
    told = acquisition.from_text(text, kernel="LUNG", contrast=acquisition.contrast(text))
    assert told.manufacturer in {*acquisition.VENDORS.values(), "other", "unknown"}
    assert told.contrast in ("yes", "no", "unknown")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SIEMENS", "SIEMENS"),
        ("Siemens Healthineers", "SIEMENS"),
        ("GE MEDICAL SYSTEMS", "GE MEDICAL SYSTEMS"),
        ("Philips Medical Systems", "Philips"),
        ("TOSHIBA", "TOSHIBA"),
        ("CANON_MEC", "TOSHIBA"),
        ("Hitachi Medical Corporation", "HITACHI"),
        ("UIH", "UIH"),
        ("Dr. Doe's workstation", "other"),
        ("GEORGE DOE", "other"),
    ],
)
def test_vendors(text, expected):
    assert acquisition.vendor(text) == expected


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("OMNIPAQUE", "yes"),
        ("APPLIED", "yes"),
        ("Nonionic iodine", "yes"),
        ("NONE", "no"),
        ("no", "no"),
        ("Without", "no"),
        ("NO CONTRAST", "no"),
        ("NON-CONTRAST", "no"),
        ("No IV contrast given", "no"),
        ("UNKNOWN", "unknown"),
    ],
)
def test_contrast(agent, expected):
    """A-06."""
    assert acquisition.contrast(agent) == expected


def test_what_the_phantoms_write_is_in_the_vocabulary(pytestconfig):
    phantoms = merge.read(pytestconfig.rootpath / "tests/params")["phantoms"]
    shots = list(reconstructions(phantoms))
    assert shots
    for shot in shots:
        assert acquisition.kernel_name(shot["kernel"]) == shot["kernel"]
        assert acquisition.vendor(shot["manufacturer"]) == shot["manufacturer"]


def reconstructions(value):
    """Find every mapping that names a kernel."""
    if isinstance(value, dict):
        if "kernel" in value:
            yield value
        for one in value.values():
            yield from reconstructions(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from reconstructions(one)
