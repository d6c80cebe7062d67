"""Marking: a folder of returned notebooks becomes marks, feedback and a report of the class.

Notebooks are run in a process of their own, closed in by the system, that knows nothing of the
answers (:mod:`inside`); what they give back is compared here, outside, in the same way as ``check``.
"""
