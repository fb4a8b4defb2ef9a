/** The calls of pages, and what the tracker sees of itself: page views and attention. */
import { attend, attention } from "./attention.js";
import { add, countLost } from "./queue.js";
import { added, leave, send } from "./sending.js";
import { settings } from "./settings.js";
import { campaigns, consentTo, identify, newId, reset, visit } from "./visit.js";

const BEAT_MS = 3e5; // so that who watches a page for long stays in one session
/** The time of a call from before the script was there. @type {number | undefined} */
let calledAt;
let lastTime = 0;
let url = "";
let { referrer } = document;

/**
 * An error of ours never reaches the page.
 * @template {unknown[]} A
 * @template R
 * @param {(...values: A) => R} work
 */
const safe =
  (work) =>
  /** @param {A} values */
  (...values) => {
    try {
      return work(...values);
    } catch {
      countLost(1);
    }
  };

/** @param {string} names @param {(event: any) => unknown} work */
const on = (names, work) => names.split(" ").forEach((name) => addEventListener(name, safe(work)));

/**
 * @param {string} event_type
 * @param {object} [properties]
 * @param {import("./track").EventFields} [fields]
 */
const track = (event_type, properties, fields) => {
  // no two at one instant: their order is that of their times
  const timestamp = (lastTime = Math.max(lastTime + 1, calledAt ?? Date.now()));
  const event = {
    event_type,
    event_id: newId(),
    timestamp,
    page_url: location.href,
    page_title: document.title,
    referrer,
    ...visit(timestamp),
    properties,
    ...fields,
  };
  add(event);
  added();
  return event.event_id;
};

/** @param {boolean} [isLeft] */
const beat = (isLeft) => {
  const engaged_ms = attention(isLeft);
  if (engaged_ms) track("heartbeat", { engaged_ms }, { page_url: url || location.href });
};

/** @param {object} [properties] */
const page = (properties) => {
  beat();
  referrer = url || referrer;
  url = location.href;
  return track("page_view", properties, { context: campaigns(calledAt ?? Date.now()) });
};

const moved = () => {
  if (url !== location.href) page();
};

const watchAddress = () => {
  for (const name of /** @type {const} */ (["pushState", "replaceState"])) {
    const original = history[name];
    history[name] = function (...values) {
      original.apply(this, values);
      safe(moved)();
    };
  }
  on("popstate hashchange", moved);
  on("pageshow", (event) => event.persisted && page());
};

const watchAttention = () => {
  attend();
  on("focus blur pageshow pagehide visibilitychange", ({ type }) => {
    const isLeft = type === "pagehide" || document.hidden;
    if (!isLeft) return attend();
    beat(isLeft);
    leave();
  });
  setInterval(safe(beat), BEAT_MS);
};

/** @type {Record<string, Function>} */
const said = { identify, reset, consent: consentTo };
/** @type {Record<string, Function>} */
const events = { track, page };

/** @param {import("./track").EarlyCall[]} early */
const start = (early) => {
  countLost(0);
  // what page views and events are to say of the visitor comes first
  for (const [, call, ...values] of early) said[call]?.(...values);
  calledAt = early[0]?.[0];
  if (!("manual" in settings)) {
    page();
    watchAddress();
  }
  for (const [time, call, ...values] of early) {
    calledAt = time;
    safe(() => events[call]?.(...values))();
  }
  calledAt = undefined;
  watchAttention();
  on("online", send);
  send();
};

if (!window.ea?.isLoaded) {
  const early = window.ea?.q ?? [];
  const ea = safe((/** @type {string} */ call, /** @type {unknown[]} */ ...values) =>
    (said[call] ?? events[call])(...values),
  );
  window.ea = Object.assign(ea, { isLoaded: true });
  if (document.prerendering) {
    document.addEventListener("prerenderingchange", () => safe(start)(early)); // it does not bubble
  } else safe(start)(early);
}
