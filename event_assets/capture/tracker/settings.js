/** What the page's `<script>` says: `data-url`, `data-key`, `data-consent`, `data-manual`. */

const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);

export const settings = script?.dataset ?? {};

/** The collector that served the script takes its events. */
export const endpoint = settings.url || new URL("collect", script?.src || location.href).href;
