"""Sphinx's settings for the book. tools/site_book.py lays the pages beside a copy of this file and builds them."""

import site_book

project = "Neural networks, from pixels up"
author = "The nnlib authors"
copyright = author
language = "en"
extensions = ["myst_nb", "site_pages"]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
smartquotes = False

nb_execution_mode = "off"  # the notebooks hold what they showed when they were executed
nb_merge_streams = True
# A panel that was saved with its widget still shows its picture: there is no kernel behind a page.
nb_mime_priority_overrides = [("html", "image/png", 1), ("html", "application/vnd.jupyter.widget-view+json", None)]
myst_enable_extensions = ["dollarmath", "amsmath", "html_image"]
myst_heading_anchors = 3
myst_update_mathjax = False

mathjax_path = "tex-svg.js"  # MathJax 3 in one file: SVG needs no fonts, and takes the colour of the text around it
mathjax3_config = {
    "tex": {"inlineMath": [[r"\(", r"\)"]], "displayMath": [[r"\[", r"\]"]]},
    "options": {"ignoreHtmlClass": ".*", "processHtmlClass": "math", "enableMenu": False, "enableAssistiveMml": True},
    "svg": {"fontCache": "global"},
}

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_theme_options = {
    "article_header_start": ["toggle-primary-sidebar.html", "try.html"],
    "footer_content_items": [],
    "navbar_persistent": [],  # the search is in the sidebar
    "home_page_in_toc": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "toc_title": "On this page",
    "use_download_button": False,
    "use_fullscreen_button": False,
    **site_book.doors(),
}
