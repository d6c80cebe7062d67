document.querySelectorAll(".bpc-stepper.bpc-live").forEach((place) => {
  const figure = JSON.parse(place.dataset.figure);
  place.replaceChildren();
  mount(place, { ...window.bpcStepper, ...figure, message: "" });
});
