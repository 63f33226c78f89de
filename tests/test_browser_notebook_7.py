"""What test_browser.py does, in Jupyter Notebook 7: one notebook, and all of them whole with `make test-all`.

A file of its own, so that another process runs it meanwhile.
"""

import pytest
from test_browser import NOTEBOOKS, check_every_panel

RUNS = [pytest.param(path.name, marks=pytest.mark.slow, id=path.stem) for path in NOTEBOOKS]


@pytest.mark.parametrize("name", ["panels_02_single_layer_net.ipynb", *RUNS])
def test_every_control_answers(name, opened, notebook_7):
    check_every_panel(opened(notebook_7, name))
