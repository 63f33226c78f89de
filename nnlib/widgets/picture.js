// Draws what strokes.py has written down: sharp at every size and zoom, in the colours of the page. Black is the page's
// ink and white its paper, and greys are what lies between; every other colour is as it was given. Around it stands what
// every panel says: its message, whether the kernel answers, the code that makes the same panel.
const REPORT_MS = 80; // between two reports of what is on screen; each costs more than a frame, down to the tab's icon
const UNSEEN_MS = 3000; // out of sight until training pauses
const SILENT_MS = 1500; // without an answer until the page says that it waits
const SPOKEN_MS = [1000, 10000]; // between two messages read aloud: at rest, while training
const SMALLEST = 0.5; // of its size that a picture is shown at; on a narrower page it scrolls
const KEPT_MS = [1000, 5000]; // after a change until the notebook's own picture is renewed: at rest, while training

const CSS = `
.nnlib-panel { font-size: 14px; }
.nnlib-panel, .nnlib-panel .widget-hbox, .nnlib-panel .widget-vbox { overflow: visible; }
.nnlib-panel .widget-hbox { flex-flow: row wrap; align-items: center; }
.nnlib-picture { display: contents; }
.nnlib-canvas { position: relative; max-width: 100%; line-height: 0; }
.nnlib-notice { padding: 2px 8px; border-left: 4px solid #D55E00; font-weight: bold; }
.nnlib-notice:empty, .nnlib-tip:empty { display: none; }
.nnlib-message, .nnlib-notice, .nnlib-code { width: 100%; box-sizing: border-box; line-height: 1.35;
  color: var(--jp-content-font-color0, inherit); }
.nnlib-message { padding: 2px; }
.nnlib-spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.nnlib-tip { position: absolute; pointer-events: none; line-height: 1.35; font-size: 13px; padding: 1px 6px;
  border: 1px solid #777; white-space: nowrap; background: var(--jp-layout-color0, #fff); color: var(--jp-content-font-color0, #000); }
.nnlib-code summary { cursor: pointer; font-size: 13px; }
.nnlib-code pre { margin: 2px 0; padding: 4px 8px; font-size: 13px; border: 1px solid #777; user-select: all; white-space: pre-wrap; }
.nnlib-panel :is(button, select, input, canvas, summary, [tabindex]):focus-visible { outline: 3px solid #D55E00; outline-offset: 1px; }
.nnlib-panel :is(.jupyter-button, .widget-label, select) { font-size: 13px; color: var(--jp-content-font-color0, #000); }
.nnlib-panel .jupyter-button.mod-primary { background: #00588A; color: #fff; }
.nnlib-panel.nnlib-lecture { font-size: 19px; }
.nnlib-lecture .nnlib-code { display: none; }
.nnlib-lecture .widget-dropdown { min-width: 240px; }
.nnlib-panel.nnlib-lecture :is(.jupyter-button, .widget-label, select) { font-size: 17px; }
`;

function colors(element) {
  const style = getComputedStyle(element);
  const probe = document.createElement("canvas").getContext("2d");
  const rgb = (names, otherwise) => {
    const named = names.map((name) => style.getPropertyValue(name).trim()).find((value) => value);
    probe.fillStyle = otherwise;
    probe.fillStyle = named || otherwise;
    const value = probe.fillStyle;
    if (value[0] === "#") return [1, 3, 5].map((k) => parseInt(value.slice(k, k + 2), 16));
    return value.match(/[\d.]+/g).slice(0, 3).map(Number);
  };
  const paper = rgb(["--jp-layout-color0", "--vscode-editor-background"], "#ffffff");
  return mixed(paper, rgb(["--jp-content-font-color0", "--vscode-editor-foreground"], "#000000"));
}

