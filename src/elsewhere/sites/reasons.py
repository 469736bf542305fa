"""reasons: why a file is in no volume: code, verdict, what it means and what a user should do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["set aside", "rejected"]
VERDICTS: tuple[Verdict, ...] = ("set aside", "rejected")


@dataclass(frozen=True)
class Reason:
    """One reason code.

    Attributes
    ----------
    verdict
        set aside: no part of a scan, or left out because the user asked for it; rejected: it
        should have been a scan and cannot be.
    sentence
        What it means.
    remedy
        What a user should do.
    """

    verdict: Verdict
    sentence: str
    remedy: str


def _aside(sentence: str, remedy: str = "Nothing.") -> Reason:
    return Reason("set aside", sentence, remedy)


def _rejected(sentence: str, remedy: str) -> Reason:
    return Reason("rejected", sentence, remedy)


_AGAIN = "Get the file again from its source: a copy or a transfer broke off."
_OF_FILES = {
    "hidden": _aside("A hidden file, or one in a hidden folder, such as .DS_Store."),
    "table": _aside("A table of the site: read for labels, or not needed."),
    "document": _aside("A readme, licence or other text."),
    "mask": _aside("A segmentation that the publisher gives beside the scans."),
    "empty_file": _aside(
        "The file has no content.",
        "Look whether the copy or the download broke off; get the file again if it was an image.",
    ),
    "unknown_file": _aside(
        "The file is no part of the layout and no image that it knows.",
        "Nothing, unless it should have been a scan: then compare its place with the layout.",
    ),
    "not_a_file": _aside("A link to nothing, a socket, a pipe or a device."),
    "unexpected_file": _rejected(
        "An image that lies where the layout expects none.",
        "Move it to where the layout wants it, or out of the site's folder.",
    ),
    "unreadable_folder": _rejected(
        "A folder that cannot be listed; what is in it is not counted.",
        "Give the user who runs ingestion the right to read it, or move it away.",
    ),
    "vanished": _rejected(
        "The file was there when ingestion began and gone later.",
        "Look who moves files while ingestion runs; run it again.",
    ),
    "unreadable": _rejected(
        "The file is damaged, or may not be read, or no decoder understands it.",
        "Get the file again from its source, or mend its rights.",
    ),
    "same_name": _rejected(
        "Several scans of the site have one name, and nothing says which is meant.",
        "Keep one of them, or rename.",
    ),
}
_OF_LABELS = {
    "missing": _rejected(
        "A table of the site names it and no file does.",
        "Look for the files, or take the row out of the table.",
    ),
    "not_listed": _rejected(
        "The files are there and no table of the publisher names them.",
        "Compare the version of the tables with that of the files.",
    ),
    "no_label": _rejected(
        "label.csv has no row for it.",
        "Add a row to label.csv, or move the files out of the site's folder.",
    ),
    "label_conflict": _rejected(
        "Two places give it different labels.",
        "Find out which is right and mend the other.",
    ),
    "unknown_category": _rejected(
        "Its category in label.csv is not one of options.categories.",
        "Mend the category in label.csv, or add it to sites.<site>.options.categories.",
    ),
    "no_patient": _rejected(
        "Nothing says whose scan it is, so that it could be in training and test at once.",
        "Add a column `patient` to label.csv, or the patient to the publisher's table.",
    ),
    "mixed_identity": _rejected(
        "Files of one series name several patients or studies.",
        "Find out in the PACS whose they are; split the series, or leave it out.",
    ),
    "bad_number": _rejected(
        "A cell of the publisher's table that should hold a number holds something else.",
        "Compare the table with the publisher's; a spreadsheet program may have changed it.",
    ),
    "slice_count": _rejected(
        "There are more or fewer slices than the publisher's table says.",
        "Download or unpack the scan again.",
    ),
    "unknown_finding": _rejected(
        "The publisher's table names a finding that is not one of the data set's.",
        "Compare the table with the publisher's; mend the word.",
    ),
    "no_findings": _aside(
        "A radiograph whose study or image has no findings in the publisher's tables.",
        "Nothing for the few studies of MIMIC-CXR-JPG; for many, get the table again.",
    ),
    "other_part": _aside("options.parts does not name its part of the publisher's split."),
    "left_out": _aside("options.leave_out of the site names its category."),
    "not_chosen": _aside("Another volume of the study was taken (options.series: most_slices)."),
}
_OF_IMAGES = {
    "no_image": _rejected("A scan's folder without an image.", "Unpack or copy the scan again."),
    "no_slice_number": _rejected(
        "A slice's file name holds no number, so that nothing says where it lies.",
        "Take the file out if it is no slice; else number the names.",
    ),
    "not_3d": _rejected(
        "A NIfTI file that holds no single volume.",
        "Split it into its volumes, and keep the one that is meant.",
    ),
    "no_orientation": _rejected(
        "A NIfTI file whose affine does not say where the head is.",
        "Convert it again from the DICOM files.",
    ),
}
_NOT_SLICES = {
    "not_dicom": _aside("No DICOM file, whatever its name says."),
    "dicomdir": _aside("A DICOMDIR: a directory of other files, which are read themselves."),
    "not_an_image": _aside("DICOM without pixels: a report, a presentation state, a plan, a dose."),
    "localizer": _aside("A localizer (scout)."),
    "secondary_capture": _aside(
        "A secondary capture: a picture of a screen or a document, often with names in its pixels."
    ),
    "not_grey": _aside("Colour, or a mask of one bit: no CT values."),
    "not_ct": _aside("Its modality is not CT."),
    "identical_copy": _aside("The same pixels at the same position as a slice that was used."),
}
_OF_HEADERS = {
    "truncated": _rejected("The file ends before its content does.", _AGAIN),
    "no_pixels": _rejected("The header describes an image and the file holds no pixels.", _AGAIN),
    "no_series": _rejected(
        "No Series Instance UID says what the image belongs to.",
        "Export the series again; some anonymisers remove this element.",
    ),
    "pixel_format": _rejected(
        "What the header says of the pixels contradicts itself or the file.",
        "Export the series again, uncompressed if the PACS can do that.",
    ),
    "bad_frames": _rejected(
        "A multi-frame file that does not describe each of its frames.",
        "Export the series again, or as single slices.",
    ),
    "unsupported_syntax": _rejected(
        "A transfer syntax, or a number of bits, that no installed decoder reads.",
        "Export the series uncompressed (Explicit VR Little Endian).",
    ),
    "too_large": _rejected(
        "A slice would take more memory than intakes.<row>.decode_gb allows.",
        "Raise decode_gb if the slice is really that large; else the file is damaged.",
    ),
    "decoder_timeout": _rejected(
        "Decoding took longer than intakes.<row>.decode_seconds.",
        "Raise decode_seconds on a slow machine; else the file is damaged.",
    ),
    "decoder_crashed": _rejected("The decoder broke down over this file.", _AGAIN),
    "decoder_memory": _rejected(
        "Decoding took more memory than intakes.<row>.decode_gb allows.",
        "Raise decode_gb if the slice is really that large; else the file is damaged.",
    ),
    "decoder_failed": _rejected("No decoder could read the compressed pixels.", _AGAIN),
}
_OF_GEOMETRY = {
    "no_geometry": _rejected(
        "Position, orientation or pixel spacing is missing.",
        "Export the series again; `policy: repair` leaves out single slices that lack them.",
    ),
    "mixed_geometry": _rejected(
        "Slices of one volume differ in matrix, orientation, pixel spacing or bit depth.",
        "Look at the series in a viewer; split it if it holds several reconstructions.",
    ),
    "mixed_pixels": _rejected(
        "Slices of one volume differ in shape or in what black and white mean.",
        "Look at the series in a viewer; split it if it holds several reconstructions.",
    ),
    "not_axial": _rejected(
        "The slices are not axial: a coronal or sagittal reconstruction.",
        "Nothing if the axial series is there too; else export that one.",
    ),
    "single_slice": _rejected(
        "One slice is no volume.", "Look for the rest of the series in the PACS."
    ),
    "duplicate_position": _rejected(
        "Two slices lie at one place, or bear one number, and show different things.",
        "The series mixes reconstructions or phases: export them as series of their own.",
    ),
    "gap": _rejected(
        "Slices are missing between the first and the last.",
        "Export the series again; `policy: repair` interpolates up to fill_slices of them.",
    ),
    "uneven_spacing": _rejected(
        "The distances of the slices differ by more than the tolerance.",
        "`policy: repair` resamples such a volume; look first why it is so.",
    ),
    "crooked": _rejected(
        "The slices do not lie on one straight line: the patient or the table moved.",
        "Look at the series in a viewer; it may be two acquisitions.",
    ),
    "gantry_tilt": _rejected(
        "The gantry was tilted, so that the stack leans.",
        "`policy: repair` sets an ordinary tilt upright.",
    ),
}
_OF_VALUES = {
    "mixed_rescale": _rejected(
        "Only some slices have a rescale slope and intercept.",
        "Export the series again: without them the values of those slices mean nothing.",
    ),
    "bad_rescale": _rejected(
        "A rescale slope of 0, or a rescale that is no finite number.",
        "Export the series again.",
    ),
    "only_padding": _rejected("Every voxel is padding.", "Export the series again."),
    "value_range": _rejected(
        "The values are no CT values, or do not fit 16 bits.",
        "Look whether it is a map computed from a CT, such as perfusion; leave it out.",
    ),
}
REASONS: dict[str, Reason] = {
    **_OF_FILES,
    **_OF_LABELS,
    **_OF_IMAGES,
    **_NOT_SLICES,
    **_OF_HEADERS,
    **_OF_GEOMETRY,
    **_OF_VALUES,
}


def verdict(code: str) -> Verdict:
    """Return the verdict of a code; what the table does not know is rejected."""
    return REASONS[code].verdict if code in REASONS else "rejected"
