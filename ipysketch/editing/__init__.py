"""From gestures to operations: tools, styles, the selection. Pure."""
