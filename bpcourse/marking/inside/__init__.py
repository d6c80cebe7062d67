"""What runs inside the sandbox, beside the student's code: the standard library and NumPy alone.

Nothing in this folder is secret, and nothing that comes out of it is believed: it is data to judge.
"""
