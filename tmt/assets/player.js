// Wires every .tmt-player on the page: lanes in step with the result, wipe, quarter speed, single frames.
(() => {
  // Files are named by their path; the page may be served behind a prefix.
  const root = () => (window.gradio_config?.root || location.origin + location.pathname).replace(/\/+$/, "");
  const url = (path) => `${root()}/gradio_api/file=${path.split("/").map(encodeURIComponent).join("/")}`;
  window.tmtFile = url;

  function wire(player) {
    if (player.dataset.wired) return;
    player.dataset.wired = "1";
    const find = (what) => player.querySelector(what), all = (what) => [...player.querySelectorAll(what)];
    const lanes = all(".lane"), stage = find(".stage"), step = 1 / (+player.dataset.fps || 25);
    for (const media of all("[data-file]")) media.src = url(media.dataset.file);
    const leader = find('.lane[data-role="result"] video') || find("video");
    const videos = all("video"), followers = videos.filter((video) => video !== leader);
    const follow = (force) => {
      for (const video of followers) {
        if (!video.duration) continue;
        const wanted = Math.min(leader.currentTime % video.duration, video.duration - 0.001);
        if (Math.abs(video.currentTime - wanted) > (force ? 0.001 : 1.5 * step)) video.currentTime = wanted;
      }
    };
    const show = () => {
      find(".time").textContent = leader.currentTime.toFixed(2);
      const seek = find(".seek");
      seek.max = leader.duration || 1;
      if (document.activeElement !== seek || !leader.paused) seek.value = leader.currentTime;
      find(".play").textContent = leader.paused ? "▶" : "❚❚";
    };
    const play = () => { follow(true); for (const video of videos) video.play().catch(() => {}); };
    const pause = () => { for (const video of videos) video.pause(); follow(true); };
    const jump = (time) => {
      pause();
      leader.currentTime = Math.max(0, Math.min(time, (leader.duration || 0) - 0.001));
      show();
    };
    player.seekTo = (time) => { jump(time); player.scrollIntoView({ behavior: "smooth", block: "center" }); };
    const tick = () => {
      if (!player.isConnected) return;
      if (!leader.paused) { follow(false); show(); }
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    leader.addEventListener("seeked", () => { follow(true); show(); });
    for (const kind of ["play", "pause", "loadedmetadata"]) leader.addEventListener(kind, show);
    // Frames are counted from their middle, so that rounding never lands on a neighbour.
    const frame = () => Math.round(leader.currentTime / step - 0.5 + 1e-3);
    find(".play").onclick = () => (leader.paused ? play() : pause());
    find(".back").onclick = () => jump((Math.max(frame() - 1, 0) + 0.5) * step);
    find(".forward").onclick = () => jump((frame() + 1.5) * step);
    find(".seek").oninput = (event) => jump(+event.target.value);
    find(".speed").onchange = (event) => { for (const video of videos) video.playbackRate = +event.target.value; };
    find(".mute").onclick = (event) => {
      leader.muted = !leader.muted;
      event.currentTarget.setAttribute("aria-pressed", leader.muted);
    };
    const arrange = () => {
      const wipe = player.dataset.mode === "wipe", pair = find(".pair").value, roles = lanes.map((lane) => lane.dataset.role);
      const free = roles.includes("subject") && pair !== "subject" ? "subject" : "driving";
      for (const lane of lanes) {
        const role = lane.dataset.role, over = role === "result", under = role === pair;
        lane.classList.toggle("over", wipe && over);
        lane.classList.toggle("under", wipe && under);
        lane.hidden = wipe && !over && !under && role !== free;
      }
      const button = find(".mode");
      button.textContent = wipe ? button.dataset.side : button.dataset.wipe;
      find(".under").hidden = !wipe || lanes.length < 3;
    };
    find(".mode").onclick = () => {
      player.dataset.mode = player.dataset.mode === "wipe" ? "side" : "wipe";
      arrange();
    };
    find(".pair").onchange = arrange;
    const wipe = (percent) => { stage.style.setProperty("--wipe", `${percent}%`); find(".wiper").value = percent; };
    find(".wiper").oninput = (event) => { touched = true; wipe(event.target.value); };
    // Once, by itself, over to either side: the whole result is seen, and that the edge can be dragged.
    let touched = false;
    const sweep = () => {
      const begun = performance.now();
      const move = (now) => {
        const passed = (now - begun) / 5000;
        if (touched || passed > 1) return;
        wipe(50 + 42 * Math.sin(2 * Math.PI * passed));
        requestAnimationFrame(move);
      };
      requestAnimationFrame(move);
    };
    leader.addEventListener("loadedmetadata", () => {
      const width = leader.videoWidth, height = leader.videoHeight;
      if (!width) return;
      stage.style.setProperty("--shape", `${width} / ${height}`);
      // Where the AI label lies, as tmt/label.py draws it: in the corner, .045 of the height, 7.85 times as wide.
      const margin = 0.015 * Math.min(width, height), box = Math.max(20, Math.ceil(0.045 * height)) + 1;
      stage.style.setProperty("--mark-left", `${Math.max(0, 100 * (1 - (margin + 7.85 * box) / width))}%`);
      stage.style.setProperty("--mark-bottom", `${Math.min(100, (100 * (margin + box)) / height)}%`);
    });
    const full = find(".full");
    full.hidden = !document.fullscreenEnabled;
    full.onclick = () => (document.fullscreenElement ? document.exitFullscreen() : player.requestFullscreen());
    arrange();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (player.dataset.telling === "1" && calm) {  // the first frame of most clips is somebody at rest
      leader.addEventListener("loadeddata", () => jump(0.4 * leader.duration), { once: true });
    }
    if (player.dataset.autoplay === "1" && !calm) {
      leader.addEventListener("canplay", play, { once: true });
      if (player.dataset.telling === "1") leader.addEventListener("canplay", sweep, { once: true });
      // Out of sight it rests: a run on the same computer needs the power.
      let rests = false;
      new IntersectionObserver(([place]) => {
        if (!place.isIntersecting && !leader.paused) { rests = true; pause(); }
        else if (place.isIntersecting && rests) { rests = false; play(); }
      }).observe(player);
    }
  }

  // A player that is hidden loads nothing until it is shown.
  const wireAll = () => document.querySelectorAll(".tmt-player").forEach((player) => {
    if (!player.closest("[hidden]")) wire(player);
  });
  // The card with the faces may be there before the choice that it presses has all of them: then it waits a moment.
  const choose = (role, index, tries) => {
    const choice = document.querySelectorAll(`#${role}_face input`)[index];
    if (choice) choice.click();
    else if (tries) setTimeout(choose, 100, role, index, tries - 1);
  };
  const seen = { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] };
  new MutationObserver(wireAll).observe(document, seen);
  document.addEventListener("click", (event) => {
    const look = event.target.closest?.("[data-seek]");
    if (look) document.querySelector("#player .tmt-player")?.seekTo(+look.dataset.seek + 0.001);
    const face = event.target.closest?.("[data-face]");
    if (face) choose(face.dataset.role, +face.dataset.face, 250);
  });
})();
