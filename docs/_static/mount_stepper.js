document.querySelectorAll(".bpc-stepper.bpc-live").forEach((place) => {
  const figure = JSON.parse(place.dataset.figure);
  place.replaceChildren();
  mount(place, { ...window.bpcStepper, ...figure, message: "" });
});
// Bootstrap looks through the whole page at every click, before the button is told of it, and that
// takes as long as a step.
addEventListener(
  "click",
  (event) => {
    const button = event.target.closest(".bpc-stepper .bpc-controls button");
    if (!button) return;
    event.stopPropagation();
    button.onclick(event);
  },
  true,
);
