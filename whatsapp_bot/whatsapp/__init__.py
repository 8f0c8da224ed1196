"""The edge to WhatsApp: what comes in, what goes out, and within which limits."""
