document.querySelectorAll(".bpc-stepper.bpc-live").forEach((place) => {
  const figure = JSON.parse(place.dataset.figure);
  place.replaceChildren();
  mount(place, { ...window.bpcStepper, ...figure, message: "" });
  // Bootstrap looks for open menus in the whole page at every click, which takes as long as a step.
  place
    .querySelector(".bpc-controls")
    ?.addEventListener("click", (event) => event.stopPropagation());
});
