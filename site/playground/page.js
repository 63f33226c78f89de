// Starts Python in a worker, shows how far it is, and asks for each panel when the reader comes near it.
import { connect, receive, show } from "./widgets.js";

const worker = new Worker("worker.js", { type: "module" });
const [bar, loaded, loading] = ["bar", "loaded", "loading"].map((id) => document.getElementById(id));
const place = (name) => document.querySelector(`#${name} .panel`);

connect((comm, content, buffers) => worker.postMessage({ comm, content, buffers }));

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      worker.postMessage({ panel: target.parentElement.id });
    }
  },
  { rootMargin: "200px" },
);

function fail(where, words) {
  const told = document.createElement("p");
  [told.className, told.textContent] = ["failed", words];
  told.setAttribute("role", "alert");
  where.append(told);
}

worker.onmessage = async ({ data: { progress, text, kind, comm, content, buffers, panel, model, ready, error } }) => {
  if (progress !== undefined) [bar.value, loaded.textContent] = [progress, text];
  if (kind) receive(kind, comm, content, buffers);
  if (model) await show(model, place(panel));
  if (model && panel === "points") {
    document.querySelectorAll(".panel:empty").forEach((target) => near.observe(target));
  }
  if (ready) loading.hidden = true;
  if (error) fail(panel ? place(panel) : loading, `${panel ? "This panel did not come" : "Python did not come"}: ${error} Reload the page to try again.`);
};
worker.onerror = (event) => fail(loading, `Python did not come: ${event.message ?? "the worker could not start."}`);

// The panels look at the body's class to see that the colours have changed.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => (document.body.className = matches ? "dark" : "light"));
