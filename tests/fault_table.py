"""Print the fault matrix as a Markdown table: `python -m tests.fault_table`."""

import tempfile
from pathlib import Path

from tests.fault_cases import CASES, FORMS
from tests.running import row
from tests.test_faults import survive


def main() -> None:
    """Survive every fault in every form, and say what happened."""
    print(f"| fault | {' | '.join(FORMS)} |")
    print("|---|" + "---|" * len(FORMS))
    for case in CASES:
        cells = []
        for form in FORMS:
            with tempfile.TemporaryDirectory() as folder:
                ran = survive(case, form, Path(folder))
                kept = row(Path(folder))
                cells.append(f"exit {ran.status}, {kept['status']} ({kept['error_type']}), {len(ran.out)} bytes shown")
        print(f"| {case.name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
