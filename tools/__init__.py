"""What maintainers run: the notebook pipeline, the making of exercises, the instructors' pages."""
