// Builds pages from elements and text: whatever comes from outside becomes text, never markup.

export type Child = Node | string | number | null | undefined | false;
type Listeners = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
type Value = string | number | boolean | null | undefined;

export interface Props {
  class?: string;
  /** Attributes `aria-...` by what follows the dash. */
  aria?: Record<string, Value>;
  /** Attributes `data-...` by what follows the dash. */
  data?: Record<string, Value>;
  on?: Listeners;
  [attribute: string]: Value | Record<string, Value> | Listeners;
}

const LINKS = new Set(["href", "src", "action", "formaction", "poster", "xlink:href"]);
const FORBIDDEN = new Set(["style", "srcdoc"]);

/** A new element; `true` sets an empty attribute, `false`, null and undefined leave it out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") listen(made, value as Listeners);
    else if (name === "aria" || name === "data") {
      for (const [key, part] of Object.entries(value as Record<string, Value>))
        set(made, `${name}-${key}`, name === "aria" ? told(part) : part);
    } else set(made, name, value as Value);
  }
  made.append(...children.filter(isShown).map(asContent));
  return made;
}

/** The element that the page's HTML promises under this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element "${id}"`);
  return found as T;
}

/** Puts these children in place of those there are. */
export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren(...children.filter(isShown).map(asContent));
}

/** An address of the web or of this site, else null: no script, no file, no data. */
export function safeLink(address: string): string | null {
  try {
    const url = new URL(address, location.href);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Calls `action` once, when no further call has come for `wait_ms`. */
export function later<A extends unknown[]>(wait_ms: number, action: (...args: A) => void): (...args: A) => void {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => action(...args), wait_ms);
  };
}

/** Whether the user asked the system for less movement. */
export function prefersStillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Says something to screen readers without moving the focus; the page needs no element for it. */
export function announce(text: string): void {
  let region = document.getElementById("announcements");
  if (!region) {
    region = el("div", { id: "announcements", class: "unseen", role: "status", aria: { live: "polite" } });
    document.body.append(region);
  }
  region.textContent = text;
}

function set(element: HTMLElement, name: string, value: Value): void {
  if (value === null || value === undefined || value === false) return;
  if (FORBIDDEN.has(name) || name.startsWith("on")) throw new Error(`the attribute "${name}" may not be set from code`);
  if (LINKS.has(name) && !String(value).startsWith("blob:") && safeLink(String(value)) === null) return;
  element.setAttribute(name, value === true ? "" : String(value));
}

function told(value: Value): Value {
  return typeof value === "boolean" ? String(value) : value;
}

function listen(element: HTMLElement, listeners: Listeners): void {
  for (const [name, action] of Object.entries(listeners)) element.addEventListener(name, action as EventListener);
}

function isShown(child: Child): child is Node | string | number {
  return child !== null && child !== undefined && child !== false;
}

function asContent(child: Node | string | number): Node | string {
  return child instanceof Node ? child : String(child);
}
