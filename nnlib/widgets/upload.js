// Takes a picture from disk, camera, clipboard or by being dropped here. The page makes it smaller before it is sent, since
// a server ends the connection over a message that is too large; what it cannot read goes as it is, or is refused in words.
const SIDE = 2000; // pixels of the longer side that are sent
const MOST_BYTES = 8e6; // of a file that is sent as it is
const CSS = `
.nnlib-drop { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; padding: 6px 10px; border: 2px dashed #777; font-size: 13px; }
.nnlib-drop.over { border-color: #D55E00; }
.nnlib-drop button { font-size: 13px; padding: 4px 10px; border: 1px solid #777; background: transparent; color: inherit; cursor: pointer; }
.nnlib-lecture .nnlib-drop, .nnlib-lecture .nnlib-drop button { font-size: 17px; }
`;

async function smaller(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const share = SIDE / Math.max(picture.width, picture.height);
  if (share >= 1 && file.size < MOST_BYTES) return file;
  const canvas = new OffscreenCanvas(...[picture.width, picture.height].map((n) => Math.max(1, Math.round(n * Math.min(share, 1)))));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/png" }).then((png) => (png.size < MOST_BYTES ? png : canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 })));
}

export default {
  render({ model, el }) {
    const style = document.createElement("style"), status = document.createElement("span");
    style.textContent = CSS;
    status.setAttribute("role", "status");
    el.classList.add("nnlib-drop");
    const take = async (file) => {
      if (!file) return;
      status.textContent = `reading ${file.name ?? "the picture"}…`;
      const ready = await smaller(file).catch(() => (file.size < MOST_BYTES ? file : null));
      if (ready === null) {
        status.textContent = `${file.name} has ${(file.size / 1e6).toFixed(0)} MB and is no picture that this browser reads; expected a photograph, a scan or a drawing`;
        return;
      }
      model.set({ content: new DataView(await ready.arrayBuffer()), name: file.name ?? "picture", number: model.get("number") + 1 });
      model.save_changes();
      status.textContent = ready === file ? "" : `${file.name} was made smaller before it was sent`;
    };
    const button = (text, title, capture) => {
      const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/*", hidden: true });
      if (capture) input.setAttribute("capture", capture);
      input.onchange = () => (take(input.files[0]), (input.value = ""));
      const made = Object.assign(document.createElement("button"), { textContent: text, title, onclick: () => input.click() });
      made.classList.add("nnlib-upload");
      el.append(made, input);
    };
    el.append(style);
    button("Upload a picture", "Choose a file: a photograph, a scan or a drawing of a digit, or of several");
    if (matchMedia("(pointer: coarse)").matches) {
      // iOS asks which; Chrome on Android, from 14 on, offers no camera where an input takes pictures alone and does not say so.
      button("Take a photograph", "Take a picture with the camera", "environment");
    }
    el.append("or drop one here", status);
    el.ondragover = (event) => (event.preventDefault(), event.stopPropagation(), el.classList.add("over"));
    el.ondragleave = () => el.classList.remove("over");
    el.ondrop = (event) => {
      event.preventDefault();
      event.stopPropagation();
      el.classList.remove("over");
      take(event.dataTransfer.files[0]);
    };
  },
};
