/** Batches on their way: by fetch while the page is there, by beacon when it goes. */
import { countLost, cut, forget, isDue, isEmpty, isStored, lost, refresh, text } from "./queue.js";
import { endpoint, settings } from "./settings.js";
import { read, write } from "./storage.js";

const FLUSH_MS = 2e3;
const LONGEST_PAUSE_MS = 3e5;
const ANSWER_MS = 15e3;

/** Names of events that are on their way. @type {Set<string>} */
const gone = new Set();
let isSending = false;
let failures = 0;
let timer = 0;

/** Milliseconds until it may be tried again: other tabs and the next page wait as well. */
const pause = () => (+(read("pause") ?? 0) || 0) - Date.now();
const isToWait = () => pause() > 0 || !navigator.onLine;

/** @param {string[]} names */
const body = (names) =>
  `${JSON.stringify({
    sent_at: Date.now(),
    library: "event-assets.js",
    dropped: lost() || undefined,
    write_key: settings.key,
  }).slice(0, -1)},"batch":[${names.map(text)}]}`;

/** @param {string[]} names */
const post = async (names) => {
  const told = lost();
  let retryAfter = 0;
  names.forEach(gone.add, gone);
  try {
    const answer = await fetch(endpoint, {
      method: "POST",
      body: body(names), // as text/plain: a browser asks nobody before it sends that
      keepalive: true,
      credentials: "include",
      signal: AbortSignal.timeout?.(ANSWER_MS),
    });
    await answer.text(); // until it is whole, its request counts among those that may outlive the page
    const { status, headers } = answer;
    retryAfter = +(headers.get("retry-after") ?? 0) * 1e3;
    if (status !== 408 && status !== 429 && status < 500) {
      failures = 0;
      names.forEach(forget);
      countLost((status > 299 ? names.length : 0) - told); // it will not take those another time
      return;
    }
  } catch {
  } finally {
    names.forEach(gone.delete, gone);
  }
  const backoff = Math.min(LONGEST_PAUSE_MS, 1e3 * 2 ** failures++) * (0.5 + Math.random() / 2);
  write("pause", Date.now() + Math.max(retryAfter || 0, backoff));
};

const drain = async () => {
  refresh();
  for (;;) {
    const names = cut(() => false);
    if (!names.length || isToWait()) break;
    await post(names);
  }
};

/** Sends all that waits, batch by batch, one tab at a time. */
export const send = async () => {
  clearTimeout(timer);
  timer = 0;
  if (!isSending) {
    isSending = true;
    const work = navigator.locks?.request("ea", { ifAvailable: true }, (lock) => lock && drain());
    await (work ?? drain()).catch(drain); // where a page may have no locks
    isSending = false;
  }
  later();
};

const later = () => {
  timer ||= isEmpty() ? 0 : window.setTimeout(send, Math.max(FLUSH_MS, pause()));
};

/** To be called when there is one event more. */
export const added = () => {
  if (isDue() && !isSending && !isToWait()) send();
  else later();
};

/**
 * The page may end now. What a beacon took is sent once more, by this page or the next, unless that
 * was acknowledged meanwhile: nobody tells what became of a beacon. Ingest counts an event once.
 */
export const leave = () => {
  const isKept = isToWait();
  for (;;) {
    const told = lost();
    const names = cut((name) => gone.has(name) || (isKept && isStored(name)));
    if (!names.length || !navigator.sendBeacon(endpoint, body(names))) return;
    countLost(-told);
    for (const name of names) {
      gone.add(name);
      // of attention a loss is borne, else most events of a visit would be sent twice
      if (text(name).startsWith('{"event_type":"heartbeat"')) forget(name);
    }
  }
};
