"""Meta's shapes with places missing or odd."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.loopback import meta_shapes as shapes
from tests.loopback.meta_shapes import body_of, text, value_of

ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters()),
    st.just("\ud800 half"),
    st.just("nul \0 nul"),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, (dict, list)):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from places_of(value[key], (*path, key))


SENTENCES = ("Does it come in red?", "no id", "no phone", "no contacts", "both")
SHAPES = [json.loads(body_of(value)) for value in shapes.EVERY_VALUE]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A shape in which up to three places are missing or odd."""
    shape = copy.deepcopy(draw(st.sampled_from(SHAPES)))
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(list(places_of(shape))))
        parent = shape
        for key in above:
            parent = parent[key]
        if draw(st.booleans()):
            del parent[last]
        else:
            parent[last] = draw(ODD)
        if not any(places_of(shape)):
            break
    return shape


def with_one_beside(shape: Any, wamid: str) -> bytes:
    """A delivery of it and of a sound message."""
    beside = {"value": value_of(messages=[text("beside", wamid=wamid)])}
    entries = shape.get("entry")
    known = entries if isinstance(entries, list) else [entries]
    return json.dumps({"entry": [*known, {"changes": [beside]}]}).encode()
