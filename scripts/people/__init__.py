"""People who do not exist: their looks, what they perform, and how they are rendered."""
