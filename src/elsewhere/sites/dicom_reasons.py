"""dicom_reasons: why DICOM files are in no volume: no slices, damaged, or of odd geometry."""

from __future__ import annotations

from elsewhere.sites.reason import AGAIN, aside, rejected

NOT_SLICES = {
    "not_dicom": aside("No DICOM file, whatever its name says."),
    "dicomdir": aside("A DICOMDIR: a directory of other files, which are read themselves."),
    "not_an_image": aside("DICOM without pixels: a report, a presentation state, a plan, a dose."),
    "localizer": aside("A localizer (scout)."),
    "secondary_capture": aside(
        "A secondary capture: a picture of a screen or a document, often with names in its pixels."
    ),
    "not_grey": aside("Colour, or a mask of one bit: no CT values."),
    "not_ct": aside("Neither its SOP class nor its modality is CT."),
    "identical_copy": aside("The same pixels at the same position as a slice that was used."),
}
OF_HEADERS = {
    "truncated": rejected("The file ends before its content does.", AGAIN),
    "no_pixels": rejected("The header describes an image and the file holds no pixels.", AGAIN),
    "no_series": rejected(
        "No Series Instance UID says what the image belongs to.",
        "Export the series again; some anonymisers remove this element.",
    ),
    "repeated_element": rejected(
        "One DICOM element stands twice in the file, with two values.",
        "Export the series again; a program that edits headers has appended instead of replaced.",
    ),
    "pixel_format": rejected(
        "What the header says of the pixels contradicts itself or the file.",
        "Export the series again, uncompressed if the PACS can do that.",
    ),
    "bad_frames": rejected(
        "A multi-frame file that does not describe each of its frames.",
        "Export the series again, or as single slices.",
    ),
    "unsupported_syntax": rejected(
        "A transfer syntax, or a number of bits, that no installed decoder reads.",
        "Export the series uncompressed (Explicit VR Little Endian).",
    ),
    "too_large": rejected(
        "A scan would take more memory than intakes.<row>.decode_gb allows, by its header, or is "
        "compressed more than an image can be.",
        "Raise decode_gb if it is really that large; else the file is damaged or an attack.",
    ),
    "decoder_timeout": rejected(
        "Decoding took longer than intakes.<row>.decode_seconds.",
        "Raise decode_seconds on a slow machine; else the file is damaged.",
    ),
    "decoder_crashed": rejected("The decoder broke down over this file.", AGAIN),
    "decoder_memory": rejected(
        "Decoding took more memory than intakes.<row>.decode_gb allows.",
        "Raise decode_gb if the slice is really that large; else the file is damaged.",
    ),
    "decoder_failed": rejected("No decoder could read the compressed pixels.", AGAIN),
}
OF_GEOMETRY = {
    "no_geometry": rejected(
        "Position, orientation or pixel spacing is missing.",
        "Export the series again; `policy: repair` leaves out single slices that lack them.",
    ),
    "mixed_geometry": rejected(
        "Slices of one volume differ in matrix, orientation or pixel spacing, for instance where "
        "the field of view changes half way.",
        "Look at the series in a viewer; split it if it holds several reconstructions.",
    ),
    "mixed_pixels": rejected(
        "Slices of one volume differ in shape or in what black and white mean.",
        "Look at the series in a viewer; split it if it holds several reconstructions.",
    ),
    "not_axial": rejected(
        "The slices are not axial: a coronal or sagittal reconstruction.",
        "Nothing if the axial series is there too; else export that one.",
    ),
    "single_slice": rejected(
        "One slice is no volume.", "Look for the rest of the series in the PACS."
    ),
    "duplicate_position": rejected(
        "Two slices lie at one place, or bear one number, and show different things.",
        "The series mixes reconstructions or phases: export them as series of their own.",
    ),
    "lost_slices": rejected(
        "The header counts more images than there are slices: one or more are lost, at an end too.",
        "Get the series again; `policy: repair` takes it as it is, flagged fewer_than_stated.",
    ),
    "too_short": rejected(
        "Fewer slices, or fewer mm from feet to head, than intakes.<row>.least_slices and "
        "least_extent_mm: no chest, but a piece of one.",
        "Nothing if the whole series is there too; else look for the rest of it in the PACS.",
    ),
    "gap": rejected(
        "Slices are missing between the first and the last.",
        "Export the series again; `policy: repair` interpolates up to fill_slices of them.",
    ),
    "uneven_spacing": rejected(
        "The distances of the slices differ by more than the tolerance.",
        "`policy: repair` resamples such a volume; look first why it is so.",
    ),
    "crooked": rejected(
        "The slices do not lie on one straight line: the patient or the table moved.",
        "Look at the series in a viewer; it may be two acquisitions.",
    ),
    "gantry_tilt": rejected(
        "The gantry was tilted, so that the stack leans.",
        "`policy: repair` sets an ordinary tilt upright.",
    ),
}