function mixed(paper, ink) {
  const known = new Map();
  return (hex, text = false) => {
    if (hex === null) return null;
    if (!known.has(hex + text)) {
      let [r, g, b, a] = [1, 3, 5, 7].map((k) => parseInt(hex.slice(k, k + 2), 16));
      if (r === g && g === b) [r, g, b] = paper.map((p, k) => Math.round(ink[k] + ((p - ink[k]) * r) / 255));
      // Coloured letters are nearer to the ink, so that their contrast is 4.5 or more; white ones stand on a box.
      else if (text && r < 250) [r, g, b] = [r, g, b].map((c, k) => Math.round(0.7 * c + 0.3 * ink[k]));
      known.set(hex + text, `rgba(${r},${g},${b},${a / 255})`);
    }
    return known.get(hex + text);
  };
}

function read(state) {
  const bytes = (view) => (view?.buffer ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array(view ?? 0));
  const points = bytes(state.points).slice();
  return { ...state, points: new Float32Array(points.buffer), codes: bytes(state.codes), images: state.images.map(bytes) };
}

// An image's pixels: as they were sent, or 256 colours and then, for each pixel, which of them.
function rgba(bytes, number) {
  if (bytes.length === 4 * number) return new Uint8ClampedArray(bytes);
  const colors = new Uint32Array(bytes.slice(0, 1024).buffer);
  return new Uint8ClampedArray(Uint32Array.from(bytes.subarray(1024), (index) => colors[index]).buffer);
}

function trace(context, { points, codes }, first, number, dx = 0, dy = 0) {
  const path = new Path2D();
  for (let k = first; k < first + number; k += 1) {
    const at = (j) => [points[2 * j] + dx, points[2 * j + 1] + dy];
    if (codes[k] === 1) path.moveTo(...at(k));
    else if (codes[k] === 2) path.lineTo(...at(k));
    else if (codes[k] === 3) { path.quadraticCurveTo(...at(k), ...at(k + 1)); k += 1; }
    else if (codes[k] === 4) { path.bezierCurveTo(...at(k), ...at(k + 1), ...at(k + 2)); k += 2; }
    else if (codes[k] === 79) path.closePath();
  }
  return path;
}

// A straight line along an axis lies on whole pixels of the screen.
function snapped(context, { points, codes }, first, number, scale, width) {
  if (number !== 2) return null;
  const [x, y, x2, y2] = points.slice(2 * first, 2 * first + 4);
  if (Math.abs(x - x2) > 1e-3 && Math.abs(y - y2) > 1e-3) return null;
  const odd = Math.max(1, Math.round(width * scale)) % 2 ? 0.5 : 0;
  const snap = (value) => (Math.round(value * scale - odd) + odd) / scale;
  const path = new Path2D();
  path.moveTo(x === x2 ? snap(x) : x, y === y2 ? snap(y) : y);
  path.lineTo(x === x2 ? snap(x2) : x2, y === y2 ? snap(y2) : y2);
  return path;
}

