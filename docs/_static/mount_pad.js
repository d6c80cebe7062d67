document.querySelectorAll(".bpc-pad.bpc-live").forEach((place) => {
  place.replaceChildren();
  mountPad(place, window.bpcPad, [], () => {});
});
