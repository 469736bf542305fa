"""reasons: why a file is in no volume: code, verdict, what it means and what a user should do."""

from __future__ import annotations

from elsewhere.sites.dicom_reasons import NOT_SLICES, OF_GEOMETRY, OF_HEADERS
from elsewhere.sites.reason import VERDICTS, Reason, Verdict, aside, rejected

__all__ = ["REASONS", "VERDICTS", "Reason", "Verdict", "verdict"]

_OF_FILES = {
    "hidden": aside("A hidden file, or one in a hidden folder, such as .DS_Store."),
    "table": aside("A table of the site: read for labels, or not needed."),
    "document": aside("A readme, licence or other text."),
    "mask": aside("A segmentation that the publisher gives beside the scans."),
    "empty_file": aside(
        "The file has no content.",
        remedy="Look whether the copy or the download broke off; get the file again if it was an "
        "image.",
    ),
    "unknown_file": aside(
        "The file is no part of the layout and no image that it knows.",
        remedy="Nothing, unless it should have been a scan: then compare its place with the "
        "layout.",
    ),
    "not_a_file": aside("A link to nothing, a socket, a pipe or a device."),
    "wrong_suffix": rejected(
        "Its content is of another format than its name says.",
        "Give the file the ending of its format, such as .nrrd; see who renamed it.",
    ),
    "unexpected_file": rejected(
        "An image that lies where the layout expects none.",
        "Move it to where the layout wants it, or out of the site's folder.",
    ),
    "unreadable_folder": rejected(
        "A folder that cannot be listed; what is in it is not counted.",
        "Give the user who runs ingestion the right to read it, or move it away.",
    ),
    "vanished": rejected(
        "The file was there when ingestion began and gone later.",
        "Look who moves files while ingestion runs; run it again.",
    ),
    "unreadable": rejected(
        "The file is damaged, or may not be read, or no decoder understands it.",
        "Get the file again from its source, or mend its rights.",
    ),
    "same_name": rejected(
        "Several scans of the site have one name, and nothing says which is meant.",
        "Keep one of them, or rename.",
    ),
}
_OF_LABELS = {
    "missing": rejected(
        "A table of the site names it and no file does.",
        "Look for the files, or take the row out of the table.",
    ),
    "not_listed": rejected(
        "The files are there and no table of the publisher names them.",
        "Compare the version of the tables with that of the files.",
    ),
    "ambiguous_row": rejected(
        "A path in label.csv fits several files.",
        "Write the path in label.csv from the site's folder on.",
    ),
    "no_label": rejected(
        "label.csv has no row for it, or no label in its row.",
        "Complete label.csv, move the files away, or name them in options.leave_out.",
    ),
    "bad_label": rejected(
        "What label.csv says of it is no label: neither 0 nor 1 nor a word of options.labels, nor "
        "-1 for an uncertain finding.",
        "Mend the cell in label.csv.",
    ),
    "bad_date": rejected(
        "Its date in label.csv cannot be read, or could be one of two days.",
        "Write dates as 2020-01-31, or leave the cell empty.",
    ),
    "bad_view": rejected(
        "Its view in label.csv is not a known one.",
        "Write PA, AP, lateral, frontal or unknown, or leave the cell empty.",
    ),
    "label_conflict": rejected(
        "Two places give it different labels.",
        "Find out which is right and mend the other.",
    ),
    "unknown_category": rejected(
        "Its category in label.csv is not one of options.categories.",
        "Mend the category in label.csv, or add it to sites.<site>.options.categories.",
    ),
    "no_patient": rejected(
        "Nothing says whose scan it is, so that it could be in training and test at once.",
        "Add a column `patient` to label.csv, or the patient to the publisher's table.",
    ),
    "mixed_identity": rejected(
        "Files of one series name several patients or studies.",
        "Find out in the PACS whose they are; split the series, or leave it out.",
    ),
    "impossible_value": rejected(
        "What its file or its row says cannot be, so that no row of the manifest can hold it.",
        "Compare header and table with the source; the detail names the column.",
    ),
    "several_patients": rejected(
        "Its row of label.csv fits files of several patients, or names another patient than the "
        "files do.",
        "Give label.csv a column `patient` with the Patient ID, or identify rows by `study`; "
        "`options.patients: own` if the table has patient names of its own.",
    ),
    "bad_number": rejected(
        "A cell of the publisher's table that should hold a number holds something else.",
        "Compare the table with the publisher's; a spreadsheet program may have changed it.",
    ),
    "slice_count": rejected(
        "There are more or fewer slices than the publisher's table says.",
        "Download or unpack the scan again.",
    ),
    "unknown_finding": rejected(
        "The publisher's table names a finding that is not one of the data set's.",
        "Compare the table with the publisher's; mend the word.",
    ),
    "no_findings": aside(
        "A radiograph whose study or image has no findings in the publisher's tables.",
        remedy="Nothing for the few studies of MIMIC-CXR-JPG; for many, get the table again.",
    ),
    "other_part": aside("options.parts does not name its part of the publisher's split."),
    "left_out": aside("options.leave_out of the site names it."),
    "not_chosen": aside("Another volume of the study was taken (options.series: most_slices)."),
}
_OF_IMAGES = {
    "no_image": rejected("A scan's folder without an image.", "Unpack or copy the scan again."),
    "no_slice_number": rejected(
        "A slice's file name holds no number, so that nothing says where it lies.",
        "Take the file out if it is no slice; else number the names.",
    ),
    "not_3d": rejected(
        "A file that holds no single volume, but a slice, several volumes or a series in time.",
        "Split it into its volumes, and keep the one that is meant.",
    ),
    "no_orientation": rejected(
        "A NIfTI file whose affine does not say where the head is.",
        "Convert it again from the DICOM files.",
    ),
    "unclear_geometry": rejected(
        "The header leaves open how the patient lies, says two things of it, or gives lengths that "
        "are not in mm (the detail names the flag).",
        "Convert it again from the DICOM files; `unclear_geometry: flag` of the intake takes it as "
        "it is, flagged.",
    ),
    "not_orthogonal": rejected(
        "A file of a volume whose axes are not at right angles, as of a tilted gantry.",
        "Convert it again from the DICOM files, upright.",
    ),
    "bad_header": rejected(
        "The header of a NRRD or MetaImage file lacks what is needed to find the voxels.",
        "Write the file again with the program that made it.",
    ),
    "no_data_file": rejected(
        "A header without its voxels: the data file is not beside it, or there are several.",
        "Copy the data file (.raw, .zraw, .raw.gz) into the folder of the header, under its name.",
    ),
    "same_data": rejected(
        "Another header names the same data file.", "Keep one of the two headers."
    ),
    "colour": rejected(
        "A colour image, or a volume with several numbers a voxel.",
        "Export it in grey; `options.colour: luma` of the layout images weights colours to grey.",
    ),
    "sixteen_bit": rejected(
        "An image with more than 256 greys, where one of 8 bits is expected.",
        "Set `options.sixteen_bit: stretch` of the site, or export 8 bits in a window of yours.",
    ),
    "several_images": rejected(
        "One file with several pages or frames.", "Write each image to a file of its own."
    ),
}
_OF_VALUES = {
    "mixed_rescale": rejected(
        "Only some slices have a rescale slope and intercept.",
        "Export the series again: without them the values of those slices mean nothing.",
    ),
    "bad_rescale": rejected(
        "A rescale slope or intercept that is no number (such as -1024,0 or two values), is 0, or "
        "stands without the other.",
        "Export the series again.",
    ),
    "not_hu": rejected(
        "Rescale Type says that the values are no HU, or leaves open what they are.",
        "Leave out maps computed from a CT; `doubtful_hu: flag` of the intake believes US "
        "(unspecified) where the values look like HU.",
    ),
    "implausible_hu": rejected(
        "The header says HU, and the values do not look like air and soft tissue: a rescale that "
        "was applied twice or not at all, greys of a window, lost signs.",
        "Export the series again; `doubtful_hu: flag` of the intake takes it as it is.",
    ),
    "only_padding": rejected("Every voxel is padding.", "Export the series again."),
    "value_range": rejected(
        "The values are no CT values, are not finite, or do not fit 16 bits.",
        "Leave out maps computed from a CT; `options.values: grey` of volumes takes other scans.",
    ),
}
REASONS: dict[str, Reason] = {
    **_OF_FILES,
    **_OF_LABELS,
    **_OF_IMAGES,
    **NOT_SLICES,
    **OF_HEADERS,
    **OF_GEOMETRY,
    **_OF_VALUES,
}


def verdict(code: str) -> Verdict:
    """Return the verdict of a code; what the table does not know is rejected."""
    return REASONS[code].verdict if code in REASONS else "rejected"
