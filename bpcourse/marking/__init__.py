"""Marking: a folder of returned notebooks becomes marks, feedback and a report of the class.

Notebooks run in a process of their own, shut in by the system, that knows nothing of the answers
(:mod:`inside`). What they give back is judged here, outside, in the same way as by ``check``.
"""
