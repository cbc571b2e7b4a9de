"""Texts get into PromQL as what they are."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from gate.clients.prometheus import any_of, quoted


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.just('a"\\\n'))
def test_a_quoted_text_reads_as_itself(text: str) -> None:
    assert json.loads(quoted(text)) == text


names = st.text(st.sampled_from('ab.*+?()|[]{}^$\\-"ü'), min_size=1, max_size=5)


@given(st.lists(names, min_size=1, max_size=3), names)
def test_the_expression_matches_these_names_alone(wanted: list[str], other: str) -> None:
    pattern = json.loads(any_of(wanted))
    assert all(re.fullmatch(pattern, name) for name in wanted)
    assert bool(re.fullmatch(pattern, other)) == (other in wanted)
