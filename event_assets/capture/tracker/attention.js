/** How long the page was visible and in focus. */

let attended = 0;
let since = NaN;

/** To be called whenever that may have changed. @param {boolean} [isLeft] */
export const attend = (isLeft) => {
  const now = performance.now();
  attended += now - since || 0;
  since = isLeft || document.hidden || !document.hasFocus() ? NaN : now;
};

/** Milliseconds since this was asked last. @param {boolean} [isLeft] */
export const attention = (isLeft) => {
  attend(isLeft);
  const told = Math.round(attended);
  attended = 0;
  return told;
};
