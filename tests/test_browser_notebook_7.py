"""What test_browser.py does, in Jupyter Notebook 7. A file of its own, so that another process runs it meanwhile."""

from test_browser import check_every_panel, every_notebook, panels_and_whole


@every_notebook
@panels_and_whole
def test_every_control_answers(run, path, opened, notebook_7):
    check_every_panel(opened(notebook_7, run + path.name))
