"""The page behind `app.py`. Nothing else of the package imports it, and only here is Gradio known."""
