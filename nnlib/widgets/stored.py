"""What a notebook keeps of a panel, for a reader without a kernel."""

import base64
import html
import io
import re

from PIL import Image


def outputs(panel, message, drawn=None):
    """The outputs of the cell that shows a panel: its picture, in 256 colours since the notebook keeps it; its words;
    and the live panel, which hides both. Where there is none, the words hide its error. Each with its metadata.

    `drawn` is the picture as a page has drawn it (PNG), which costs the kernel a tenth of what drawing it costs.
    """
    key, file = panel.picture.key, io.BytesIO()
    if drawn is None:
        picture = panel.snapshot()
        picture.quantize(256).save(file, "png", optimize=True)
    else:
        picture = panel.framed(Image.open(io.BytesIO(drawn)).convert("RGB"))
        picture.quantize(256, Image.Quantize.FASTOCTREE).save(file, "png")
    words = f"{panel.label}. {message}"
    plain = re.sub("<[^>]*>", " ", words)
    about = {"image/png": {"width": picture.width // 2, "alt": html.unescape(plain)}}
    png = base64.b64encode(file.getvalue()).decode()
    yield {"image/png": png, "text/plain": plain}, about
    child = ":is(.jp-OutputArea-child, .output_container)"  # JupyterLab's, VS Code's
    hide = f'{child}:has([data-nnlib-panel="{key}"]) + {child}:not(:has(.nnlib-panel))'
    told = f"<p><b>A live panel: run this cell to use it.</b> {words}</p>"
    shown = f'<div data-nnlib-panel="{key}"><style>{hide} {{ display: none; }}</style>{told}</div>'
    yield {"text/html": shown, "text/plain": "A live panel: run this cell to use it."}, None
    # VS Code, GitHub and a terminal show this text where there is no widget: ipywidgets' own names its parts.
    yield panel._repr_mimebundle_() | {"text/plain": ""}, None
