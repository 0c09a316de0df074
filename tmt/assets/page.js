// Runs once in the page's head.
document.documentElement.lang = navigator.language.startsWith("ja") ? "ja" : "en";
document.addEventListener("click", (event) => {
  // Which finished example is shown.
  const tab = event.target.closest?.("[data-show]");
  if (tab) {
    const showcase = tab.closest(".showcase");
    for (const other of showcase.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", other === tab);
    for (const panel of showcase.querySelectorAll("[data-panel]")) {
      panel.hidden = panel.dataset.panel !== tab.dataset.show;
      if (panel.hidden) panel.querySelectorAll("video").forEach((video) => video.pause());
    }
  }
  if (event.target.closest?.("[data-pair]")) document.querySelector("#try_it")?.scrollIntoView({ behavior: "smooth" });
});
// A box that was left unticked may be out of sight when the run is asked for: the first of them is shown, ready to tick.
new MutationObserver((changes) => {
  const told = changes.some((change) => [...change.addedNodes].some((node) => node.matches?.(".validation-error")
    || node.querySelector?.(".validation-error")));
  const box = told && document.querySelector(".consent:has(.validation-error)");
  if (!box) return;
  box.querySelector("input").focus({ preventScroll: true });
  document.querySelector("#consents").scrollIntoView({ behavior: "smooth", block: "center" });
}).observe(document, { childList: true, subtree: true });
