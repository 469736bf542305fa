"""Settings of Sphinx, which builds the documentation; run by `make docs`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "extensions"), str(HERE.parent / "src")]

project = "elsewhere"
author = "the authors of elsewhere"
project_copyright = "the authors of elsewhere, Apache License 2.0"

extensions = [
    "myst_parser",
    "api_pages",
    "command_pages",
    "reason_pages",
    "settings_pages",
    "shelf_pages",
    "top_pages",
]
exclude_patterns = ["generated/*.md"]  # parts of pages, which include them
default_role = "literal"  # single backticks in docstrings name parameters and values

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

python_use_unqualified_type_names = True
toc_object_entries = False

html_theme = "pydata_sphinx_theme"
html_title = "elsewhere"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "show_nav_level": 2,
    "navigation_depth": 2,
    "show_toc_level": 1,
    "search_bar_text": "Search these pages",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
