// Runs once in the page's head.
let saved;  // the result that was downloaded
const shownResult = () => document.querySelector('#player .lane[data-role="result"] [data-file]')?.dataset.file;
addEventListener("beforeunload", (event) => {  // a page that is loaded anew has lost everything
  const lost = shownResult() && shownResult() !== saved;
  if (lost || document.querySelector("#stop:enabled, .job button + button")) event.preventDefault();
});
addEventListener("pagehide", (event) => {
  if (event.persisted || !window.tmtSession) return;  // it may come back
  const root = (window.gradio_config?.root || location.origin + location.pathname).replace(/\/+$/, "");
  const told = JSON.stringify({ data: [], session_hash: window.tmtSession });
  navigator.sendBeacon(`${root}/gradio_api/run/leave`, new Blob([told], { type: "application/json" }));
});
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
  // What went wrong before is over when something new is asked for.
  if (event.target.closest?.("#run, #preview")) document.querySelectorAll(".toast-close").forEach((close) => close.click());
  if (event.target.closest?.("#file_video")) saved = shownResult();
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
// Times are the reader's own.
new MutationObserver(() => document.querySelectorAll("time[datetime]:not([data-told])").forEach((time) => {
  time.dataset.told = "1";
  time.textContent = new Date(time.dateTime).toLocaleTimeString(navigator.language, { hour: "2-digit", minute: "2-digit" });
})).observe(document, { childList: true, subtree: true });
document.addEventListener("change", (event) => {
  if (event.target.checked) delete event.target.closest?.(".consent")?.dataset.missing;
});
