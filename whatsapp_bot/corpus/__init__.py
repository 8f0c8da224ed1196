"""Any corpus: rows of a file -> texts -> vectors -> an array or a table."""
