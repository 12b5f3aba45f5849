// The address of every view: what is shown, and at which moment, stands in the query string.

export type Page = "dialogues" | "clips" | "statistics" | "map";

export interface Filters {
  q: string;
  channel: string;
  participant: string;
  split: string;
  language: string;
  min_s: string;
  max_s: string;
  min_words: string;
  max_words: string;
  harmful: string;
  sort: string;
  descending: string;
  offset: string;
}

export type Route =
  | { page: "dialogues"; filters: Filters }
  | { page: "dialogue"; id: string; t: number }
  | { page: "clips"; verdict: string; offset: number }
  | { page: "statistics" }
  | { page: "map" };

export const NO_FILTERS: Filters = {
  q: "",
  channel: "",
  participant: "",
  split: "",
  language: "",
  min_s: "",
  max_s: "",
  min_words: "",
  max_words: "",
  harmful: "",
  sort: "",
  descending: "",
  offset: "",
};
const LONGEST = 200;

/** The view that a query string stands for; what makes no sense is left out. */
export function parse(search: string): Route {
  const query = new URLSearchParams(search);
  const text = (name: string): string => (query.get(name) ?? "").slice(0, LONGEST);
  const id = text("dialogue");
  if (id) return { page: "dialogue", id, t: count(text("t")) };
  const page = text("page");
  if (page === "clips") return { page, verdict: text("verdict"), offset: Math.floor(count(text("offset"))) };
  if (page === "statistics" || page === "map") return { page };
  const names = Object.keys(NO_FILTERS) as (keyof Filters)[];
  return {
    page: "dialogues",
    filters: Object.fromEntries(names.map((name) => [name, text(name)])) as unknown as Filters,
  };
}

/** The address of a view, from the page's own path on. */
export function format(route: Route): string {
  const query = new URLSearchParams();
  const put = (name: string, value: string | number): void => {
    if (value !== "" && value !== 0) query.set(name, String(value));
  };
  if (route.page === "dialogue") {
    put("dialogue", route.id);
    put("t", round(route.t));
  } else {
    if (route.page !== "dialogues") put("page", route.page);
    if (route.page === "dialogues") for (const [name, value] of Object.entries(route.filters)) put(name, value);
    if (route.page === "clips") {
      put("verdict", route.verdict);
      put("offset", route.offset);
    }
  }
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

/** Seconds as m:ss or h:mm:ss. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Seconds as people say them. */
export function spokenTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [m, s] = [Math.floor(whole / 60), whole % 60];
  const of = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? "" : "s"}`;
  return m ? `${of(m, "minute")} ${of(s, "second")}` : of(s, "second");
}

function count(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
