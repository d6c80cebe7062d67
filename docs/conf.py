"""The site's settings for Sphinx; ``make site`` lays out what it reads."""

from importlib.metadata import version as version_of

project = "bpcourse"
author = "the bpcourse authors"
copyright = "text and figures CC BY 4.0, code BSD 3-Clause"  # noqa: A001, Sphinx's name
version = release = version_of("bpcourse")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx-mathjax-offline"]
exclude_patterns = ["README.md"]
nb_execution_mode = "off"  # the committed outputs are the page
nb_output_stderr = "remove"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # with formulas
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "amsmath", "attrs_inline", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type", "myst.xref_missing"]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "sphinx_book_theme"
html_title = "bpcourse"
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
html_css_files = ["stepper.css", "pad.css", "figure.css", "site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_theme_options = {
    "show_toc_level": 2,
    "max_navbar_depth": 1,  # pages alone: the headings of all would be copied for each page
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],
}
html_copy_source = False
