"""Vectors and words -> ranked jobs, with reasons."""
