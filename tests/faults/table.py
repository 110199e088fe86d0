"""Print the fault matrix as a Markdown table: `python -m tests.faults.table`."""

import tempfile
from pathlib import Path

import pytest

from tests.faults.shapes import FORMS, Fault, Form
from tests.faults.test_matrix import FAULTS
from tests.running import rows


def main() -> None:
    """Meet every fault in every form, and say what happened."""
    print(f"| fault | {' | '.join(FORMS)} |")
    print("|---|" + "---|" * len(FORMS))
    for fault in FAULTS:
        print(f"| {fault.name} | {' | '.join(cell(fault, form) for form in FORMS)} |")


def cell(fault: Fault, form: Form) -> str:
    """The exit status, the rows of the history (in a chat one a turn), and what stdout got."""
    if form not in fault.came:
        return f"– ({fault.without[form]})"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            ran = fault.met(form, home)
        except pytest.skip.Exception as reason:
            return str(reason)
        kept = ", ".join(f"{row['status']}{_because(row['error_type'])}" for row in rows(home))
        status = ran.status if ran.status >= 0 else 128 - ran.status
        return f"{status}: {kept or 'no row'}" + (f"; {len(ran.out)} bytes" if ran.out else "")


def _because(error: str | None) -> str:
    return f" ({error})" if error not in (None, "interrupted") else ""


if __name__ == "__main__":
    main()
