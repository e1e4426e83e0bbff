"""Looking at a page as people do: wide, narrow, in the dark, and with a screen reader's rules (axe)."""

from pathlib import Path
from typing import Literal

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}

RULES = """
    async (rules) => {
        const options = {resultTypes: ["violations"]};
        if (rules.length) options.runOnly = rules;
        const found = (await axe.run(document, options)).violations;
        return found.map(
            (one) => one.id + ": " + one.nodes.map((node) => node.html.slice(0, 160)).join(" | "));
    }
"""

EVERY: tuple[str, ...] = ()
OF_COLOURS = ("color-contrast", "link-in-text-block")
"""What may be otherwise in the dark: it changes colours and nothing else."""

TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


async def check(page: Page) -> None:
    """Assert that axe finds nothing, in the light, in the dark and narrow, and nothing is cut off."""
    # As a tool of the browser's, not as a part of the page: its policy allows no script but ours.
    await page.evaluate(AXE.read_text())
    for size, scheme, rules in (
        (WIDE, "light", EVERY),
        (WIDE, "dark", OF_COLOURS),
        (NARROW, "light", EVERY),
    ):
        await look(page, size, "dark" if scheme == "dark" else "light")
        found = await page.evaluate(RULES, list(rules))
        assert not found, (page.url, scheme, size["width"], found)
        assert not await page.evaluate(TOO_WIDE), (page.url, size["width"], "wider than the window")
    await look(page, WIDE, "light")


async def look(page: Page, size: dict[str, int], scheme: Literal["light", "dark"]) -> None:
    """Change the window."""
    await page.set_viewport_size({"width": size["width"], "height": size["height"]})
    # Else a dialog that is still fading in has too little contrast.
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
