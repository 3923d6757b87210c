// allauth's scripts ask the browser for a passkey; where it gives none, people shall read so rather than the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelector("[data-passkey-trouble]").hidden = false;
});
