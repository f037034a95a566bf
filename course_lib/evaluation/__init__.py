"""How well models predict and how near their sounds come to real ones."""
