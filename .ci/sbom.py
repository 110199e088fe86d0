"""Write .ci/avow.cdx.json, the bill of materials that goes into the wheel (PEP 770): python .ci/sbom.py

CycloneDX 1.6: avow itself, and what it declares to need. Nothing is bundled, so versions are the ranges that
pyproject.toml allows; what was installed in the end is for the installer to say.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TARGET = Path(__file__).with_name("avow.cdx.json")


def bill() -> dict[str, Any]:
    """The document, the same each time."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = re.search(r'__version__ = "(.+)"', (ROOT / "src" / "avow" / "__init__.py").read_text(encoding="utf-8"))
    assert found
    own = f"pkg:pypi/avow@{found[1]}"
    needed = [_component(requirement) for requirement in sorted(project["dependencies"])]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "avow",
                "version": found[1],
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
                "purl": own,
            }
        },
        "components": needed,
        "dependencies": [{"ref": own, "dependsOn": [one["bom-ref"] for one in needed]}],
    }


def _component(requirement: str) -> dict[str, Any]:
    parts = re.fullmatch(r"([A-Za-z0-9_.-]+)(.*)", requirement)
    assert parts
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', parts[1]).lower()}"
    allowed = {"name": "avow:allowed-versions", "value": parts[2].strip() or "any"}
    return {"type": "library", "bom-ref": purl, "name": parts[1], "purl": purl, "properties": [allowed]}


def text() -> str:
    """As it stands in the file."""
    return json.dumps(bill(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
