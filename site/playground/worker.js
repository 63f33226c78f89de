// Python, in a thread of its own: Pyodide, the packages that the first panel needs, nnlib. Messages go both ways: what
// ipywidgets says through its comms, and which panel is wanted.
import { PYODIDE } from "./address.js";

const FIRST = ["numpy", "pandas", "matplotlib", "ipywidgets", "anywidget", "tqdm"];
const LATER = ["scipy", "scikit-learn"]; // matrix products of digits, handwriting, some shapes of points
const WITHOUT = ["ipython", "jedi"]; // which ipywidgets asks for, and panels.py stands in for
const folder = new URL("../pyodide/", import.meta.url).href;
const waiting = [];
let python = null;
let [done, steps] = [0, 1];

function tell(text) {
  done += 1;
  postMessage({ progress: Math.min(done / steps, 1), text });
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
  const lock = await (await fetch(`${folder}pyodide-lock.json`)).json();
  const packages = lock.packages;
  packages.nnlib.depends = FIRST; // for the notebooks it brings all that they use
  for (const one of Object.values(packages)) one.depends = one.depends.filter((name) => !WITHOUT.includes(name));
  const names = closure(packages, ["nnlib"]);
  steps = names.length + 5;
  tell("Loading Python and its packages");
  // All at once, while Pyodide starts; what it asks for later is in the browser's cache then.
  const address = (name) => new URL(packages[name].file_name, folder).href;
  const fetched = names.map((name) => fetch(address(name)).then((answer) => answer.arrayBuffer()).then(() => tell(`Loaded ${name}`)));
  const source = fetch(new URL("panels.py", import.meta.url)).then((answer) => answer.text());
  const { loadPyodide } = await import(new URL(PYODIDE, import.meta.url).href);
  python = await loadPyodide({ lockFileContents: lock, packageBaseUrl: folder, checkIntegrity: false });
  tell("Python runs");
  await Promise.all(fetched);
  const quiet = { messageCallback: () => {}, errorCallback: console.error, checkIntegrity: false };
  await python.loadPackage(names, quiet);
  tell("Packages are in place");
  python.globals.set("post", (kind, comm, content, buffers) => postMessage({ kind, comm, content: JSON.parse(content), buffers }));
  await python.runPythonAsync(await source);
  tell("nnlib is there");
  await show("points");
  tell("The first panel is there");
  python.later = python.loadPackage(LATER, quiet);
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
  if (comm) return python.globals.get("receive")(comm, JSON.stringify(content), buffers);
  await python.later;
  await show(panel);
}

onmessage = ({ data }) => waiting.push(data);
start().catch((error) => postMessage({ error: String(error.message).trim().split("\n").at(-1) }));
