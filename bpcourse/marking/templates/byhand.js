"use strict";
// Sends what is given for an answer as it is saved, and says what came of it.

async function send(where, what, said) {
  said.textContent = "…";
  try {
    const answer = await fetch(where, { method: "POST", body: JSON.stringify(what) });
    said.textContent = (answer.ok ? "✓ " : "✗ ") + (await answer.text());
    return answer.ok;
  } catch (error) {
    said.textContent = "✗ " + error.message;
    return false;
  }
}

let open = new Set();

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("input", () => open.add(form));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { student, question } = form.dataset;
    const what = { student, question, points: form.points.value, reason: form.reason.value };
    if (await send("save", what, form.querySelector("output"))) open.delete(form);
  });
}

window.addEventListener("beforeunload", (event) => {
  if (open.size) event.preventDefault(); // something is not saved
});

const write = document.getElementById("write");
if (write) write.addEventListener("click", () => send("write", {}, document.getElementById("said")));
