// Python, in a thread of its own: Pyodide, the packages that the first panel needs, nnlib. Messages go both ways: what
// ipywidgets says through its comms, and which panel is wanted.
import { PYODIDE } from "./address.js";

const FIRST = ["numpy", "matplotlib", "ipywidgets", "anywidget", "tqdm"];
const LATER = ["scipy", "scikit-learn", "pandas"]; // matrix products of digits, handwriting, some shapes of points
const WITHOUT = ["ipython"]; // which ipywidgets asks for, and panels.py stands in for
const IMPORTED = ["numpy", "matplotlib.pyplot", "ipywidgets", "nnlib.widgets.playground"]; // what takes a second or so
const folder = new URL("../pyodide/", import.meta.url).href;
const quiet = { messageCallback: () => {}, errorCallback: console.error, checkIntegrity: false };
const waiting = [];
let python = null;
let [done, steps] = [0, 1];

// What is done next, for the page's bar.
function tell(text, over = 1) {
  postMessage({ progress: done / steps, text });
  done += over;
}

// What a list of packages needs, themselves included.
function closure(packages, names, found = []) {
  for (const name of names) {
    if (found.includes(name)) continue;
    closure(packages, packages[name].depends, found);
    found.push(name);
  }
  return found;
}

async function start() {
  const lock = await (await fetch(`${folder}pyodide-lock.json`)).json(), packages = lock.packages;
  packages.nnlib.depends = FIRST; // for the notebooks it brings all that they use
  for (const one of Object.values(packages)) one.depends = one.depends.filter((name) => !WITHOUT.includes(name));
  const names = closure(packages, ["nnlib"]);
  steps = 2 * names.length + IMPORTED.length + 8;
  tell("Loading Python, 13 MB, and its packages, 14 MB", 0);
  // All at once, while Pyodide starts; when it asks for them they are in the browser's cache.
  const load = async (name) => {
    await (await fetch(new URL(packages[name].file_name, folder))).arrayBuffer();
    tell(python ? `Loaded ${name}` : `Starting Python. Loaded ${name}`);
  };
  const loaded = Promise.all(names.map(load));
  const source = fetch(new URL("panels.py", import.meta.url)).then((answer) => answer.text());
  const { loadPyodide } = await import(new URL(PYODIDE, import.meta.url).href);
  python = await loadPyodide({ lockFileContents: lock, packageBaseUrl: folder, checkIntegrity: false });
  tell("Python runs", 4);
  await loaded;
  for (const name of names) {
    tell(`Unpacking ${name}`);
    await python.loadPackage(name, quiet);
  }
  python.globals.set("post", (kind, comm, content, buffers) => postMessage({ kind, comm, content: JSON.parse(content), buffers }));
  await python.runPythonAsync(await source);
  for (const name of IMPORTED) {
    tell(`Importing ${name}`);
    await python.runPythonAsync(`import ${name}`);
  }
  tell("Drawing the first panel", 4);
  await show("points");
  tell("The first panel is ready. Loading SciPy, scikit-learn and pandas, 23 MB, for the others", 0);
  python.later = python.loadPackage(LATER, quiet).then(() => postMessage({ ready: true }));
  onmessage = ({ data }) => take(data);
  waiting.splice(0).forEach(take);
}

async function show(panel) {
  try {
    postMessage({ panel, model: await python.globals.get("show")(panel) });
  } catch (error) {
    console.error(error.message);
    postMessage({ panel, error: String(error.message).trim().split("\n").at(-1) });
  }
}

async function take({ panel, comm, content, buffers }) {
  const waits = !comm || (content.method === "update" && python.globals.get("wants_more")(comm));
  if (waits) await python.later;
  if (comm) return python.globals.get("receive")(comm, JSON.stringify(content), buffers);
  await show(panel);
}

onmessage = ({ data }) => waiting.push(data);
start().catch((error) => postMessage({ error: String(error.message).trim().split("\n").at(-1) }));
