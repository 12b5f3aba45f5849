// Small drawings of what stands behind each card, as lines in the colours of the page.

const SPACE = "http://www.w3.org/2000/svg";

type Shape = [tag: "path" | "circle" | "rect", attributes: Record<string, string>];

/** Somebody from the chest up, around a middle of (x, y). */
const person = (x: number, y: number, colour: string): Shape[] => [
  ["circle", { cx: `${x}`, cy: `${y}`, r: "17", class: colour }],
  ["path", { d: `M${x - 34} ${y + 52}c0-22 14-30 34-30s34 8 34 30z`, class: colour }],
];

const wave = (y: number, colour: string): Shape => [
  "path", { d: `M96 ${y}q10-16 20 0t20 0 20 0 20 0 20 0`, class: `line ${colour}` },
];

const DRAWINGS: Readonly<Record<string, Shape[]>> = {
  chat: [
    ...person(70, 56, "a"),
    [
      "path",
      { d: "M122 30h74a10 10 0 0 1 10 10v24a10 10 0 0 1-10 10h-56l-16 14v-14h-2a10 10 0 0 1-10-10V40a10 10 0 0 1 10-10z", class: "bubble" },
    ],
    ["circle", { cx: "144", cy: "52", r: "4", class: "a" }],
    ["circle", { cx: "160", cy: "52", r: "4", class: "a" }],
    ["circle", { cx: "176", cy: "52", r: "4", class: "a" }],
  ],
  viewer: [
    ...person(66, 46, "a"), ...person(174, 46, "b"),
    ["rect", { x: "30", y: "110", width: "180", height: "3", rx: "1.5", class: "rail" }],
    ["circle", { cx: "128", cy: "111.5", r: "6", class: "ink" }],
  ],
  study: [
    ["rect", { x: "24", y: "18", width: "88", height: "72", rx: "10", class: "bubble" }],
    ["rect", { x: "128", y: "18", width: "88", height: "72", rx: "10", class: "bubble" }],
    ["circle", { cx: "68", cy: "48", r: "14", class: "a" }],
    ["circle", { cx: "172", cy: "48", r: "14", class: "b" }],
    ["path", { d: "M44 90c2-16 12-22 24-22s22 6 24 22z", class: "a" }],
    ["path", { d: "M148 90c2-16 12-22 24-22s22 6 24 22z", class: "b" }],
    ["path", { d: "M58 108l7 7 13-14", class: "line ink" }],
  ],
};

/** The drawing of a part; a wave for one that has none. It says nothing that the text beside it does not. */
export function picture(name: string): SVGSVGElement {
  const svg = document.createElementNS(SPACE, "svg") as SVGSVGElement;
  svg.setAttribute("viewBox", "0 0 240 124");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  for (const [tag, attributes] of DRAWINGS[name] ?? [wave(56, "a"), wave(76, "b")]) {
    const shape = document.createElementNS(SPACE, tag);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    svg.append(shape);
  }
  return svg;
}
