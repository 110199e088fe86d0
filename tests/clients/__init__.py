"""Real clients, driven through `avow proxy`."""

import pytest

pytest.register_assert_rewrite("tests.clients.beside")
