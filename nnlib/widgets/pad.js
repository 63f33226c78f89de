// A sheet to draw on. Pointer events are mouse, pen and touch alike; with the keyboard, arrow keys move a cross and the
// space bar lowers and raises the pen. What is drawn is kept here and cleared here, whatever the kernel does. The pixels
// go to it as they are drawn: at most every 50 ms, and not before it has read the last ones (or a second has passed), so
// that a slow kernel gets fewer and none waits.
const CSS = `
.nnlib-sheet { display: flex; flex-direction: column; gap: 4px; }
.nnlib-pad { background: #fff; box-shadow: 0 0 0 1px #777; cursor: crosshair; touch-action: none; margin: 2px;
  max-width: calc(100% - 4px); aspect-ratio: 1; }
:is([data-jp-theme-light="false"], .vscode-dark, .vscode-high-contrast) .nnlib-pad { filter: invert(0.93); }
.nnlib-sheet div { display: flex; gap: 4px; }
.nnlib-sheet button { font-size: 13px; padding: 4px 10px; border: 1px solid #777; background: transparent; color: inherit; cursor: pointer; }
.nnlib-sheet button[aria-pressed="true"] { background: #00588A; color: #fff; }
.nnlib-lecture .nnlib-sheet button { font-size: 17px; }
`;
const UNDO_STEPS = 30;

export default {
  render({ model, el }) {
    const side = model.get("side"), canvas = document.createElement("canvas"), style = document.createElement("style");
    const buttons = document.createElement("div");
    style.textContent = CSS;
    canvas.width = canvas.height = side;
    canvas.style.width = `${model.get("size")}px`; // less on a phone
    canvas.classList.add("nnlib-pad");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.title = "Draw with mouse, pen or finger; or with arrow keys, space to lower and raise the pen, Delete to clear";
    el.classList.add("nnlib-sheet");
    el.append(style, canvas, buttons);
    const ink = canvas.getContext("2d", { willReadFrequently: true });
    ink.lineCap = ink.lineJoin = "round";
    let pointer = null, from = null, dirty = false, last = 0, erasing = false, before = [], cross = [side / 2, side / 4], down = false;

    const send = () => {
      const waited = performance.now() - last;
      if (!dirty || waited < (model.get("read") < model.get("sent") ? 1000 : 50)) return;
      const pixels = ink.getImageData(0, 0, side, side).data.filter((_, k) => k % 4 === 3);
      model.set({ pixels: new DataView(pixels.buffer), sent: model.get("sent") + 1 });
      model.save_changes();
      [dirty, last] = [false, performance.now()];
    };
    const remember = () => {
      before.push(ink.getImageData(0, 0, side, side));
      if (before.length > UNDO_STEPS) before.shift();
    };
    const line = (to) => {
      ink.globalCompositeOperation = erasing ? "destination-out" : "source-over";
      ink.lineWidth = model.get("pen");
      ink.beginPath();
      ink.moveTo(...(from ?? to));
      ink.lineTo(to[0] + 0.01, to[1]); // a line of no length would be left out, and a tap is a dot
      ink.stroke();
      [from, dirty] = [to, true];
    };
    const draw = (event) => {
      const box = canvas.getBoundingClientRect(), scale = side / box.width;
      line([(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]);
    };
    canvas.onpointerdown = (event) => {
      if (event.button !== 0 || pointer !== null) return;
      event.preventDefault();
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      pointer = event.pointerId;
      remember();
      draw(event);
      send();
    };
    canvas.onpointermove = (event) => {
      if (event.pointerId !== pointer) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      (passed.length ? passed : [event]).forEach(draw);
      send();
    };
    canvas.onpointerup = canvas.onpointercancel = (event) => {
      if (event.pointerId === pointer) [pointer, from] = [null, null];
    };

    const clear = () => {
      remember();
      ink.clearRect(0, 0, side, side);
      dirty = true;
      send();
    };
    const undo = () => {
      if (!before.length) return;
      ink.putImageData(before.pop(), 0, 0);
      dirty = true;
      send();
    };
    const button = (text, title, act) => {
      const made = document.createElement("button");
      [made.textContent, made.title, made.onclick] = [text, title, act];
      buttons.append(made);
      return made;
    };
    button("Clear", "Empty the pad at once", clear);
    button("Undo", "Take the last stroke back", undo);
    const eraser = button("Eraser", "Draw with paper instead of ink", () => {
      erasing = !erasing;
      eraser.setAttribute("aria-pressed", String(erasing));
    });
    canvas.onkeydown = (event) => {
      const step = event.shiftKey ? 2 : 10, move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (move) {
        cross = cross.map((value, k) => Math.min(Math.max(value + step * move[k], 0), side));
        if (down) line(cross);
        canvas.style.cursor = "crosshair";
      } else if (event.key === " ") {
        down = !down;
        from = null;
        if (down) (remember(), line(cross));
        else from = null;
      } else if (event.key === "Delete" || event.key === "Backspace") clear();
      else if (event.key === "z" && (event.ctrlKey || event.metaKey)) undo();
      else return;
      event.preventDefault();
      event.stopPropagation();
      mark();
      send();
    };
    // Where the keyboard's pen is: a ring over the pad, which is no ink.
    const ring = document.createElement("span");
    ring.style.cssText = "position: absolute; width: 12px; height: 12px; border: 2px solid #D55E00; border-radius: 50%; pointer-events: none; display: none";
    el.style.position = "relative";
    el.append(ring);
    const mark = () => {
      const scale = canvas.clientWidth / side;
      Object.assign(ring.style, { display: "block", left: `${canvas.offsetLeft + cross[0] * scale - 8}px`, top: `${canvas.offsetTop + cross[1] * scale - 8}px`, background: down ? "#D55E00" : "transparent" });
    };
    canvas.onblur = () => {
      ring.style.display = "none";
      if (down) [down, from] = [false, null];
    };

    const show = () => {
      const given = model.get("pixels"), picture = ink.createImageData(side, side);
      for (let k = 0; k < given.byteLength; k += 1) picture.data[4 * k + 3] = given.getUint8(k);
      ink.putImageData(picture, 0, 0);
      dirty = false;
    };
    // What another view of this pad has drawn.
    const follow = () => pointer === null && !dirty && show();
    const say = () => canvas.setAttribute("aria-label", `${model.get("label")} ${canvas.title}`);
    model.on("change:given", show);
    model.on("change:pixels", follow);
    model.on("change:label", say);
    show();
    say();
    const timer = setInterval(send, 25);
    return () => {
      clearInterval(timer);
      model.off("change:given", show);
      model.off("change:pixels", follow);
      model.off("change:label", say);
    };
  },
};
