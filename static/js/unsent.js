// On the page of a round that has closed: what was typed in this browser and never reached the server, to copy.
(() => {
  const unsent = document.querySelector("[data-unsent]");
  const store = `survey:${unsent.dataset.unsent}:`;
  let texts = [];
  try {
    const waiting = Object.keys(localStorage).filter((name) => name.startsWith(store));
    const answers = waiting.map((name) => Object.entries(JSON.parse(localStorage.getItem(name))));
    texts = answers.flat().filter(([name, text]) => text && /-(note|evidence_url)$/.test(name) && !name.startsWith("seen-"));
  } catch {
    // Where the browser keeps nothing there is nothing to show.
  }
  for (const [, text] of texts) {
    const item = document.createElement("li");
    item.className = "note text-break";
    item.textContent = text;
    unsent.querySelector("ul").append(item);
  }
  unsent.hidden = !texts.length;
})();
