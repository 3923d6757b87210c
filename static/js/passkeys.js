// allauth's scripts ask the browser for a passkey; where it gives none, people shall read so rather than the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const isNameless = /^[\d.]+$|^\[/.test(location.hostname);
  document.querySelector(isNameless ? "[data-passkey-nameless]" : "[data-passkey-trouble]").hidden = false;
});
