document.querySelectorAll(".bpc-figure.bpc-live").forEach((place) => {
  const { data, values } = JSON.parse(place.dataset.figure);
  place.replaceChildren();
  mountFigure(place, data, values);
});
