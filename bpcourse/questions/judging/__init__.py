"""How an answer is judged: run, compared with the right results, and the difference described."""
