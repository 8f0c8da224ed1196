"""What people write -> what they mean: rules, tables and nothing else; pure."""

from __future__ import annotations
