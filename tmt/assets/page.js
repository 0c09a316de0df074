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
// Boxes that were left unticked may be out of sight when the run is asked for, and Gradio takes its word on them back when
// a card changes: they are shown, the first of them ready to tick, and marked until they are.
new MutationObserver((changes) => {
  const told = changes.some((change) => [...change.addedNodes].some((node) => node.matches?.(".validation-error")
    || node.querySelector?.(".validation-error")));
  const boxes = told ? [...document.querySelectorAll(".consent:has(.validation-error)")] : [];
  if (!boxes.length) return;
  for (const box of boxes) box.dataset.missing = "1";
  boxes[0].querySelector("input").focus({ preventScroll: true });
  document.querySelector("#consents").scrollIntoView({ behavior: "smooth", block: "center" });
}).observe(document, { childList: true, subtree: true });
document.addEventListener("change", (event) => {
  if (event.target.checked) delete event.target.closest?.(".consent")?.dataset.missing;
});
