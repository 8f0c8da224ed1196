"""Whatever a chat model may put where a value belongs."""

from __future__ import annotations

from hypothesis import strategies as st

ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
