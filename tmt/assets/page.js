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
