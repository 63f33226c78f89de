"""The page's panels, and the way of their messages between ipywidgets and the page. It runs in a worker, in Pyodide."""

import asyncio
import importlib
import json
import os
import sys
import types

from pyodide.ffi import to_js


class Nothing(types.ModuleType):
    """Stands in for IPython, which ipywidgets imports and this page has no use for."""

    __path__, version_info = (), (9, 0)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


class Pandas(types.ModuleType):
    """Stands in for pandas, which nnlib imports and a panel seldom uses, until one does."""

    def __getattr__(self, name):
        if sys.modules.get("pandas") is self:
            del sys.modules["pandas"]
        return getattr(importlib.import_module("pandas"), name)


# These two take half of the time until the first panel is there.
for name in ("IPython", "IPython.core", "IPython.core.interactiveshell", "IPython.display"):
    sys.modules[name] = Nothing(name)
sys.modules["pandas"] = Pandas("pandas")
os.environ["NNLIB_CACHE"] = "/home/pyodide/.cache/nnlib"  # pooch, which is not here, would say the same

import comm  # noqa: E402
from comm.base_comm import BaseComm  # noqa: E402


class PageComm(BaseComm):
    """Sends to the page; `post` is the worker's."""

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        if (data or {}).get("method") == "echo_update":  # what the page itself has said
            return
        post(msg_type, self.comm_id, json.dumps(data or {}), to_js([bytes(part) for part in buffers or []]))  # noqa: F821


comm.create_comm = PageComm


def receive(comm_id, content, buffers):
    """A message of the page for one of the widgets."""
    parts = [memoryview(part.to_bytes()) for part in buffers]
    message = {"content": {"comm_id": comm_id, "data": json.loads(content)}, "buffers": parts}
    comm.get_comm_manager().comm_msg(None, None, message)


PANELS = {
    "points": lambda widgets: widgets.Playground("spiral", hidden=[16], activation="tanh", learning_rate=0.3),
    "pad": lambda widgets: widgets.DrawingPad(),
    "digits": lambda widgets: widgets.Playground("mnist-5k", hidden=[32], samples=1000),
    "stepper": lambda widgets: widgets.BackpropStepper(),
    "activation": lambda widgets: widgets.ActivationExplorer("sigmoid"),
    "race": lambda widgets: widgets.Race("mnist-5k", ["relu", "tanh", "sigmoid"], rates=0.1, width=32),
}
shown = {}


def wants_more(comm_id):
    """Is this the list of shapes of points, of which scikit-learn makes some?"""
    import ipywidgets

    part = ipywidgets.widget_serialization["from_json"](f"IPY_MODEL_{comm_id}", None)
    return getattr(part, "description", "") == "points"


async def show(name):
    """The model of a panel, for the page."""
    from nnlib import widgets

    shown[name] = PANELS[name](widgets)
    await asyncio.sleep(0)
    return f"IPY_MODEL_{shown[name].model_id}"
