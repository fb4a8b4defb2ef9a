/**
 * Events that no collector has acknowledged: here, and each under a name of its own in localStorage,
 * where the next page and other tabs find them. What does not fit is counted.
 */
import { names, read, remove, write } from "./storage.js";

const EVENT = "event.";
const MOST_EVENTS = 1000;
const MOST_CHARACTERS = 256 * 1024;
const BATCH_BYTES = 48e3; // below the 64 KiB that a browser sends for a page that is gone

/** Name → JSON. @type {Map<string, string>} */
const waiting = new Map();
/** @type {Set<string>} */
const stored = new Set();
let characters = 0;

/** @param {string} text */
const bytes = (text) => new Blob([text]).size;

export const isDue = () => waiting.size >= 10 || characters >= BATCH_BYTES;
export const isEmpty = () => !waiting.size;

/** How many events were lost and not told of. */
export const lost = () => (+(read("lost") ?? 0) || 1e6) - 1e6;

/** Counts in numbers of one length: they can be changed where the storage is full. @param {number} more */
export const countLost = (more) => write("lost", 1e6 + lost() + more);

/** @param {string} name @param {string} json */
const put = (name, json) => {
  waiting.set(name, json);
  characters += json.length;
};

/** @param {string} name */
export const forget = (name) => {
  characters -= text(name).length;
  waiting.delete(name);
  stored.delete(name);
  remove(name);
};

/** @param {import("./track").TrackedEvent} event */
export const add = (event) => {
  // half a surrogate pair, as texts have that were cut, is no JSON for others
  const json = JSON.stringify(event).replace(/\\\\|\\ud[89a-f]../g, (found) =>
    found === "\\\\" ? found : "\ufffd",
  );
  if (bytes(json) >= BATCH_BYTES) return countLost(1);
  const name = `${EVENT}${event.timestamp}.${event.event_id}`;
  put(name, json);
  if (write(name, json)) stored.add(name);
  else remove(name);
  while (waiting.size > MOST_EVENTS || characters > MOST_CHARACTERS) {
    forget([...waiting.keys()][0]);
    countLost(1);
  }
};

/** Takes up what other pages left, and leaves what other tabs have sent. */
export const refresh = () => {
  const found = names(EVENT);
  for (const name of found) {
    if (!waiting.has(name)) put(name, read(name) ?? "");
    stored.add(name);
  }
  for (const name of stored) if (!found.includes(name)) forget(name);
};

/** The names of the oldest events, as many as one request takes. @param {(name: string) => boolean} isLeft */
export const cut = (isLeft) => {
  let size = 0;
  return [...waiting.keys()]
    .sort()
    .filter((name) => !isLeft(name) && (size += bytes(text(name)) + 1) <= BATCH_BYTES);
};

/** Whether the next page will find it. @param {string} name */
export const isStored = (name) => stored.has(name);

/** @param {string} name */
export const text = (name) => waiting.get(name) ?? "";
