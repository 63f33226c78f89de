/* A formula that is wider than the page is scrolled by key, too. */
const reach = () => document.querySelectorAll("div.math").forEach(one => {
    one.toggleAttribute("tabindex", one.scrollWidth > one.clientWidth);
    if (one.hasAttribute("tabindex")) one.tabIndex = 0;
});
window.addEventListener("load", () => window.MathJax?.startup.promise.then(reach));
window.addEventListener("resize", reach);
