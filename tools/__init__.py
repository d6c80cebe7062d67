"""What maintainers run: notebooks, exercises, the instructors' pages, the digit reader."""

import sys

# nbformat knows the syntax of web addresses by a package that takes two seconds to import, in each
# process. Where it is missing they are not looked at; and no field of a notebook is one.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