function paint(context, drawing, scale, color) {
  const { size: [, height], parts } = drawing;
  const upright = () => context.setTransform(scale, 0, 0, -scale, 0, height * scale);
  const marks = parts.flatMap(([point, image, some]) => some.map((mark) => [point, image, ...mark]));
  for (const [firstPoint, firstImage, kind, [stroke, width, dashes, fill, clip, cap], ...rest] of marks) {
    context.save();
    upright();
    if (clip) {
      context.beginPath();
      context.rect(...clip);
      context.clip();
    }
    context.strokeStyle = color(stroke);
    context.lineWidth = Math.max(width, 1 / scale);
    context.setLineDash(dashes ?? []);
    context.lineCap = cap === "projecting" ? "square" : cap;
    context.lineJoin = "round";
    if (kind === "t") {
      const [text, x, y, angle, wide, high, face, weight] = rest;
      context.font = `${weight} ${high}px ${face === "monospace" ? '"DejaVu Sans Mono", Menlo, Consolas, monospace' : '"DejaVu Sans", Verdana, sans-serif'}`;
      context.fillStyle = color(stroke, true);
      context.translate(x, y);
      context.rotate((angle * Math.PI) / 180);
      context.scale(wide / (context.measureText(text).width || 1), -1); // as wide as the layout thinks, in any font
      context.fillText(text, 0, 0);
    } else if (kind === "i") {
      const [index, columns, rows, [a, c, e, b, d, f]] = rest;
      const pixels = new ImageData(rgba(drawing.images[firstImage + index], columns * rows), columns, rows);
      const small = new OffscreenCanvas(columns, rows);
      small.getContext("2d").putImageData(pixels, 0, 0);
      context.transform(a, b, c, d, e, f);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, 1, 1);
    } else if (kind === "p") {
      const [first, number] = [firstPoint + rest[0], rest[1]];
      const path = (!fill && snapped(context, drawing, first, number, scale, width)) || trace(context, drawing, first, number);
      context.fillStyle = color(fill);
      if (fill) context.fill(path);
      if (stroke) context.stroke(path);
    } else {
      const [first, number, from, many] = [firstPoint + rest[0], rest[1], firstPoint + rest[2], rest[3]];
      context.fillStyle = color(fill);
      const all = new Path2D();
      for (let k = from; k < from + many; k += 1) {
        all.addPath(trace(context, drawing, first, number, drawing.points[2 * k], drawing.points[2 * k + 1]));
      }
      if (fill) context.fill(all);
      if (stroke) context.stroke(all);
    }
    context.restore();
  }
}

const views = new Map(); // of each panel: the elements that show it and are in sight
const make = (name, kind = "div") => Object.assign(document.createElement(kind), { className: name });

