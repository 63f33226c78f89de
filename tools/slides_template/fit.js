/* Makes every page fit 1280 x 720, then starts reveal.js: the pictures get larger where there is room and smaller
   where there is none, then everything gets smaller, down to 75 %, which the last row can read. What still does not fit
   goes on to a page of its own; only a block that cannot be divided gets smaller, down to 60 %. window.pages tells
   tools/slides.py what became of each page. */
const WIDTH = 1280, HEIGHT = 720, READABLE = 0.75, SMALLEST = 0.6, PICTURES = [1.4, 1.2, 1, 0.85, 0.7];

/* All that a section shows, in one block; the speaker's notes, also those in a fragment, in one other. */
function wrap(section) {
    const page = document.createElement("div"), notes = document.createElement("aside");
    page.className = "page";
    notes.className = "notes";
    for (const aside of [...section.querySelectorAll("aside.notes")]) {
        notes.append(...aside.childNodes);
        aside.remove();
    }
    page.append(...section.childNodes);
    section.append(page, ...(notes.childNodes.length ? [notes] : []));
    return page;
}

const height = page => page.getBoundingClientRect().height;

/* Lines of code, output, tables and formulas that reach beyond the right edge. */
function cut(page) {
    const edge = page.getBoundingClientRect().right - 36 * page.style.zoom + 2;  // 36 px: the margin in slides.css
    return [...page.querySelectorAll("pre, table, .MathJax, .MathJax_Display")].filter(element => {
        if (element.closest("details:not([open])")) return false;
        const box = element.getBoundingClientRect(), scale = box.width / (element.offsetWidth || box.width);
        return Math.max(box.right, box.left + (element.scrollWidth || 0) * scale) > edge;
    }).length;
}

function set(page, zoom, pictures) {
    page.style.zoom = zoom;
    page.style.setProperty("--pictures", pictures);
}

function fits(page, zoom, pictures) {
    set(page, zoom, pictures);
    return height(page) <= HEIGHT && !cut(page);
}

function fit(page, smallest) {
    const sizes = page.querySelector("img") ? PICTURES : PICTURES.slice(0, 1);
    for (let percent = 100; percent >= 100 * smallest; percent -= 5)
        for (const pictures of sizes)
            if (fits(page, percent / 100, pictures)) return true;
    return false;
}

/* Fits a section's page; what is too much goes to a section after it. */
function fitOrSplit(section, page) {
    if (fit(page, READABLE)) return;
    const next = document.createElement("section"), rest = document.createElement("div");
    rest.className = "page";
    next.append(rest);
    while (page.children.length > 1 && !fit(page, READABLE)) rest.prepend(page.lastElementChild);
    fit(page, SMALLEST);
    if (!rest.children.length) return;
    rest.firstElementChild.classList.remove("fragment");  // it comes with its page, no key is needed for it
    for (const notes of section.querySelectorAll("aside.notes")) next.append(notes.cloneNode(true));
    section.after(next);
    fitOrSplit(next, rest);
}

function fitAll() {
    document.body.classList.add("measuring");
    for (const section of document.querySelectorAll(".slides > section > section")) {
        if (!section.innerText.trim() && !section.querySelector("img")) { section.remove(); continue; }
        fitOrSplit(section, wrap(section));
    }
    for (const section of document.querySelectorAll(".slides > section"))
        if (!section.querySelector("section")) section.remove();
    window.pages = [...document.querySelectorAll(".slides > section > section")].map(section => {
        const page = section.querySelector(".page"), head = section.querySelector("h1, h2, h3, h4");
        return {
            title: head ? head.innerText.replace("¶", "") : section.innerText.trim().slice(0, 40),
            height: Math.round(height(page)), cut: cut(page), zoom: Number(page.style.zoom),
            pictures: Number(page.style.getPropertyValue("--pictures")),
        };
    });
    document.body.classList.remove("measuring");
}

async function start() {
    document.body.classList.add("measuring");
    await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
    fitAll();
    Reveal.initialize({
        width: WIDTH, height: HEIGHT, margin: 0, minScale: 0.1, maxScale: 4, center: false, history: true,
        transition: "none", slideNumber: "c/t", controls: false,
        dependencies: [{ src: "reveal/plugin/notes/notes.js", async: true }],
    });
    // RISE's copy opens the speaker's view at T; reveal.js's own key is S.
    Reveal.addKeyBinding({ keyCode: 83, key: "S", description: "Speaker notes view" }, () => RevealNotes.open());
    document.documentElement.dataset.ready = "yes";
}

window.addEventListener("load", () => {
    document.body.classList.add("measuring");
    MathJax.Hub.Queue(["Typeset", MathJax.Hub], start);
});
