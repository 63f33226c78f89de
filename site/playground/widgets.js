// The front end of ipywidgets, as far as the panels need it: boxes, buttons, a list, and anywidget's modules. Models are
// told of by `receive`, and say what changes in the page by `send(comm, content, buffers)`. The message format is that of
// https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md
const models = new Map(), modules = new Map();
let send = () => {};
export const connect = (sender) => (send = sender);

class Model {
  constructor(id, state) {
    [this.id, this.state, this.changed, this.listeners] = [id, state, new Set(), []];
  }
  get(name) {
    return this.state[name];
  }
  set(name, value) {
    const values = typeof name === "string" ? { [name]: value } : name;
    Object.keys(values).forEach((key) => this.changed.add(key));
    this.update(values);
  }
  save_changes() {
    const state = {}, paths = [], buffers = [];
    for (const key of this.changed) {
      const value = this.state[key];
      if (ArrayBuffer.isView(value)) (paths.push([key]), buffers.push(value));
      else state[key] = value;
    }
    this.changed.clear();
    if (paths.length || Object.keys(state).length) send(this.id, { method: "update", state, buffer_paths: paths }, buffers);
  }
  send(content, _, buffers = []) {
    send(this.id, { method: "custom", content }, buffers);
  }
  on(names, listener) {
    names.split(" ").forEach((name) => this.listeners.push([name, listener]));
  }
  off(names, listener) {
    const gone = names?.split(" ");
    this.listeners = this.listeners.filter(([name, one]) => (gone && !gone.includes(name)) || (listener && one !== listener));
  }
  emit(name, ...given) {
    this.listeners.filter(([one]) => one === name).forEach(([, listener]) => listener(...given));
  }
  update(values) {
    const changed = Object.keys(values).filter((key) => this.state[key] !== values[key]);
    Object.assign(this.state, values);
    changed.forEach((key) => this.emit(`change:${key}`));
    if (changed.length) this.emit("change");
  }
}

// A message of the kernel: a model that is opened, changed, spoken to or closed. Buffers go back to their places.
export function receive(kind, id, { state = {}, buffer_paths = [], method, content }, buffers) {
  buffer_paths.forEach((path, k) => {
    const place = path.slice(0, -1).reduce((there, key) => there[key], state);
    place[path.at(-1)] = new DataView(buffers[k].buffer, buffers[k].byteOffset, buffers[k].byteLength);
  });
  if (kind === "comm_open") models.set(id, new Model(id, state));
  else if (kind === "comm_close") models.delete(id);
  else if (method === "update") models.get(id)?.update(state);
  else if (method === "custom") models.get(id)?.emit("msg:custom", content, buffers);
}

const named = (reference) => models.get(reference.replace("IPY_MODEL_", ""));
const make = (kind, ...classes) => {
  const made = document.createElement(kind);
  made.classList.add(...classes);
  return made;
};

async function box(model, kind, renders) {
  const element = make("div", `widget-${kind}`);
  const children = (renders) => Promise.all(model.get("children").map((child) => view(child, renders)));
  model.on("change:children", async () => {
    const renders = [];
    element.replaceChildren(...(await children(renders)));
    renders.forEach((render) => render());
  });
  element.append(...(await children(renders)));
  return element;
}

function button(model, act) {
  const element = make("button", "jupyter-button");
  element.type = "button";
  const show = () => {
    [element.textContent, element.title, element.disabled] = ["description", "tooltip", "disabled"].map((name) => model.get(name));
    element.classList.toggle("mod-primary", model.get("button_style") === "primary");
    if (model.get("value") !== undefined) element.setAttribute("aria-pressed", String(model.get("value")));
  };
  element.onclick = act;
  model.on("change", show);
  show();
  return element;
}

function toggle(model) {
  return button(model, () => {
    model.set("value", !model.get("value"));
    model.save_changes();
  });
}

function dropdown(model) {
  const element = make("div", "widget-dropdown"), label = make("label", "widget-label"), list = make("select");
  list.id = `list-${model.id}`;
  [label.htmlFor, label.textContent] = [list.id, model.get("description")];
  element.append(label, list);
  const show = () => {
    const options = model.get("_options_labels");
    if (options.join() !== [...list.options].map((option) => option.text).join()) list.replaceChildren(...options.map((text) => new Option(text)));
    [list.selectedIndex, list.disabled] = [model.get("index") ?? -1, model.get("disabled")];
  };
  list.onchange = () => {
    model.set("index", list.selectedIndex);
    model.save_changes();
  };
  model.on("change", show);
  show();
  return element;
}

async function anywidget(model, renders) {
  const source = model.get("_esm"), element = make("div");
  if (!modules.has(source)) modules.set(source, import(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))));
  const { default: widget } = await modules.get(source);
  await widget.initialize?.({ model });
  renders.push(() => widget.render({ model, el: element }));
  return element;
}

const KINDS = {
  VBoxModel: (model, renders) => box(model, "vbox", renders),
  HBoxModel: (model, renders) => box(model, "hbox", renders),
  ButtonModel: (model) => button(model, () => model.send({ event: "click" })),
  ToggleButtonModel: toggle,
  DropdownModel: dropdown,
  AnyModel: anywidget,
};

// Show a model in an element of the page.
export async function show(reference, place) {
  const renders = []; // which wait until they are in the page: anywidget's modules look at what is around them
  place.replaceChildren(await view(reference, renders));
  renders.forEach((render) => render());
}

async function view(reference, renders) {
  const model = named(reference), kind = KINDS[model.get("_model_name")];
  if (!kind) throw new Error(`this page has no ${model.get("_model_name")}`);
  const element = await kind(model, renders);
  const layout = named(model.get("layout"));
  const lay_out = () => {
    for (const [name, value] of Object.entries(layout.state)) {
      if (!name.startsWith("_")) element.style.setProperty(name.replaceAll("_", "-"), value ?? "");
    }
  };
  const dress = () => element.classList.add(...model.get("_dom_classes"));
  layout.on("change", lay_out);
  model.on("change:_dom_classes", dress);
  lay_out();
  dress();
  return element;
}
