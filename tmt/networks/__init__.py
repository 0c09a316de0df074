"""The networks: tensors in, tensors out. Nothing here knows of heads, clips or files other than its own weights."""
