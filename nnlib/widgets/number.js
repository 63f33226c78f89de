// A slider and a box for the number: over a range, or over round numbers (`choices`) between which the box takes any.
// A number that is not taken is refused in words, and the old one stays.
const CSS = `
.nnlib-number { display: flex; align-items: center; flex-wrap: wrap; margin: 2px 12px 2px 0; font-size: 13px; color: var(--jp-content-font-color0, inherit); }
.nnlib-number label { min-width: 92px; text-align: right; padding-right: 8px; }
.nnlib-number input[type="range"] { width: 130px; height: 20px; margin: 0 6px 0 0; accent-color: #0072B2; }
.nnlib-number input[type="text"] { width: 58px; font: inherit; padding: 2px 4px; border: 1px solid #777; color: inherit; background: transparent; }
:is([data-jp-theme-light="false"], .vscode-dark, .vscode-high-contrast) .nnlib-number { color-scheme: dark; }
:is([data-jp-theme-light="false"], .vscode-dark, .vscode-high-contrast) .nnlib-number input[type="range"] { accent-color: #56B4E9; }
@media (max-width: 900px) { .nnlib-number { margin-right: 8px; } .nnlib-number label { min-width: 84px; } .nnlib-number input[type="range"] { width: 100px; } }
.nnlib-number input[aria-invalid="true"] { border: 2px solid #D55E00; }
.nnlib-number span { flex-basis: 100%; padding-left: 100px; font-weight: bold; }
.nnlib-number span:empty { display: none; }
.nnlib-lecture .nnlib-number { font-size: 17px; }
.nnlib-lecture .nnlib-number input[type="text"] { width: 76px; }
`;

export function parse(text, whole) {
  let plain = text.trim().replace(/[\s_\u202f]/g, "").replace("−", "-").replace("·10^", "e");
  if (whole) plain = plain.replace(/,(?=\d{3}(\D|$))/g, ""); // 3,200 rows
  plain = plain.replace(",", "."); // 1,5 in half of the world
  return plain === "" ? NaN : Number(plain);
}

function write(value, whole) {
  if (whole) return value.toLocaleString("en-US");
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e5)) {
    return value.toExponential(1).replace(".0e", "e").replace("e+", "e");
  }
  return String(Number(value.toPrecision(4)));
}

export default {
  render({ model, el }) {
    const get = (name) => model.get(name);
    const style = document.createElement("style"), label = document.createElement("label"), refusal = document.createElement("span");
    const [range, box] = ["range", "text"].map((type) => Object.assign(document.createElement("input"), { type }));
    style.textContent = CSS;
    label.textContent = get("description");
    refusal.setAttribute("role", "alert");
    box.inputMode = get("whole") ? "numeric" : "decimal";
    el.classList.add("nnlib-number");
    el.append(style, label, range, box, refusal);

    const choices = () => get("choices");
    const place = (value) => {
      const distance = (choice) => Math.abs(Math.log(choice / Math.max(value, 1e-300)));
      return choices().length ? choices().reduce((best, c, k, all) => (distance(c) < distance(all[best]) ? k : best), 0) : value;
    };
    const show = () => {
      const [value, whole] = [get("value"), get("whole")];
      [range.min, range.max, range.step] = choices().length ? [0, choices().length - 1, 1] : [get("min"), get("max"), get("step")];
      range.value = place(value);
      const text = write(value, whole);
      if (document.activeElement !== box || !box.dataset.typed) box.value = text;
      range.setAttribute("aria-valuetext", text);
      range.setAttribute("aria-label", `${get("description")}: ${get("tooltip")}`);
      box.setAttribute("aria-label", `${get("description")}, as a number: ${get("tooltip")}`);
      el.title = get("tooltip");
      range.disabled = box.disabled = get("disabled");
    };
    const refuse = (words) => {
      refusal.textContent = words;
      box.setAttribute("aria-invalid", String(words !== ""));
    };
    const set = (value) => {
      refuse("");
      delete box.dataset.typed;
      model.set("value", value);
      model.save_changes();
      show();
    };
    range.oninput = () => set(choices().length ? choices()[Number(range.value)] : Number(Number(range.value).toPrecision(12)));
    box.oninput = () => (box.dataset.typed = "yes");
    const take = () => {
      if (!box.dataset.typed) return;
      const [value, low, high, whole] = [parse(box.value, get("whole")), get("least"), get("most"), get("whole")];
      const kind = whole ? "a whole number" : "a number";
      if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) return refuse(`“${box.value}” is not ${kind}; it is still ${write(get("value"), whole)}`);
      if (value < low || (high !== null && value > high)) {
        const ends = high === null ? `from ${write(low, whole)}` : `from ${write(low, whole)} to ${write(high, whole)}`;
        return refuse(`“${box.value}” is not ${kind} ${ends}; it is still ${write(get("value"), whole)}`);
      }
      set(value);
    };
    box.onchange = take;
    box.onkeydown = (event) => {
      event.stopPropagation(); // a letter is no shortcut of the notebook here
      if (event.key === "Enter") take();
      if (event.key === "Escape") (delete box.dataset.typed, refuse(""), show());
    };
    const names = ["value", "min", "max", "choices", "disabled", "least", "most"].map((name) => `change:${name}`).join(" ");
    model.on(names, show);
    show();
    return () => model.off(names, show);
  },
};
