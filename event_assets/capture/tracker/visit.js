/** Whose visit it is: consent, session, user, and the campaigns that brought them. */
import { settings } from "./settings.js";
import { attempt, read, remove, write } from "./storage.js";

const INACTIVITY_MS = 18e5; // 30 minutes, as the models cut sessions
const CAMPAIGN = /^(utm_\w+|(g|d|fb|ms|tt|tw)clk?id|[gw]braid|li_fat_id)$/;

/** An id that nobody else makes. crypto.randomUUID is missing where a page came by plain HTTP. */
export const newId = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

const consent = () => read("consent") ?? settings.consent;

/** Whether the visitor wants no ids: by consent, Global Privacy Control or Do Not Track. */
export const isPrivate = () =>
  consent() === "denied" || navigator.globalPrivacyControl || navigator.doNotTrack === "1";

/** @param {string} given */
export const consentTo = (given) => {
  write("consent", given, false);
  if (isPrivate()) ["session", "user", "first", "last"].forEach(remove);
};

/** @param {string} user */
export const identify = (user) => write("user", user);

export const reset = () => ["session", "user"].forEach(remove);

/** @param {number} now */
const session = (now) => {
  const [last, id] = (read("session") ?? "").split(" ");
  const current = now - +last <= INACTIVITY_MS ? id : newId();
  write("session", `${now} ${current}`);
  return current;
};

/** What an event says of its visit. @param {number} now */
export const visit = (now) => ({
  consent: consent(),
  ...(!isPrivate() && { session_id: session(now), user_id: read("user") }),
});

/**
 * The page by which a visitor came first, and the last with a campaign.
 * @param {number} timestamp
 */
export const campaigns = (timestamp) => {
  if (isPrivate()) return;
  const { referrer } = document;
  const found = [...new URLSearchParams(location.search)].filter(([name]) => CAMPAIGN.test(name));
  const landing = JSON.stringify({ timestamp, referrer, ...Object.fromEntries(found) });
  if (!read("first")) write("first", landing);
  if (found[0]) write("last", landing);
  return { first: parsed("first"), last: parsed("last") };
};

/** @param {string} name */
const parsed = (name) => attempt(() => JSON.parse(/** @type {string} */ (read(name))));
