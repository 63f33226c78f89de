/* In slide mode: letters and pictures as large as the page allows, so that each fits the screen. */
(() => {
    const SIZES = [2, 1.85, 1.7, 1.55, 1.4, 1.3, 1.2, 1.1, 1, 0.9, 0.8, 0.7], PICTURES = [1, 0.85, 0.7, 0.55], ROOM = 24;
    /* The best pair first: what counts is the smaller of both, words and pictures; 1.4 is large enough for words. */
    const PAIRS = SIZES.flatMap(size => PICTURES.map(pictures => [Math.min(size / 1.4, pictures), size, pictures]))
        .sort((a, b) => b[0] - a[0] || b[1] - a[1] || b[2] - a[2]);
    document.getElementById("nnlib-fit")?.remove();
    window.nnlibFit?.forEach(observer => observer.disconnect());
    const style = document.createElement("style");
    style.id = "nnlib-fit";
    document.head.append(style);

    const set = (size, pictures, code) => {
        style.textContent = `
            .jp-Deck .jp-Notebook {
                --jp-content-font-size1: ${14 * size}px; --jp-code-font-size: ${Math.min(13 * size, 20, code)}px;
                --jp-widgets-font-size: ${Math.min(13 * size, 17)}px;
            }
            .jp-Deck .jp-RenderedHTMLCommon table { font-size: 0.9em; }
            .jp-Deck .jp-OutputArea-output img { max-height: ${480 * pictures}px; width: auto; max-width: 100%; }
            .jp-Deck .nnlib-panel { zoom: ${pictures}; }`;
    };

    /* The font size at which the widest line of code or text output just has room. */
    const widestCode = notebook => {
        set(1, 1, 13);
        const letters = document.createRange();
        const sizes = [...notebook.querySelectorAll(".jp-deck-mod-onscreen :is(.cm-line, .jp-OutputArea-output pre)")].map(one => {
            letters.selectNodeContents(one);
            const room = (one.closest(".cm-scroller") ?? one).clientWidth - 12;  // less than 0 in a text cell
            return room > 0 ? (13 * room) / (letters.getBoundingClientRect().width || 1) : Infinity;
        });
        return Math.min(...sizes);
    };

    const fits = (notebook, cells) =>
        cells.reduce((sum, cell) => sum + cell.getBoundingClientRect().height, 0) <= window.innerHeight - ROOM
        && ![...notebook.querySelectorAll(".jp-deck-mod-onscreen table")].some(
            one => one.clientWidth && one.getBoundingClientRect().right > one.closest(".jp-Cell").getBoundingClientRect().right);

    let busy = false, shown = "";
    const fit = () => {
        const notebook = document.querySelector(".jp-Deck .jp-Notebook");
        const cells = [...(notebook?.querySelectorAll(".jp-Cell.jp-deck-mod-onscreen") ?? [])];
        if (!cells.length) return;
        const code = widestCode(notebook);
        for (const [, size, pictures] of PAIRS) {
            set(size, pictures, code);
            if (fits(notebook, cells)) return;
        }
    };
    const later = () => {
        if (busy) return;
        busy = true;
        requestAnimationFrame(() => { fit(); requestAnimationFrame(() => { busy = false; }); });
    };
    /* Another page, an output that comes, a fold that opens; not what a panel writes at every step. */
    const pages = new MutationObserver(records => {
        const now = [...document.querySelectorAll(".jp-deck-mod-onscreen")].map(cell => cell.dataset.windowedListIndex).join();
        const output = records.some(record => record.type === "childList" && record.target.matches(".jp-OutputArea"));
        if (now !== shown || output) later();
        shown = now;
    });
    const notebook = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook");
    pages.observe(notebook, { attributes: true, attributeFilter: ["class"], childList: true, subtree: true });
    notebook.addEventListener("toggle", later, true);
    window.addEventListener("resize", later);
    window.nnlibFit = [pages];
    later();
    const book = window.jupyterapp?.shell.currentWidget?.content;  // Run All ends on the last cell
    if (book?.node === notebook) book.activeCellIndex = 0;
})();
