// Runs once in the page's head.
document.documentElement.lang = navigator.language.startsWith("ja") ? "ja" : "en";
// A clip that the browser cannot show may be a good clip all the same: Gradio's error about it is held back.
for (const kind of ["error", "loadeddata"]) document.addEventListener(kind, (event) => {
  const video = event.target, block = video.closest?.("#subject, #driving");
  if (video.tagName !== "VIDEO" || !block) return;
  if (kind === "error") event.stopImmediatePropagation();
  block.dataset.preview = kind === "error" || !video.videoWidth ? "none" : "shown";
}, true);
