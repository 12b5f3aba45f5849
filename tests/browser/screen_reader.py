"""What a screen reader would say of a page, where the tab key leads, and what axe-core objects to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
MOST_STOPS = 120

_LISTEN = """() => {
    const LIVE = "[role=status], [role=alert], [role=log], [aria-live]";
    window.heard = [];
    const last = new WeakMap();
    const isSaid = (region) => {
        const how = region.getAttribute("aria-live") ?? (region.role === "alert" ? "assertive" : "polite");
        return how !== "off" && !region.closest("[aria-busy=true], [aria-hidden=true], [hidden]");
    };
    const textOf = (region) => {
        const copy = region.cloneNode(true);
        for (const part of copy.querySelectorAll("[aria-hidden=true], [hidden]")) part.remove();
        return copy.textContent.replace(/\\s+/g, " ").trim();
    };
    const say = (region) => {
        const text = textOf(region);
        if (!isSaid(region) || text === last.get(region)) return;
        last.set(region, text);
        if (text) window.heard.push(text);
    };
    new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes) {
            const region = (target.closest ? target : target.parentElement)?.closest(LIVE);
            if (region) say(region);
            for (const node of addedNodes) if (node.matches?.("[role=alert], #announcements")) say(node);
        }
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
}"""

_BEGIN = """() => {
    scrollTo(0, 0);
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
}"""

_STOP = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const shown = at.matches("[type=radio]") ? at.nextElementSibling : at;
    const { outlineStyle, outlineWidth } = getComputedStyle(shown);
    const box = shown.getBoundingClientRect();
    const label = at.getAttribute("aria-label") ?? at.labels?.[0]?.innerText ?? at.innerText;
    return {
        what: at.id || label.replace(/\\s+/g, " ").trim().slice(0, 60),
        ring: outlineStyle === "none" ? 0 : parseFloat(outlineWidth),
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    };
}"""

_SETTLE = """async () => {
    for (let frames = 0, still = 0; frames < 100 && still < 2; frames++) {
        await new Promise(requestAnimationFrame);
        const changes = document.getAnimations().filter((change) => change instanceof CSSTransition);
        await Promise.allSettled(changes.map((change) => change.finished));
        still = changes.length ? 0 : still + 1;
    }
}"""

_AXE = """async (rules) => {
    const { violations } = await axe.run(document, { runOnly: { type: "tag", values: rules } });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary: why }) => ({ id, html, why })));
}"""


def listen(page: Page) -> None:
    """Notes from the next page on all that live regions say."""
    page.add_init_script(f"({_LISTEN})()")


def heard(page: Page) -> list[str]:
    """What live regions have said since the page opened, or since this was last asked."""
    return page.evaluate("() => window.heard.splice(0)")


def tab_stops(page: Page) -> list[str]:
    """Ids, else names, of all that the tab key leads to from the beginning of the page; the focus is seen at each."""
    page.evaluate(_BEGIN)
    stops: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None or stop in stops[:1]:  # past the end, or round to the beginning
            break
        stops.append(stop)
    assert len(stops) < MOST_STOPS, "the tab key never leaves the page"
    blind = [stop for stop in stops if stop["ring"] < 2 or not stop["seen"]]
    assert not blind, f"focus that nobody sees: {blind}"
    return [stop["what"] for stop in stops]


def assert_no_violations(page: Page) -> None:
    """axe-core finds nothing against WCAG 2.2 AA, in light colours nor in dark ones."""
    if not AXE.exists():
        pytest.skip(f"no {AXE}: npm ci in web/")
    page.evaluate(AXE.read_text())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(_SETTLE)
        found = page.evaluate(_AXE, list(RULES))
        assert not found, (scheme, found)
    page.emulate_media(color_scheme="light")
