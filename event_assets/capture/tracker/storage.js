/**
 * Small values that outlive the page, in localStorage. Where that is missing, forbidden or full, and
 * for visitors who refuse, they live as long as the page.
 */
import { isPrivate } from "./visit.js";

const PREFIX = "ea.";

/** @type {Record<string, string | number | undefined>} */
const memory = {};

/**
 * What it gives, or nothing.
 * @template T
 * @param {(storage: Storage) => T} work
 */
export const attempt = (work) => {
  try {
    return work(localStorage);
  } catch {}
};

/** @param {string} name */
export const read = (name) =>
  /** @type {string | undefined} */ (attempt((storage) => storage.getItem(PREFIX + name)) ?? memory[name]);

/** @param {string} name */
export const remove = (name) => {
  delete memory[name];
  attempt((storage) => storage.removeItem(PREFIX + name));
};

/**
 * Whether it outlives the page. An older value goes in any case.
 * @param {string} name
 * @param {string | number} value
 * @param {boolean} [isRefused]
 */
export const write = (name, value, isRefused = isPrivate()) => {
  remove(name);
  memory[name] = value;
  return attempt((storage) => {
    if (!isRefused) {
      storage.setItem(PREFIX + name, /** @type {string} */ (value));
      delete memory[name];
      return true;
    }
  });
};

/** The names that begin so. @param {string} start */
export const names = (start) =>
  attempt((storage) =>
    Object.keys(storage).flatMap((name) =>
      name.startsWith(PREFIX + start) ? name.slice(PREFIX.length) : [],
    ),
  ) ?? [];
