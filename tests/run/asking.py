"""Runs a file of prompts against a stand-in that answers each as it says."""

import json
from pathlib import Path
from typing import Any

from tests.run.stand_in import Said, StandIn, answered, failed, refused
from tests.running import Ran, run

OTHER = "claude-opus-4-8"


def by_prompt(prompt: str) -> Said:
    """What the prompt itself says to do."""
    match prompt.partition(" ")[0]:
        case "refused":
            return refused()
        case "other":
            return answered(model=OTHER)
        case "broken":
            return failed(400, "invalid_request_error")
        case "slow":
            return answered(seconds=0.3)
        case "401":
            return failed(401, "authentication_error")
    return answered(f"answer to {prompt}")


def asked(home: Path, *arguments: str, stdin: bytes | None = None) -> tuple[Ran, list[str]]:
    with StandIn(by_prompt) as api:
        ran = run(home, "run", *arguments, base_url=api.base_url, stdin=stdin)
        return ran, api.asked


def file(home: Path, *lines: Any, name: str = "f.jsonl") -> str:
    path = home / name
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return str(path)
