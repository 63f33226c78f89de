// Draws what drawing.py has written down: sharp at every size and zoom, in the colours of the page. Black is the page's
// ink and white its paper, and greys are what lies between; every other colour is as it was given.
const REPORT_MS = 80; // between two reports of what is on screen; each costs more than a frame, down to the tab's icon
const UNSEEN_MS = 3000; // out of sight until training pauses
const SILENT_MS = 1500; // without an answer until the page says that it waits
const CURVE = { 3: 1, 4: 2 }; // control points of matplotlib's CURVE3 and CURVE4

const CSS = `
.nnlib-picture { position: relative; width: 100%; }
.nnlib-picture canvas { display: block; max-width: 100%; }
.nnlib-notice { font-size: 14px; padding: 2px 8px; border-left: 4px solid #D55E00; margin: 2px 0; }
.nnlib-notice:empty { display: none; }
.nnlib-spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.nnlib-tip { position: absolute; pointer-events: none; font-size: 13px; padding: 1px 6px; border: 1px solid #777;
  background: var(--jp-layout-color0, #fff); color: var(--jp-content-font-color0, #000); }
.nnlib-tip:empty { display: none; }
.nnlib-panel > .widget-html, .nnlib-panel > .widget-html .widget-html-content { font-size: 14px; line-height: 1.35; height: auto; }
.nnlib-panel.nnlib-lecture > .widget-html .widget-html-content { font-size: 19px; }
.nnlib-panel .widget-hbox, .nnlib-panel.widget-vbox { overflow: visible; }
.nnlib-panel :is(button, select, input, canvas, summary, textarea):focus-visible { outline: 3px solid #E69F00; outline-offset: 1px; }
.nnlib-panel .jupyter-button, .nnlib-panel .widget-label, .nnlib-panel select { font-size: 13px; color: var(--jp-content-font-color0, #000); }
.nnlib-panel .jupyter-button.mod-primary { background: #00588A; color: #fff; }
.nnlib-panel .jupyter-button:disabled { opacity: 0.45; }
.nnlib-panel.nnlib-lecture .jupyter-button, .nnlib-panel.nnlib-lecture .widget-label, .nnlib-panel.nnlib-lecture select { font-size: 17px; }
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
  const ink = rgb(["--jp-content-font-color0", "--vscode-editor-foreground"], "#000000");
  const known = new Map([[null, null]]);
  return (hex) => {
    if (!known.has(hex)) {
      let [r, g, b, a] = [1, 3, 5, 7].map((k) => parseInt(hex.slice(k, k + 2), 16));
      if (r === g && g === b) [r, g, b] = paper.map((p, k) => Math.round(ink[k] + ((p - ink[k]) * r) / 255));
      known.set(hex, `rgba(${r},${g},${b},${a / 255})`);
    }
    return known.get(hex);
  };
}

function read(state) {
  const bytes = (view) => (view?.buffer ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array(view ?? 0));
  const points = bytes(state.points).slice();
  return { ...state, points: new Float32Array(points.buffer), codes: bytes(state.codes), images: state.images.map(bytes) };
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
      context.fillStyle = context.strokeStyle;
      context.translate(x, y);
      context.rotate((angle * Math.PI) / 180);
      context.scale(wide / (context.measureText(text).width || 1), -1); // as wide as the layout thinks, in any font
      context.fillText(text, 0, 0);
    } else if (kind === "i") {
      const [index, columns, rows, [a, c, e, b, d, f]] = rest;
      const pixels = new ImageData(new Uint8ClampedArray(drawing.images[firstImage + index]), columns, rows);
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

export default {
  render({ model, el }) {
    const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", model.get("label"));
    el.classList.add("nnlib-picture");
    const style = document.createElement("style");
    style.textContent = CSS;
    el.append(style, canvas);

    let still = null, stillCanvas = null, stillKey = "", color = null, theme = "", waiting = false, reporting = null;
    const size = () => {
      const [width, height] = model.get("still").size;
      const room = el.clientWidth || width;
      // Never larger than is asked for, unless the panel is made for the back row, which fills the page.
      const shown = Math.min(room, model.get("widest") || width);
      return { width, height, shown, scale: (shown / width) * (window.devicePixelRatio || 1) };
    };
    const draw = () => {
      waiting = false;
      if (!el.isConnected) return;
      const { width, height, shown, scale } = size();
      const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== w || canvas.height !== h) {
        [canvas.width, canvas.height] = [w, h];
        canvas.style.width = `${shown}px`;
        canvas.style.height = `${(shown * height) / width}px`;
      }
      const now = document.body.dataset.jpThemeName + document.body.className;
      if (now !== theme || !color) [theme, color] = [now, colors(el)];
      const key = [w, h, theme].join();
      if (still !== model.get("still") || key !== stillKey) {
        [still, stillKey] = [model.get("still"), key];
        stillCanvas = new OffscreenCanvas(w, h);
        paint(stillCanvas.getContext("2d"), read(still), scale, color);
      }
      const moving = model.get("moving");
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, w, h);
      context.drawImage(stillCanvas, 0, 0);
      if (moving.parts) paint(context, read(moving), scale, color);
      canvas.dataset.frame = moving.frame;
      reporting ??= setTimeout(report, REPORT_MS);
    };
    const report = () => {
      reporting = null;
      model.set("shown", Number(canvas.dataset.frame));
      model.save_changes();
    };
    const redraw = () => {
      if (waiting) return;
      waiting = true;
      // A page behind another one has no frames; what it is sent waits until it is seen.
      document.hidden ? setTimeout(draw, 100) : requestAnimationFrame(draw);
    };
    const resized = new ResizeObserver(redraw);
    resized.observe(el);
    const themed = new MutationObserver(redraw);
    themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "class"] });
    model.on("change:moving", redraw);
    redraw();

    // Jupyter Notebook takes arrow keys for itself before a slider sees them, unless the slider is marked.
    const mark = ({ target, shiftKey, ctrlKey, altKey, metaKey }) => {
      if (!el.parentElement?.contains(target) || !target.matches("input, select, canvas")) return;
      target.toggleAttribute("data-lm-suppress-shortcuts", !(shiftKey || ctrlKey || altKey || metaKey));
    };
    window.addEventListener("keydown", mark, true);
    return () => {
      resized.disconnect();
      themed.disconnect();
      model.off("change:moving", redraw);
      window.removeEventListener("keydown", mark, true);
      clearTimeout(reporting);
    };
  },
};