export default {
  render({ model, el }) {
    const canvas = document.createElement("canvas"), context = canvas.getContext("2d"), key = model.get("key");
    const [box, tip, notice, message, spoken] = ["canvas", "tip", "notice", "message", "spoken"].map((name) => make(`nnlib-${name}`));
    const code = make("nnlib-code", "details"), style = document.createElement("style");
    // The picture that is stored for readers without a kernel gives way to the live panel.
    const stored = `[data-nnlib-panel="${key}"]`, child = ":is(.jp-OutputArea-child, .output_container)"; // JupyterLab's, VS Code's
    style.textContent = `${CSS} ${stored}, ${child}:has(${stored}), ${child}:has(+ ${child} ${stored}) { display: none !important; }`;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", model.get("label"));
    spoken.setAttribute("role", "status");
    notice.setAttribute("role", "alert");
    code.innerHTML = '<summary>Show the code</summary><pre tabindex="0"></pre>';
    box.append(canvas, tip);
    el.classList.add("nnlib-picture");
    el.append(style, box, notice, message, spoken, code);

    // -- drawing
    let still = null, stillCanvas = null, stillKey = "", color = null, theme = "", waiting = false, reporting = null, keeping = null;
    let said = null, spokenAt = -SPOKEN_MS[1], speaking = null, asked = 0, last = performance.now();
    const draw = () => {
      waiting = false;
      if (!el.isConnected) return;
      const [width, height] = model.get("still").size;
      const parent = el.parentElement, whole = parent.clientWidth || width;
      // Beside what stands left of it, where there is room for it to be smaller; else below that.
      const beside = getComputedStyle(parent).flexDirection === "row" ? whole - parent.firstElementChild.offsetWidth - 4 : 0;
      const room = beside >= SMALLEST * width ? beside : whole;
      const shown = Math.max(Math.min(room, model.get("widest") || width), SMALLEST * width);
      box.style.overflowX = shown > room ? "auto" : "";
      const scale = (shown / width) * (window.devicePixelRatio || 1);
      const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== w || canvas.height !== h) {
        [canvas.width, canvas.height] = [w, h];
        [canvas.style.width, canvas.style.height] = [`${shown}px`, `${(shown * height) / width}px`];
      }
      const now = document.body.dataset.jpThemeName + document.body.className;
      if (now !== theme || !color) [theme, color] = [now, colors(el)];
      if (still !== model.get("still") || [w, h, theme].join() !== stillKey) {
        [still, stillKey, stillCanvas] = [model.get("still"), [w, h, theme].join(), new OffscreenCanvas(w, h)];
        paint(stillCanvas.getContext("2d"), read(still), scale, color);
      }
      const moving = model.get("moving");
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, w, h);
      context.drawImage(stillCanvas, 0, 0);
      paint(context, read(moving), scale, color);
      canvas.dataset.frame = moving.frame;
      say();
      reporting ??= setTimeout(report, REPORT_MS);
    };
    const report = () => {
      reporting = null;
      if (model.get("shown") === Number(canvas.dataset.frame)) return;
      model.set("shown", Number(canvas.dataset.frame));
      model.save_changes();
    };
    const say = () => {
      if (said !== model.get("value")) message.innerHTML = said = model.get("value");
      // Read aloud: results, and now and then how training goes; of what a moved slider brings, the last.
      clearTimeout(speaking);
      const wait = spokenAt + SPOKEN_MS[Number(model.get("moving").running)] - performance.now();
      if (wait > 0) speaking = setTimeout(say, wait);
      else if (spoken.textContent !== message.innerText) [spoken.textContent, spokenAt] = [message.innerText, performance.now()];
    };
    const redraw = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(draw);
    };
    const arrived = () => {
      [last, asked] = [performance.now(), 0];
      redraw();
      keep_soon();
    };
    // The picture that the notebook keeps for readers without a kernel: as fine as the first one, black on white.
    const keep = async () => {
      keeping = null;
      if (!document.querySelector(`[data-nnlib-panel="${key}"]`)) return; // a page that is no notebook
      const [width, height] = model.get("still").size, sheet = new OffscreenCanvas(2 * width, 2 * height), pen = sheet.getContext("2d");
      pen.fillStyle = "#ffffff";
      pen.fillRect(0, 0, 2 * width, 2 * height);
      for (const drawing of [model.get("still"), model.get("moving")]) paint(pen, read(drawing), 2, mixed([255, 255, 255], [0, 0, 0]));
      const png = await (await sheet.convertToBlob()).arrayBuffer();
      if (!el.isConnected || gone()) return;
      try {
        model.send({ keep: true }, {}, [png]);
      } catch {
        // The kernel has just ended: Jupyter sends no more, and the file keeps the picture before.
      }
    };
    const keep_soon = () => {
      const training = model.get("moving").running;
      if (!training) keeping = clearTimeout(keeping);
      keeping ??= setTimeout(keep, KEPT_MS[Number(training)]);
    };
    const show_code = () => {
      code.lastChild.textContent = model.get("code");
      code.style.display = model.get("code") ? "" : "none";
    };
    const resized = new ResizeObserver(redraw);
    const themed = new MutationObserver(redraw);
    themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "class"] });
    model.on("change:moving change:value", arrived);
    model.on("change:code", show_code);
    show_code();
    redraw();

    // -- the pointer, in pixels of the figure; the kernel knows what is there
    let hovered = 0;
    const point = (event, clicked) => {
      const [width, height] = model.get("still").size, rect = canvas.getBoundingClientRect();
      const at = [((event.clientX - rect.left) / rect.width) * width, height - ((event.clientY - rect.top) / rect.height) * height];
      [tip.style.left, tip.style.top] = [`${event.clientX - rect.left + 14}px`, `${event.clientY - rect.top + 14}px`];
      model.send({ at, clicked });
    };
    canvas.onclick = (event) => point(event, true);
    canvas.onpointermove = (event) => {
      const dragged = model.get("drags") && event.buttons === 1;
      if (!(model.get("hovers") || dragged) || performance.now() - hovered < (dragged ? 50 : 120)) return;
      hovered = performance.now();
      point(event, dragged);
    };
    if (model.get("drags")) canvas.style.touchAction = "none";
    canvas.onpointerleave = () => (tip.textContent = "");
    const hear = (content) => {
      if (content.tip !== undefined) tip.textContent = content.tip;
      if (content.pong) [asked, last] = [0, performance.now()];
    };
    model.on("msg:custom", hear);

    // -- does the kernel answer? Asked when something was touched, and when a training sends no more frames.
    const panel = () => el.closest(".nnlib-panel");
    const touch = () => {
      if (asked || gone()) return;
      asked = performance.now();
      model.send({ ping: true });
    };
    const gone = () => panel()?.classList.contains("jupyter-widgets-disconnected");
    const look = () => {
      const now = performance.now();
      if (model.get("moving").running && !document.hidden && now - last > SILENT_MS) touch();
      const text = gone() ? "The kernel was restarted or has ended: run this cell again."
        : !asked || now - asked <= SILENT_MS ? ""
        : !navigator.onLine ? "There is no network: waiting for it."
        : "Waiting for the running cell. (If none runs, the kernel was restarted: run this cell again.)";
      if (notice.textContent !== text) notice.textContent = text;
    };
    const looking = setInterval(look, 300);

    // -- is it in sight?
    let hidden = null, inside = true;
    const sight = () => {
      const seen = inside && !document.hidden;
      if (!views.has(key)) views.set(key, new Set());
      seen ? views.get(key).add(el) : views.get(key).delete(el);
      clearTimeout(hidden);
      const tell = () => {
        model.set("seen", views.get(key).size > 0);
        model.save_changes();
      };
      if (seen) model.get("seen") || tell();
      else hidden = setTimeout(tell, UNSEEN_MS);
    };
    const sighted = new IntersectionObserver((entries) => {
      inside = entries.at(-1).isIntersecting;
      sight();
    });
    document.addEventListener("visibilitychange", sight);

    // -- what every control does, for those who hear the page: the same sentence as for those who point at it
    const named = new MutationObserver(() => name());
    const name = () => {
      // ipywidgets shows no tooltip for a list or a text.
      panel()?.querySelectorAll("select, .widget-text input").forEach((part, k) => {
        if (part.title !== (model.get("tips")[k] ?? "")) part.title = model.get("tips")[k] ?? "";
      });
      // Which buttons are down; Train says so by its words.
      for (const part of panel()?.querySelectorAll(".widget-toggle-button:not(.mod-primary)") ?? []) {
        const down = String(part.classList.contains("mod-active"));
        if (part.getAttribute("aria-pressed") !== down) part.setAttribute("aria-pressed", down);
      }
      for (const part of panel()?.querySelectorAll("button, select, .widget-text input") ?? []) {
        const label = part.parentElement.querySelector("label"), words = part.title;
        if (!words) continue;
        const all = `${(label && !part.matches("button") ? label.innerText : part.innerText).trim()}: ${words}`;
        if (part.getAttribute("aria-label") !== all) part.setAttribute("aria-label", all);
      }
    };
    // Jupyter Notebook takes arrow keys for itself before a slider sees them, unless the slider is marked.
    const mark = ({ target, shiftKey, ctrlKey, altKey, metaKey }) => {
      if (!panel()?.contains(target)) return;
      if (target.matches("input, select, canvas")) target.toggleAttribute("data-lm-suppress-shortcuts", !(shiftKey || ctrlKey || altKey || metaKey));
    };
    window.addEventListener("keydown", mark, true);
    const started = setTimeout(() => {
      if (!panel()) return;
      panel().addEventListener("input", touch);
      panel().addEventListener("click", touch);
      named.observe(panel(), { subtree: true, childList: true, attributes: true, attributeFilter: ["title", "class"] });
      resized.observe(panel());
      sighted.observe(panel());
      name();
    }, 50);

    return () => {
      clearTimeout(started);
      clearTimeout(reporting);
      clearTimeout(hidden);
      clearTimeout(keeping);
      clearTimeout(speaking);
      clearInterval(looking);
      for (const observer of [resized, themed, sighted, named]) observer.disconnect();
      model.off("change:moving change:value", arrived);
      model.off("change:code", show_code);
      model.off("msg:custom", hear);
      document.removeEventListener("visibilitychange", sight);
      window.removeEventListener("keydown", mark, true);
      views.get(key)?.delete(el);
    };
  },
};
