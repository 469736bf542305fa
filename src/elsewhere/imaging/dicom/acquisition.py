"""acquisition: map a header's vendor, kernel and contrast text to fixed terms without identifiers.

Technicians type free text into these elements, at times names and numbers of patients. The text is
therefore looked up and never copied: text that is in no published list becomes "other".
"""

from __future__ import annotations

import re

from elsewhere.imaging.dicom.header import Header
from elsewhere.imaging.volume import Acquisition, Contrast

UNKNOWN = "unknown"
OTHER = "other"

# a word of *Manufacturer* (0008,0070), and the name as DICOM files of that vendor write it
VENDORS = {
    "SIEMENS": "SIEMENS",
    "GE": "GE MEDICAL SYSTEMS",
    "GEMS": "GE MEDICAL SYSTEMS",
    "PHILIPS": "Philips",
    "PICKER": "Philips",
    "MARCONI": "Philips",
    "TOSHIBA": "TOSHIBA",
    "CANON": "TOSHIBA",  # one line of scanners: Canon took Toshiba's over in 2018
    "HITACHI": "HITACHI",
    "FUJIFILM": "HITACHI",  # Fujifilm took Hitachi's over in 2021
    "UIH": "UIH",
    "UNITED": "UIH",
    "NEUSOFT": "Neusoft",
    "NMS": "Neusoft",
    "ANKE": "ANKE",
    "SHIMADZU": "SHIMADZU",
    "IMATRON": "Imatron",
    "CNEUROLOGICA": "NeuroLogica",
    "NEUROLOGICA": "NeuroLogica",
    "SAMSUNG": "NeuroLogica",
    "MINFOUND": "MinFound",
    "ELSCINT": "Elscint",
}

# GE names its kernels by words; plus signs or a second word mark a variant of the same kernel
_GE = frozenset(
    {
        *("BODY", "BONE", "BONE+", "BONEPLUS", "BRAIN", "CHEST", "CHST", "DETAIL", "DETAIL+"),
        *("EDGE", "EDGE+", "HD", "HDBONE", "LUNG", "LUNG+", "PERFORM", "SHARP", "SHARP+"),
        *("SMOOTH", "SOFT", "STANDARD", "STD", "STND", "ULTRA"),
    }
)
# Siemens: organ letter(s), sharpness, scan mode, strength of the iteration (SAFIRE, ADMIRE)
_SIEMENS = re.compile(
    r"(?:[BCDHIJSTU]|B[fhlmprsv]|H[cfhlprv]|Q[r]|S[adhv]|T[r]|U[crv])[1-9]\d[fhsuamdn]?"
)
_STRENGTH = re.compile(r"[1-5]")
# Philips: a letter, or two where the second generation begins with Y; iDose and IMR are levels
_PHILIPS = re.compile(r"(?:[A-FL]|EB|EC|UB|UC|Y[A-E]|Y-?DET|SB|LA|CB|CC|XC[AB]|IMR\d?)", re.I)
_IDOSE = re.compile(r"I-?DOSE(?:\s?\(?[1-7]\)?)?", re.I)
# Canon and Toshiba: FC (filtered back projection), FL (edge), AIDR levels are separate elements
_CANON = re.compile(r"F[CL][0-9]\d(?:-H)?", re.I)
# United Imaging: organ, sharpness, scan mode in underscores; Neusoft and Hitachi: letter and number
_UIH = re.compile(r"[BCHL]_(?:VSOFT|SOFT|SMOOTH|SHARP|VSHARP|MEDIUM|STANDARD)_[A-C]{1,2}", re.I)
_PATTERNS = (_SIEMENS, _PHILIPS, _IDOSE, _CANON, _UIH)

_NO_AGENT = re.compile(
    r"(?:N|NO|NONE|NIL|NEGATIVE|NATIVE|PLAIN|UNENHANCED|WITHOUT|W/O|NON[- ]?CONTRAST|-|0)"
    r"(?:[ -](?:IV |I\.V\. )?(?:CONTRAST|AGENT|GIVEN|USED|MEDIUM))*\.?",
    re.I,
)
_NO_ANSWER = re.compile(r"(?:|\?+|U|UNK|UNKNOWN|N/?A|NOT STATED|UNSPECIFIED)", re.I)


def of(header: Header) -> Acquisition:
    """Return vendor, kernel and contrast of a file in fixed terms (A-06)."""
    return from_text(
        header.manufacturer, kernel=header.kernel, contrast=contrast(header.contrast_agent)
    )


def from_text(manufacturer: str, *, kernel: str, contrast: Contrast) -> Acquisition:
    """Map the text of a header or of a publisher's table to the fixed terms."""
    return Acquisition(vendor(manufacturer), kernel_name(kernel), contrast)


def vendor(text: str) -> str:
    """Return the vendor that *Manufacturer* (0008,0070) names, "other" if not in `VENDORS`."""
    words = re.findall(r"[A-Z]+", text.upper())
    if not words or words in (["UNKNOWN"], ["N", "A"]):
        return UNKNOWN
    return next((VENDORS[word] for word in words if word in VENDORS), OTHER)


def kernel_name(text: str) -> str:
    r"""Return *Convolution Kernel* (0018,1210) if it is a published name, else "other".

    Vendors write one name, or a name and the strength of an iterative reconstruction: B30f,
    Br40d\3, LUNG, FC08, YA. Several values are joined by /.
    """
    parts = [part.strip() for part in re.split(r"[\\/|,]", text) if part.strip()]
    if not parts or text.strip().upper() in ("UNKNOWN", "N/A", "NONE"):
        return UNKNOWN
    named = [_published(parts[0])]
    named += [part if _STRENGTH.fullmatch(part) else _published(part) for part in parts[1:]]
    return OTHER if OTHER in named or len(named) > 2 else "/".join(named)


def _published(name: str) -> str:
    if name.upper() in _GE:
        return name.upper()
    if any(pattern.fullmatch(name) for pattern in _PATTERNS):
        return name
    return OTHER


def contrast(agent: str) -> Contrast:
    """Return whether contrast medium was given, from *Contrast/Bolus Agent* (0018,0010).

    "unknown" if the element is absent, because many archives drop it.
    """
    text = " ".join(agent.split())
    if _NO_ANSWER.fullmatch(text):
        return "unknown"
    return "no" if _NO_AGENT.fullmatch(text) else "yes"
