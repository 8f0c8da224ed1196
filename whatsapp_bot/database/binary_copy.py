"""The binary format of COPY, as numpy reads and writes it."""

from __future__ import annotations

import struct

import numpy as np

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
END = struct.pack(">h", -1)


def row_type(columns: dict[str, str], dimensions: int) -> np.dtype[np.void]:
    """A row of these columns and, last, a halfvec named vector. columns: numpy types by
    name.

    Each value comes after its length in bytes, in NAME_size; a halfvec is its dimensions
    and a zero, then the halves. Most significant byte first.
    """
    sized = [
        field
        for name, type_ in columns.items()
        for field in ((f"{name}_size", ">i4"), (name, type_))
    ]
    return np.dtype(
        [
            ("columns", ">i2"),
            *sized,
            *(("vector_size", ">i4"), ("dimensions", ">i2"), ("unused", ">i2")),
            ("vector", ">f2", (dimensions,)),
        ]
    )
