"""What maintainers run: notebooks, exercises, the instructors' pages, the digit reader."""
