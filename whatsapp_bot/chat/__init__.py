"""A chat model gives structured answers about what strangers wrote: one question at a time."""
