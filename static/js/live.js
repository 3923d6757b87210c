// What is live on a page asks the server only while somebody looks at it.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-live]")) event.preventDefault();
});
