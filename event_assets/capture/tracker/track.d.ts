/**
 * What pages call: `ea("track", "add_to_cart", {product_id: "p-1", quantity: 2})`.
 * Calls made before the script is there are kept by the snippet, with their time.
 */
export interface EventAssets {
  /** Something happened; the id of the event, unless the script is still to come. */
  (call: "track", eventType: string, properties?: object, fields?: EventFields): string | undefined;
  /** A page is shown; of itself the tracker says so at each load and each change of the address. */
  (call: "page", properties?: object): string | undefined;
  /** Who is signed in, for this and all later pages. */
  (call: "identify", userId: string): void;
  /** Nobody is signed in any more; a new session begins. */
  (call: "reset"): void;
  /** Kept for later pages. While it is denied no id is sent, and none is stored. */
  (call: "consent", given: Consent): void;
  /** Calls from before the script was there. */
  q?: EarlyCall[];
  /** Set by the script: it runs once a page. */
  isLoaded?: boolean;
}

export type Consent = "granted" | "denied";
export type EarlyCall = [time: number, call: string, ...values: unknown[]];

/** What a call may say of its event besides properties, in place of what the tracker would say. */
export interface EventFields {
  event_id?: string;
  event_version?: string;
  anonymous_id?: string;
  user_id?: string;
  page_url?: string;
  page_title?: string;
  referrer?: string;
  context?: object;
}

/** An event as it is sent; times are milliseconds since 1970 by the browser's clock. */
export interface TrackedEvent extends EventFields {
  event_type: string;
  event_id: string;
  timestamp: number;
  session_id?: string;
  consent?: string;
  properties?: object;
}

declare global {
  interface Window {
    ea?: EventAssets;
  }
  interface Navigator {
    globalPrivacyControl?: boolean;
  }
  interface Document {
    prerendering?: boolean;
  }
}
