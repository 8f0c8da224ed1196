"""The WhatsApp edge: what Meta delivers, what we send, and the shapes of both."""
