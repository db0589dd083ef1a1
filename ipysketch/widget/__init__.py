"""The widget in the notebook. Only this package knows ipycanvas, anywidget and IPython's display."""
