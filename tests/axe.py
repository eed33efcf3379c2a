"""What axe-core finds on a page, shadow roots included; it comes with a Python package, not from the network."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
_RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.flat().join(" ")} ${node.failureSummary}`))"""


def serious(page: Page) -> list[str]:
    """The serious and critical violations, each as a line: the rule, where, and what is wrong."""
    page.evaluate(_AXE)
    found: list[str] = page.evaluate(_RUN)
    return [" ".join(line.split()) for line in found]
