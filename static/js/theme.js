// Runs before the first paint: takes the reader's choice of light or dark, else the system's.
(() => {
  const KEY = "theme";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  const use = (theme) => {
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("themechange"));
  };
  const apply = () => use(localStorage.getItem(KEY) || (system.matches ? "dark" : "light"));

  // Paper is white.
  window.addEventListener("beforeprint", () => use("light"));
  window.addEventListener("afterprint", apply);

  apply();
  root.dataset.scripted = "";
  system.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    localStorage.setItem(KEY, root.dataset.bsTheme === "dark" ? "light" : "dark");
    apply();
  });
})();
