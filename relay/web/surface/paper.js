// @ts-check
// Dark paper: by the theme around the board, or as somebody chose. What is drawn is shown in other colours, and kept as it is.

/** Whether words around the board are light. @param {HTMLElement} root */
function isDarkTheme(root) {
  const light = document.body.dataset.jpThemeLight;
  if (light) return light === "false";
  const [r, g, b] = (getComputedStyle(root.parentElement ?? root).color.match(/[\d.]+/g) ?? ["0", "0", "0"]).map(
    Number,
  );
  return 0.3 * r + 0.6 * g + 0.1 * b > 128;
}

/** @param {HTMLElement} root @param {{get: (name: string) => string, set: (name: string, value: string) => void}} store
 * @param {AbortSignal} signal */
export function createPaper(root, store, signal) {
  const show = () => {
    const dark = isDarkTheme(root);
    const chosen = store.get("paper");
    root.classList.toggle("ipysketch-dark", dark);
    root.classList.toggle("ipysketch-dark-paper", chosen ? chosen === "dark" : dark);
  };
  const observer = new MutationObserver(show);
  for (const node of [document.body, document.documentElement]) observer.observe(node, { attributes: true });
  signal.addEventListener("abort", () => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show, { signal });
  show();
  return {
    get dark() {
      return root.classList.contains("ipysketch-dark-paper");
    },
    /** @param {boolean} dark */
    choose: (dark) => {
      store.set("paper", dark === isDarkTheme(root) ? "" : dark ? "dark" : "light");
      show();
    },
  };
}
