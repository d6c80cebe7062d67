// Names for screen readers where ipywidgets gives none: its sliders, Play's buttons, the picture.
export default {
  render({ model, el }) {
    el.classList.add("bpc-names");
    const { sliders, play, stop, again } = model.get("names");
    let waiting = 0;
    const name = () => {
      const root = el.closest(".bpcourse-explorer");
      const handles = root?.querySelectorAll(".noUi-handle") ?? [];
      if (handles.length < sliders || !root.querySelector("img")) {
        // its views come one by one
        waiting = requestAnimationFrame(name);
        return;
      }
      for (const handle of handles) {
        const row = handle.closest(".widget-inline-hbox"),
          readout = row.querySelector(".widget-readout");
        for (const part of [handle, readout]) {
          part.setAttribute("aria-label", row.querySelector(".widget-label").textContent);
        }
        readout.setAttribute("role", "textbox");
      }
      root.querySelectorAll(".widget-play button").forEach((button, k) => {
        button.title = [play, stop, again][k];
        button.setAttribute("aria-label", button.title);
      });
      root.querySelector("img").alt = ""; // the sentence below says it
      root.querySelector(".bpc-says").setAttribute("aria-live", "polite");
    };
    name();
    return () => cancelAnimationFrame(waiting);
  },
};
