"""registry: the published layouts by name; only the one that is used is imported."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from elsewhere.sites.layout import Layout, LayoutError

LAYOUTS = {
    "cc_ccii": "elsewhere.sites.cc_ccii:CcCcii",
    "chestxray14": "elsewhere.sites.chestxray14:ChestXray14",
    "chexpert": "elsewhere.sites.chexpert:CheXpert",
    "covid_ct": "elsewhere.sites.covid_ct:CovidCt",
    "covid_ctset": "elsewhere.sites.covid_ctset:CovidCtset",
    "dicom_series": "elsewhere.sites.dicom_series:DicomSeries",
    "mimic_cxr_jpg": "elsewhere.sites.mimic_cxr_jpg:MimicCxrJpg",
    "mosmed": "elsewhere.sites.mosmed:Mosmed",
    "sars_cov_2_ct": "elsewhere.sites.sars_cov_2_ct:SarsCov2Ct",
}


def layout_class(name: str) -> type[Layout]:
    """Return the class of a layout.

    Raises
    ------
    LayoutError
        If no layout has this name.
    """
    if name not in LAYOUTS:
        raise LayoutError(f"layout: no '{name}'; there are {', '.join(sorted(LAYOUTS))}")
    module, _, member = LAYOUTS[name].partition(":")
    found: type[Layout] = getattr(importlib.import_module(module), member)
    return found


def layout(name: str, options: Mapping[str, Any]) -> Layout:
    """Return a layout with its options.

    Raises
    ------
    LayoutError
        If the layout or an option is unknown, or an option has a wrong value.
    """
    chosen = layout_class(name)
    try:
        return chosen.model_validate(dict(options))
    except ValidationError as error:
        known = ", ".join(chosen.model_fields) or "none"
        lines = [
            f"  options.{'.'.join(map(str, item['loc']))}: {item['msg']} (got {item['input']!r})"
            for item in error.errors()
        ]
        raise LayoutError(
            f"options of layout {name} (it knows {known}):\n" + "\n".join(lines)
        ) from error
