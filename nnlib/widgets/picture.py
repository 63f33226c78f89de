"""The picture of a live panel, and word from the page when it is on screen."""

import anywidget
import traitlets

# ipywidgets.Image gives its <img> a new address for every frame, which leaves it blank while the frame is decoded. Here
# a frame is decoded first and then drawn over the last one. Frames that come while one is decoded are left out, except
# for the newest. `shown` tells the kernel how far the page is, so that it does not run ahead. Each such message costs
# more than a frame, since JupyterLab shows that the kernel is busy, down to the tab's icon: one in 80 ms is enough.
ESM = """
const REPORT_MS = 80;
export default {
  render({ model, el }) {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", model.get("label"));
    canvas.style.maxWidth = "100%";
    el.classList.add("nnlib-picture");
    el.append(canvas);
    let frame = 0, drawn = 0, busy = false, reporting = null, gone = false; // frame 0: nothing was sent yet
    const report = () => {
      reporting = null;
      model.set("shown", drawn);
      model.save_changes();
    };
    const show = async () => {
      if (busy) return;
      busy = true;
      try {
        while (frame !== model.get("frame")) {
          frame = model.get("frame");
          // A page that is being closed decodes no more. A frame that is not shown is not reported either.
          const picture = await createImageBitmap(new Blob([model.get("value")])).catch(() => null);
          if (picture === null || gone) continue;
          if (canvas.width !== picture.width || canvas.height !== picture.height) {
            [canvas.width, canvas.height] = [picture.width, picture.height];
          }
          canvas.getContext("2d").drawImage(picture, 0, 0);
          picture.close();
          canvas.dataset.frame = drawn = frame;
          reporting ??= setTimeout(report, REPORT_MS);
        }
      } finally {
        busy = false;
      }
    };
    // Jupyter Notebook takes arrow keys for itself before a slider sees them, unless the slider is marked.
    const mark = ({ target, shiftKey, ctrlKey, altKey, metaKey }) => {
      if (!el.parentElement?.contains(target) || !target.matches(".noUi-handle, select")) return;
      target.toggleAttribute("data-lm-suppress-shortcuts", !(shiftKey || ctrlKey || altKey || metaKey));
    };
    window.addEventListener("keydown", mark, true);
    model.on("change:frame", show);
    show();
    return () => {
      gone = true;
      model.off("change:frame", show);
      window.removeEventListener("keydown", mark, true);
      clearTimeout(reporting);
    };
  },
};
"""


class Picture(anywidget.AnyWidget):
    """A picture that changes many times a second."""

    _esm = ESM
    value = traitlets.Bytes(help="a PNG or JPEG file").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    frame = traitlets.Int(0, help="number of the frame in `value`").tag(sync=True)
    shown = traitlets.Int(0, help="number of the last frame that a page has drawn").tag(sync=True, echo_update=False)

    def show(self, image):
        """Send a frame, a PNG or JPEG file."""
        with self.hold_sync():
            self.value = image
            self.frame += 1

    @property
    def frames_ahead(self):
        """Number of frames that no page has drawn yet."""
        return self.frame - self.shown
